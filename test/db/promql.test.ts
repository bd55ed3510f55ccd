import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readPromqlProgress } from "#db/queries/promql.ts";
import { setClosedUntil, startProgress } from "#db/queries/rollup-progress.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { addMinutes, DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS, minuteOf } from "#lib/core/units.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease } from "#lib/engine/lease.ts";
import type { PromqlPoller } from "#lib/engine/promql/poll-promql.ts";
import { createPromqlPoller } from "#lib/engine/promql/poll-promql.ts";
import { readSloMetrics } from "#lib/read/slo/metrics.ts";
import { getSlo } from "#lib/read/slos.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { FakeClock } from "#test/support/fake-clock.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { FakePrometheus } from "#test/support/fake-prometheus.ts";
import { matrixOf, startFakePrometheus } from "#test/support/fake-prometheus.ts";
import { sampleConfig, sampleService, sampleSlo } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const NOON = Date.UTC(2026, 10, 21, 12);
const WINDOW = durationMs(2 * DAY_MS);

let db: TestDatabase;
let lease: Lease;
let clock: FakeClock;
let source: FakePrometheus;
let poller: PromqlPoller;

const values = (query: string): string => (query === "good" ? "9.5" : "10.25");
const secretBox = createSecretBox(randomBytes(32));
const newPoller = (box = secretBox) =>
  createPromqlPoller({ database: db.database, secretBox: box, clock, log: silentLogger, random: () => 1 });
const configure = (changes: { good?: string; objective?: string; token?: string } = {}) => {
  const { good = "good", objective = "99", token = "canary" } = changes;
  const server = { url: source.url, headers: {}, auth: { kind: "bearer", token } } as const;
  const slo = sampleSlo({
    id: "traffic",
    sli: { kind: "promql", source: server, good, total: "total" },
    probes: [],
    objective,
    window: { kind: "rolling", durationMs: WINDOW },
    burnRateAlerts: defaultPolicy(WINDOW, { intervalMs: durationMs(0) }),
  });
  const services = [sampleService({ slos: [slo] })];
  const config = sampleConfig({ services, egress: { allow: ["127.0.0.0/8"] } });
  return db.database.transaction((tx) => applyConfig(tx, { config, now: clock.now(), secretBox }));
};
const minuteAt = (at: number): EpochMinute => minuteOf(epochMs(at));
const run = () => poller.runOnce(lease, new AbortController().signal);
/** Polls until nothing is due, and tells what changed. */
const catchUp = async (): Promise<EpochMinute[]> => {
  const changed: EpochMinute[] = [];
  for (let more = true; more; ) {
    const result = await run();
    changed.push(...result.changed);
    more = result.hasMore;
  }
  return changed;
};
const stored = async (version = 1) => {
  const [fromAt, toAt] = [epochMs(0), epochMs(NOON + DAY_MS)];
  const hours = await db.database.read((sql) => readSliHours(sql, [{ sloId: "traffic", version, fromAt, toAt }]));
  const sum = (pick: (hour: (typeof hours)[number]) => readonly number[]) =>
    hours.flatMap(pick).reduce((total, count) => total + count, 0);
  return { hours, good: sum((h) => h.good), total: sum((h) => h.total), expected: sum((h) => h.expected) };
};
const progress = async () => (await db.database.read((sql) => readPromqlProgress(sql, null)))[0];

beforeEach(async () => {
  db = await testDatabase();
  clock = createFakeClock(NOON + 30 * MINUTE_MS + 46_000);
  source = await startFakePrometheus(values);
  const taken = await acquireLease(db.database, { name: "engine", holder: "a", ttlMs: 600_000 });
  if (taken === null) throw new Error("the lease is taken");
  lease = taken;
  poller = newPoller();
  await configure();
});
afterEach(async () => {
  await source.close();
  await db.drop();
});

describe("PromQL SLOs", () => {
  test("live minutes come first, then the whole window is filled, and a second round asks nothing", async () => {
    const first = await run();
    expect(first.hasMore).toBe(true);
    expect(Math.min(...first.changed)).toBe(minuteAt(NOON));
    expect(Math.max(...first.changed)).toBe(minuteAt(NOON + 29 * MINUTE_MS));
    await catchUp();
    const polled = (await progress())?.polled;
    expect(polled?.until).toBe(minuteAt(NOON + 30 * MINUTE_MS));
    expect((polled?.until ?? 0) - (polled?.from ?? 0)).toBeGreaterThanOrEqual(WINDOW / MINUTE_MS);
    const asked = source.questions.length;
    expect(asked).toBeLessThanOrEqual(8);
    expect(source.questions.every((each) => each.authorization === "Bearer canary" && each.step === 60)).toBe(true);
    expect(await run()).toEqual({ changed: [], hasMore: false });
    expect(source.questions).toHaveLength(asked);
  });

  test("fractions add up to the same whole numbers however they were asked for", async () => {
    await catchUp();
    for (let minute = 0; minute < 30; minute += 7) {
      await clock.advance(7 * MINUTE_MS);
      await catchUp();
    }
    const inSteps = (await stored()).hours.find((hour) => hour.hourAt === NOON);
    expect(inSteps?.good.reduce((a, b) => a + b, 0)).toBe(60 * 9.5);
    expect(inSteps?.total.reduce((a, b) => a + b, 0)).toBe(60 * 10.25);
  });

  test("minutes that were missed are filled in, and only what changed is told", async () => {
    await catchUp();
    await clock.advance(3 * HOUR_MS);
    const changed = await catchUp();
    expect(changed).toHaveLength(180);
    await clock.advance(MINUTE_MS);
    expect(await catchUp()).toEqual([minuteAt(NOON + 210 * MINUTE_MS)]);
  });

  test("a late sample corrects its minute", async () => {
    let isLate = true;
    const hole = NOON / 1_000 + 29 * 60;
    source.answerWith((question, response) => {
      response.end(matrixOf(question, (query, at) => (isLate && at === hole ? null : values(query))));
    });
    await catchUp();
    const before = (await stored()).hours.find((hour) => hour.hourAt === NOON);
    expect([before?.total[28], before?.expected[28]]).toEqual([0, before?.total[27]]);
    isLate = false;
    await clock.advance(MINUTE_MS);
    expect(await catchUp()).toContain(minuteAt(NOON + 28 * MINUTE_MS));
    expect((await stored()).hours.find((hour) => hour.hourAt === NOON)?.total[28]).toBeGreaterThan(0);
  });

  test.each([
    { name: "a web page", status: 200, body: "<html>it works</html>", says: "not an answer of a Prometheus" },
    {
      name: "an error with status 200",
      status: 200,
      body: '{"status":"error","errorType":"bad_data","error":"no"}',
      says: "bad_data: no",
    },
    {
      name: "a refused query",
      status: 400,
      body: '{"status":"error","errorType":"bad_data","error":"parse error"}',
      says: "good: the server answers with an error: bad_data: parse error",
    },
    {
      name: "a vector",
      status: 200,
      body: '{"status":"success","data":{"resultType":"vector","result":[]}}',
      says: "a matrix is due, got vector",
    },
    { name: "no access", status: 403, body: "no", says: "the server answered 403" },
  ])("$name is a failing source, and firing alerts keep waiting for data", async ({ status, body, says }) => {
    await catchUp();
    source.answerWith((_question, response) => void response.writeHead(status).end(body));
    await clock.advance(2 * MINUTE_MS);
    const changed = await run();
    expect(changed.changed).toEqual([minuteAt(NOON + 30 * MINUTE_MS), minuteAt(NOON + 31 * MINUTE_MS)]);
    const now = await progress();
    expect(now).toMatchObject({ state: "failing", polled: { until: minuteAt(NOON + 30 * MINUTE_MS) } });
    expect(now?.lastError).toContain(says);
    expect(now?.lastError).not.toContain("127.0.0.1");
    const hour = (await stored()).hours.find((each) => each.hourAt === NOON);
    expect([hour?.total[31], (hour?.expected[31] ?? 0) > 0]).toEqual([0, true]);
    source.answerWith((question, response) => void response.end(matrixOf(question, values)));
    await clock.advance(2 * MINUTE_MS);
    await catchUp();
    expect(await progress()).toMatchObject({ state: "ok", lastError: null });
    expect((await stored()).hours.find((each) => each.hourAt === NOON)?.total[31]).toBeGreaterThan(0);
  });

  test("several series are an error that names the query", async () => {
    source.answerWith((question, response) => {
      response.end(matrixOf(question, values, question.query === "total" ? 2 : 1));
    });
    await run();
    const lastError = "total: one series is due, got 2: add them up with sum()";
    expect((await progress())?.lastError).toBe(lastError);
    expect((await getSlo(db.database, "traffic", epochMs(NOON))).source).toMatchObject({ state: "failing", lastError });
  });

  test("no sample is no data, zero is no events, and good above total counts as all good", async () => {
    const start = NOON / 1_000;
    source.answerWith((question, response) => {
      const answer = matrixOf(question, (query, at) => {
        if (at === start + 60) return null;
        if (at === start + 120) return "0";
        if (at === start + 180) return query === "good" ? "12" : "10";
        if (at === start + 240) return query === "good" ? null : "10";
        return at > start ? "NaN" : null;
      });
      response.end(answer);
    });
    await run();
    const hour = (await stored()).hours[0];
    expect(hour?.total.slice(0, 5)).toEqual([0, 0, 10, 0, 0]);
    expect(hour?.good.slice(0, 5)).toEqual([0, 0, 10, 0, 0]);
    expect(hour?.expected.slice(0, 5)).toEqual([0, 0, 10, 10, 10]);
    expect((await progress())?.lastError).toBe("good is above total in 1 minutes: they count as all good");
  });

  test("a server that forgets takes nothing back", async () => {
    await catchUp();
    const before = await stored();
    source.answerWith((question, response) => void response.end(matrixOf(question, () => null)));
    await db.database.transaction((tx) => tx`delete from promql_progress`);
    poller = newPoller();
    await catchUp();
    expect((await stored()).total).toBe(before.total);
  });

  test("a changed query is counted anew from the source, and a changed objective gives the same counts", async () => {
    await catchUp();
    const first = await stored();
    await configure({ objective: "99.5" });
    await catchUp();
    expect((await stored(2)).total).toBe(first.total);
    await configure({ objective: "99.5", good: "total" });
    await catchUp();
    const third = await stored(3);
    expect(third.good).toBe(third.total);
  });

  test("another token is used at once, and is no new version that would be counted anew", async () => {
    await catchUp();
    const asked = source.questions.length;
    await configure({ token: "rotated" });
    await clock.advance(MINUTE_MS);
    await catchUp();
    expect(source.questions.slice(asked).map(({ authorization }) => authorization)).toEqual([
      "Bearer rotated",
      "Bearer rotated",
    ]);
    expect((await progress())?.version).toBe(1);
  });

  test("a source whose token cannot be opened is not asked, and says why", async () => {
    poller = newPoller(createSecretBox(randomBytes(32)));
    await run();
    expect(source.questions).toEqual([]);
    expect(await progress()).toMatchObject({
      state: "failing",
      lastError: "good: its credentials were sealed with another NINES_SECRET_KEY: apply the configuration again",
    });
  });

  test("what is counted is evaluated, and stands on /metrics under the names that Sloth uses", async () => {
    await catchUp();
    const closed = minuteAt(NOON + 30 * MINUTE_MS);
    await db.database.transaction((tx) => startProgress(tx, closed));
    const evaluator = createEvaluator({ database: db.database, clock, log: silentLogger });
    await clock.advance(MINUTE_MS);
    await db.database.transaction((tx) => setClosedUntil(tx, addMinutes(closed, 1)));
    await evaluator.runEvaluateOnce(lease, { rerolled: await catchUp() });
    const text = await readSloMetrics(db.database);
    const labels = 'sloth_id="traffic",sloth_service="shop",sloth_slo="traffic"';
    const value = (name: string, more = ""): number =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${name}{${labels}${more}} `))
          ?.split(" ")
          .at(-1),
      );
    expect(value("slo:objective:ratio")).toBe(0.99);
    expect(value("slo:error_budget:ratio")).toBe(0.01);
    expect(value("slo:time_period:days")).toBe(2);
    expect(value("slo:sli_error:ratio_rate1h", ',sloth_window="1h"')).toBeCloseTo(0.75 / 10.25, 2);
    expect(value("slo:period_burn_rate:ratio")).toBeCloseTo(0.75 / 10.25 / 0.01, 1);
    const remaining = value("slo:period_error_budget_remaining:ratio");
    expect(remaining).toBeCloseTo(1 - value("slo:period_burn_rate:ratio"), 9);
    expect(text).toContain(`sloth_slo_info{${labels},sloth_mode="nines",sloth_objective="99",sloth_spec="nines/v1"`);
  });

  test("an engine that lost its lease writes nothing", async () => {
    await db.database.transaction((tx) => tx`update leases set token = token + 1`);
    await expect(run()).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect((await stored()).hours).toEqual([]);
  });
});
