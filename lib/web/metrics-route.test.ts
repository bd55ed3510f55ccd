import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { systemClock } from "#lib/runtime/clock.ts";
import { calmDay } from "#test/support/sample-snapshot.ts";
import { absentDatabase } from "#test/support/web-site.ts";
import { metricsFor, withoutServices } from "./metrics-route.ts";

const [shown, hidden] = calmDay().services.map(({ id }) => id) as [string, string];
const TEXT = [
  "# TYPE slo:objective:ratio gauge",
  `slo:objective:ratio{sloth_id="a",sloth_service="${shown}",sloth_slo="a"} 0.999`,
  `slo:objective:ratio{sloth_id="b",sloth_service="${hidden}",sloth_slo="b"} 0.99`,
  `nines_up{role="web"} 1`,
  "",
].join("\n");
const page = { ...calmDay().page, id: "main", hosts: [], audience: { kind: "public" as const }, serviceIds: [shown] };

const ask = (remoteAddress: string, headers: Record<string, string> = {}): Promise<string> => {
  const text = () => Promise.resolve(TEXT);
  const api = {
    database: absentDatabase(),
    clock: systemClock,
    findMachine: () => Promise.resolve(null),
    snapshot: () => ({ ...calmDay(), pages: [page] }),
  };
  const req = { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
  return metricsFor({ api, trustedHops: 0, collectMetrics: { text, openmetrics: text } }, req, "text");
};

test("a stranger is told nothing of services that no page for everybody shows", async () => {
  const told = [
    await ask("8.8.8.8"),
    await ask("127.0.0.1", { "x-forwarded-for": "10.0.0.1" }),
    await ask("8.8.8.8", { authorization: `Bearer nk_live_${"A".repeat(43)}` }),
  ];
  expect(told).toEqual(told.map(() => withoutServices(TEXT, new Set([hidden]))));
  expect(told[0]).toContain(`sloth_service="${shown}"`);
  expect(told[0]).toContain("nines_up");
  expect(told[0]).not.toContain(hidden);
});

test("a Prometheus in our network is told everything", async () => {
  expect(await ask("10.0.0.9")).toBe(TEXT);
  expect(await ask("::ffff:127.0.0.1")).toBe(TEXT);
});
