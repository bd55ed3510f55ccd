import { expect, test } from "vitest";
import { runF01 } from "../faults/f01-prober-killed.ts";
import { runF06 } from "../faults/f06-postgres-restarted.ts";
import { judgeF08, runF08 } from "../faults/f08-postgres-stopped.ts";
import { runF09 } from "../faults/f09-postgres-down-for-long.ts";
import { runF13 } from "../faults/f13-half-open.ts";
import { runF31 } from "../faults/f31-heavy-assertions.ts";
import { newSeed } from "../faults/rig/scenario.ts";

const seed = newSeed();

test("F01, short: a prober killed 8 times misses at most one run a kill, marked as no data, and is back within 2 seconds", async () => {
  const { faults, figures } = await runF01({ kills: 8, seed });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});

test("F06, short: Postgres restarted 3 times under load loses no run, fails no page request, and recovers within 3 seconds", {
  timeout: 240_000,
}, async () => {
  const { faults, figures } = await runF06({ restarts: 3, seed });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});

test("F08, short: Postgres stopped for 20 seconds loses no run, doubles none, and fails no page request", {
  timeout: 240_000,
}, async () => {
  expect(judgeF08(await runF08({ stopMs: 20_000, isClosedLive: false }))).toEqual([]);
});

test("F09, short: an hour of runs without Postgres stays within the spool's cap, loses no result, and is stored at 5,000 rows a second", async () => {
  const { faults, figures } = await runF09({ probes: 12, capBytes: 4 * 2 ** 20, seed });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});

test("F13, short: a line to Postgres that is dead for 15 seconds is noticed within 5, replaced, and costs no run", async () => {
  const { faults, figures } = await runF13({ deadMs: 15_000, seed });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});

test("F31, short: 200 costly answers of 500 kB at once leave the start of runs within 250 ms of their slots", async () => {
  const { faults, figures } = await runF31({ seed });
  expect(faults, JSON.stringify(figures)).toEqual([]);
});
