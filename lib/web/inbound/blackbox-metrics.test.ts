import { expect, test } from "vitest";
import type { BlackboxFacts } from "./blackbox-facts.ts";
import { blackboxText } from "./blackbox-metrics.ts";

const facts = (hopLimit: number | null): BlackboxFacts => ({
  isGood: hopLimit !== null,
  words: "ok",
  durationSeconds: 0.02,
  lookupSeconds: 0.01,
  address: "192.0.2.1",
  tls: null,
  icmp: { phases: { resolve: 0.01, rtt: 0.01, setup: 0 }, hopLimit },
});

test("the hop limit of an echo is told when there was one, and left out else", () => {
  expect(blackboxText("icmp", facts(57))).toContain("\nprobe_icmp_reply_hop_limit 57\n");
  expect(blackboxText("icmp", facts(null))).not.toContain("hop_limit");
});
