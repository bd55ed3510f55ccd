import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSlos } from "#db/queries/config.ts";
import { setClosedUntil, startProgress } from "#db/queries/rollup-progress.ts";
import { readReading } from "#db/queries/verify.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { addMinutes, addMs, DAY_MS, durationMs, epochMs, MINUTE_MS, minuteOf, SECOND_MS } from "#lib/core/units.ts";
import type { Evaluator } from "#lib/engine/evaluate.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import type { PromqlPoller } from "#lib/engine/promql/poll-promql.ts";
import { createPromqlPoller } from "#lib/engine/promql/poll-promql.ts";
import { GRACE_MS } from "#lib/engine/rollup.ts";
import type { Difference } from "#lib/engine/verify/difference.ts";
import { verifyAlerts } from "#lib/engine/verify/verify-alerts.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { FakePrometheus } from "#test/support/fake-prometheus.ts";
import { matrixOf, startFakePrometheus } from "#test/support/fake-prometheus.ts";
import { sampleConfig, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const NOON = epochMs(Date.UTC(2026, 10, 21, 12));
const WINDOW = durationMs(2 * DAY_MS);
const STEP_MS = 15 * SECOND_MS;

const secretBox = createSecretBox(randomBytes(32));
let db: TestDatabase;
let lease: Lease;
let clock: FakeClock;
let source: FakePrometheus;
let poller: PromqlPoller;
let evaluator: Evaluator;
/** Minutes after noon in which everything fails, and in which the source is away. */
let down: readonly [number, number] = [0, 0];
let away: readonly [number, number] = [0, 0];

const minute = (index: number): EpochMinute => addMinutes(minuteOf(NOON), index);
const minutesNow = (): number => (clock.now() - NOON) / MINUTE_MS;
const isWithin = ([from, until]: readonly [number, number], index: number): boolean => index >= from && index < until;

const configure = (objective = "99") => {
  const server = { url: source.url, headers: {}, auth: null };
  const slo = sampleSlo({
    id: "traffic",
    sli: { kind: "promql", source: server, good: "good", total: "total" },
    probes: [],
    objective,
    window: { kind: "rolling", durationMs: WINDOW },
    burnRateAlerts: defaultPolicy(WINDOW, { intervalMs: durationMs(0) }),
  });
  const config = sampleConfig({ services: [sampleService({ slos: [slo] })], egress: { allow: ["127.0.0.0/8"] } });
  return db.database.transaction((tx) => applyConfig(tx, { config, now: clock.now(), secretBox }));
};

/** One second of an engine: minutes are closed, sources are asked, and what is due is judged. */
const round = async (): Promise<void> => {
  const closed = minuteOf(addMs(clock.now(), -GRACE_MS));
  await db.database.transaction((tx) => setClosedUntil(tx, closed));
  const polled: EpochMinute[] = [];
  for (let more = true; more; ) {
    const result = await poller.runOnce(lease, new AbortController().signal);
    polled.push(...result.changed);
    more = result.hasMore;
  }
  for (let more = true, due = polled; more; due = []) {
    ({ hasMore: more } = await evaluator.runEvaluateOnce(lease, { rerolled: [], polled: due }));
  }
};
const runUntil = async (index: number): Promise<void> => {
  while (minutesNow() < index) {
    await clock.advance(STEP_MS);
    await round();
  }
};
const through = async (): Promise<number> =>
  ((await db.database.read((sql) => readReading(sql, "traffic")))?.through ?? Number.NaN) - minuteOf(NOON);
const alerts = () =>
  db.database.read(async (sql) => [
    ...(await sql<{ pair: string; number: number; state: string; data: boolean; fired: number }[]>`
      select pair_id as pair, number, state, has_data as data,
             extract(epoch from fired_at - ${new Date(NOON)}::timestamptz)::int / 60 as fired
        from alerts order by fired_at, pair_id, number`),
  ]);
const corrections = async (): Promise<number> =>
  (await db.database.read((sql) => sql`select 1 from sli_corrections`)).length;
const differences = async (): Promise<Difference[]> => {
  const found: Difference[] = [];
  const [slo] = await db.database.read(readSlos);
  if (slo === undefined) throw new Error("the SLO is not in force");
  const compared = await verifyAlerts(db.database, { slo, from: null, report: (each) => found.push(each) });
  expect(compared?.readings).toBe(1);
  return found;
};

beforeEach(async () => {
  [down, away] = [
    [0, 0],
    [0, 0],
  ];
  db = await testDatabase();
  clock = createFakeClock(addMs(NOON, 30 * MINUTE_MS));
  source = await startFakePrometheus(() => null);
  source.answerWith((question, response) => {
    if (isWithin(away, minutesNow())) return void response.writeHead(400).end("no");
    const valueAt = (query: string, at: number): string =>
      query === "good" && isWithin(down, at / 60 - minuteOf(NOON) - 1) ? "0" : "100";
    return void response.end(matrixOf(question, valueAt));
  });
  const taken = await acquireLease(db.database, { name: "engine", holder: "a", ttlMs: 86_400_000 });
  if (taken === null) throw new Error("the lease is taken");
  lease = taken;
  poller = createPromqlPoller({ database: db.database, secretBox, clock, log: silentLogger, random: () => 1 });
  evaluator = createEvaluator({ database: db.database, clock, log: silentLogger });
  await configure();
  await db.database.transaction((tx) => startProgress(tx, minute(30)));
});
afterEach(async () => {
  await source.close();
  await db.drop();
});

test("a minute is judged when its source was asked, 45 s after it ended, and never corrected", async () => {
  await runUntil(35.5);
  // Minute 34 is closed since 35:10 and known from 35:45 on.
  expect(await through()).toBe(33);
  await runUntil(36);
  expect(await through()).toBe(34);
  expect(await corrections()).toBe(0);
});

test("alerts of a PromQL SLO come once, with the minute that they hold from, and verify finds them right", async () => {
  down = [40, 52];
  await runUntil(70);
  const found = await alerts();
  expect(found.map(({ pair, number, state }) => [pair, number, state])).toContainEqual(["page_1h_5m", 1, "resolved"]);
  expect(found.every(({ number }) => number === 1)).toBe(true);
  // 14.4 (scaled to two days) of a budget of 1 % within an hour: known to the minute whatever came when.
  expect(found.find(({ pair }) => pair === "page_1h_5m")?.fired).toBeLessThanOrEqual(43);
  expect(await corrections()).toBe(0);
  expect(await differences()).toEqual([]);
});

test("a source that stays away is judged without data three minutes behind; what it brings later is noted", async () => {
  [down, away] = [
    [40, 60],
    [45, 56],
  ];
  await runUntil(45);
  expect((await alerts()).map(({ state }) => state)).toContain("firing");
  const before = await through();
  await runUntil(47);
  expect(await through()).toBe(before);
  await runUntil(55);
  // Minute 53 is closed by now.
  expect(await through()).toBe(50);
  const firing = (await alerts()).filter(({ pair }) => pair === "page_1h_5m");
  expect(firing).toHaveLength(1);
  expect(firing[0]?.state).toBe("firing");
  await runUntil(59);
  expect(await through()).toBeGreaterThanOrEqual(57);
  expect(await corrections()).toBeGreaterThan(0);
  await runUntil(80);
  expect((await alerts()).filter(({ pair }) => pair === "page_1h_5m")).toHaveLength(1);
  expect(await differences()).toEqual([]);
});

test("another objective waits for the past that its source is asked for again, and resolves nothing meanwhile", async () => {
  down = [32, 60];
  await runUntil(50);
  const before = await alerts();
  expect(before.some(({ state }) => state === "firing")).toBe(true);
  await configure("99.5");
  await runUntil(52);
  const after = await alerts();
  expect(after.filter(({ state }) => state === "firing").length).toBeGreaterThanOrEqual(before.length);
  expect(after.every(({ number }) => number === 1)).toBe(true);
});

test("minutes that nobody led are asked for before they are judged", async () => {
  down = [40, 70];
  await runUntil(36);
  await clock.advance(40 * MINUTE_MS);
  const closed = minuteOf(addMs(clock.now(), -GRACE_MS));
  await db.database.transaction((tx) => setClosedUntil(tx, closed));
  // The evaluator is there before the poller was.
  const idle = await evaluator.runEvaluateOnce(lease, { rerolled: [] });
  expect([idle.evaluated, idle.hasMore, await through()]).toEqual([0, false, 34]);
  await round();
  expect(await through()).toBeGreaterThanOrEqual(74);
  expect(await corrections()).toBe(0);
  expect(await differences()).toEqual([]);
});
