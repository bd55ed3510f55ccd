import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MetricsResource } from "#lib/contracts/metrics.ts";
import type { OutcomeClass, Run } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, epochMs, HOUR_MS } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { GRACE_MS, runRollupOnce } from "#lib/engine/rollup.ts";
import type { MetricsQuestion } from "#lib/read/metrics.ts";
import { getMetrics } from "#lib/read/metrics.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { quickestMs } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { startTestSite, type TestSite } from "#test/support/web-site.ts";
import { at, configure, ingest, lead, probeDefinition, run, slots } from "./slo-world.ts";

/** Two and a half days: complete days, complete hours, and minutes of an hour under way. */
const CLOSED = 2 * 1_440 + 12 * 60 + 34;
const NOW = at(CLOSED, GRACE_MS);
const url = "https://secret-target.example/path?token=hidden";
const often = probeDefinition({ id: "often", url, intervalMs: durationMs(20_000), locations: ["fra", "sel"] });
const rare = probeDefinition({ id: "rare", url, intervalMs: durationMs(60_000), locations: ["fra"] });

const CLASSES: readonly OutcomeClass[] = ["ok", "slow", "ok", "timeout", "ok", "bad_status", "ok", "skipped"];
const nth = (probeId: string, scheduledAt: EpochMs, index: number, locationId: string): Run => {
  const name = index % 11 === 0 ? (CLASSES[index % CLASSES.length] as OutcomeClass) : "ok";
  const one = run(scheduledAt, name, { probeId, locationId, ms: 5 + ((index * 7_919) % 1_500) });
  return { ...one, outcome: { ...one.outcome, httpStatus: name === "bad_status" ? 503 : 200, bytesRead: 100 } };
};
const runsOf = (probe: typeof often, until: number): Run[] =>
  probe.locations.flatMap((locationId, place) =>
    slots(probe, 0, until)
      // An hour without any run: a gap.
      .filter((slot) => slot < at(600) || slot >= at(660))
      .map((slot, index) => nth(probe.id, slot, index * 2 + place, locationId)),
  );
const runs = [...runsOf(often, CLOSED), ...runsOf(rare, CLOSED)];

let world: TestDatabase;
let lease: Lease;
let site: TestSite;
const roll = async (): Promise<void> => {
  for (let rounds = 0; rounds < 300; rounds += 1)
    if (!(await runRollupOnce({ database: world.database, lease, now: NOW, log: silentLogger })).hasMore) return;
  throw new Error("the rollup does not come to an end");
};
beforeAll(async () => {
  world = await testDatabase();
  lease = await lead(world.database);
  await configure(world.database, { locations: ["fra", "sel"], probes: [often, rare], slos: [] });
  const sorted = [...runs].sort((a, b) => a.scheduledAt - b.scheduledAt);
  for (let from = 0; from < sorted.length; from += 3_000)
    await ingest(world.database, sorted.slice(from, from + 3_000), NOW);
  await roll();
  site = await startTestSite({ database: world.database });
});
afterAll(async () => {
  await site.stop();
  await world.drop();
});

const ask = (question: MetricsQuestion) => getMetrics(world.database, question, NOW);
const isGood = ({ outcome }: Run): boolean => outcome.class === "ok" || outcome.class === "slow";
/** The same from raw runs. */
const expected = (probe: string, from: number, to: number, location?: string) => {
  const of = runs.filter(
    (one) =>
      one.probeId === probe &&
      one.scheduledAt >= from &&
      one.scheduledAt < to &&
      (location ?? one.locationId) === one.locationId,
  );
  const sorted = of
    .filter(isGood)
    .map(({ outcome }) => outcome.durationUs / 1_000)
    .sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  const unvoted = of.filter(({ outcome }) => outcome.class === "skipped").length;
  return {
    total: of.length,
    errors: of.length - sorted.length - unvoted,
    unvoted,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
  };
};

describe("metrics of a probe", () => {
  test.each([
    {
      name: "minutes with histograms",
      probe: "often",
      step: "5m",
      from: at(0),
      to: at(1_440),
      source: ["minutes", "histograms"],
    },
    {
      name: "minutes from raw runs",
      probe: "rare",
      step: "15m",
      from: at(0),
      to: at(CLOSED),
      source: ["minutes", "runs"],
    },
    { name: "hours", probe: "often", step: "1h", from: at(0), to: at(CLOSED), source: ["hours", "histograms"] },
    {
      name: "several hours of one location",
      probe: "often",
      step: "7h",
      from: at(0),
      to: at(CLOSED),
      location: "sel",
      source: ["hours", "histograms"],
    },
    {
      name: "days, the last one under way",
      probe: "rare",
      step: "1d",
      from: at(0),
      to: at(CLOSED),
      source: ["days", "histograms"],
    },
  ])("$name say what the raw runs say", async ({ probe, step, from, to, location, source }) => {
    const answer = await ask({ probe, step, from, to, location });
    expect(MetricsResource.parse(answer)).toEqual(answer);
    expect([answer.source.counts, answer.source.durations]).toEqual(source);
    expect(answer.source.maxRelativeError).toBeLessThanOrEqual(0.02);
    const stepMs = Date.parse(answer.points[1]?.at ?? "") - Date.parse(answer.points[0]?.at ?? "");
    for (const point of answer.points) {
      const start = Date.parse(point.at);
      const raw = expected(probe, start, start + stepMs, location);
      expect({ total: point.total, errors: point.errors, unvoted: point.unvoted }, point.at).toEqual({
        total: raw.total,
        errors: raw.errors,
        unvoted: raw.unvoted,
      });
      expect(Object.values(point.byClass).reduce((sum, count) => sum + count, 0)).toBe(raw.total);
      expect(point.bytesRead).toBe(raw.total * 100);
      for (const name of ["p50", "p95", "p99"] as const) {
        if (raw[name] === null) expect(point.durationMs[name]).toBeNull();
        else {
          const off = Math.abs((point.durationMs[name] as number) - raw[name]) / raw[name];
          expect(off).toBeLessThanOrEqual(answer.source.maxRelativeError + 1e-6);
        }
      }
    }
  });

  test("a gap is null and not zero, and the rate is per second of what is closed", async () => {
    const { points } = await ask({ probe: "often", step: "1h", from: at(540), to: at(720), location: "fra" });
    expect(points.map(({ total, rate, errorRatio }) => [total, rate, errorRatio === null])).toEqual([
      [180, 0.05, false],
      [0, null, true],
      [180, 0.05, false],
    ]);
    expect(points[1]?.durationMs).toEqual({ mean: null, p50: null, p95: null, p99: null });
    const open = await ask({ probe: "often", step: "1h", from: at(CLOSED - 34), to: at(CLOSED + 60), location: "fra" });
    expect(open.points.map(({ rate }) => rate)).toEqual([0.05, null]);
    expect(open.dataUntil).toBe(new Date(at(CLOSED)).toISOString());
  });

  test("while hours and days wait to be made anew the answer is the same", async () => {
    const questions = ["1h", "6h", "1d"].map((step) => ({ probe: "often", step, from: at(0), to: at(CLOSED) }));
    const before = await Promise.all(questions.map(ask));
    await world.database.transaction(async (tx) => {
      await tx`insert into dirty_hours select generate_series(${new Date(at(0))}::timestamptz, ${new Date(at(1_500))}::timestamptz, '1 hour') on conflict do nothing`;
      await tx`insert into dirty_days select ${new Date(at(0))}::timestamptz on conflict do nothing`;
      await tx`update buckets_hourly set total = total + 1, good = good + 1 where hour < ${new Date(at(1_500))}`;
      await tx`update buckets_daily set total = total + 1, good = good + 1 where day = ${new Date(at(0))}`;
    });
    expect(await Promise.all(questions.map(ask))).toEqual(before);
    await roll();
    expect(await Promise.all(questions.map(ask))).toEqual(before);
  });

  test("it is answered from indexes: a question of one probe does not read the others", async () => {
    const askRare = () => ask({ probe: "rare", step: "15m", from: at(0), to: at(CLOSED) });
    expect(await quickestMs(2_000, askRare)).toBeLessThan(2_000);
  });
});

describe("GET /v1/metrics", () => {
  const get = async (query: string) => {
    const answer = await fetch(`${site.url}/v1/metrics?${query}`);
    return { status: answer.status, text: await answer.text() };
  };
  const span = `from=${new Date(at(0)).toISOString()}&to=${new Date(at(1_440)).toISOString()}`;

  test("answers as its schema says, and names no address", async () => {
    const { status, text } = await get(`probe=rare&${span}&step=1h`);
    expect(status).toBe(200);
    const body = MetricsResource.parse(JSON.parse(text));
    expect(body.points).toHaveLength(24);
    expect(body.points[0]?.total).toBe(60);
    expect(text).not.toMatch(/secret-target|hidden|192\.0\.2/);
  });

  test.each([
    ["no probe", `${span}&step=1h`, 400, "probe"],
    ["an unknown parameter", `probe=rare&${span}&steps=1h`, 400, "steps"],
    ["a parameter twice", `probe=rare&probe=often`, 400, "probe"],
    ["an instant that is none", "probe=rare&from=yesterday", 400, "from"],
    ["a local time", "probe=rare&from=2026-11-03T14:00:00", 400, "from"],
    ["a step that does not divide an hour", `probe=rare&${span}&step=7m`, 400, "step"],
    ["too many points", `probe=rare&${span.replace("2026-11-02", "2026-10-01")}&step=1m`, 400, "step"],
    ["an end before the start", "probe=rare&from=2026-11-03T14:00:00Z&to=2026-11-03T13:00:00Z&step=1m", 400, "from"],
    ["a probe that there is not", `probe=nothing&${span}`, 404, "probe"],
    ["a location where it does not run", `probe=rare&location=sel&${span}`, 404, "location"],
  ])("%s is refused and named", async (_name, query, status, named) => {
    const answer = await get(query);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(named);
    expect(JSON.parse(answer.text)).toMatchObject({ status });
  });
});

test("the last minute of an answer is the last one that is closed", async () => {
  const { points } = await ask({ probe: "often", step: "1m", from: at(CLOSED - 2), to: addMs(NOW, HOUR_MS / 60) });
  expect(points.map(({ total }) => total)).toEqual([6, 6, 0, 0]);
  expect(epochMs(Date.parse(points[2]?.at ?? ""))).toBe(at(CLOSED));
});
