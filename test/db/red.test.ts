import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { bucketIndexOf, decodeHistogram, histogramOf, quantilesOf } from "#lib/core/histogram.ts";
import type { OutcomeClass, Run } from "#lib/core/outcome.ts";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import { familyOfStatus } from "#lib/core/red.ts";
import { DAY_MS, durationMs, HOUR_MS } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { runRetainOnce } from "#lib/engine/retain.ts";
import { GRACE_MS, runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, configure, ingest, lead, probeDefinition, run, slots } from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let lease: Lease;
beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
  lease = await lead(database);
});
afterEach(() => world.drop());

const rollUntilDone = async (minutes: number): Promise<void> => {
  for (let rounds = 0; rounds < 200; rounds += 1) {
    const { hasMore } = await runRollupOnce({ database, lease, now: at(minutes, GRACE_MS), log: silentLogger });
    if (!hasMore) return;
  }
  throw new Error("the rollup does not come to an end");
};

const STATUSES = [200, 204, 302, 404, 401, 403, 429, 500, null];
/** A run whose every number follows from its index. */
const nth = (scheduledAt: number, index: number, locationId: string): Run => {
  const name = (index % 5 === 0 ? OUTCOME_CLASSES[index % OUTCOME_CLASSES.length] : "ok") as OutcomeClass;
  const one = run(scheduledAt as Parameters<typeof run>[0], name, { locationId, ms: 20 + ((index * 7_919) % 900) });
  const httpStatus = STATUSES[index % STATUSES.length] as number | null;
  return { ...one, outcome: { ...one.outcome, httpStatus, bytesRead: index % 4_000 } };
};

type LevelRow = {
  start: Date;
  location: string;
  total: number;
  good: number;
  bad: number;
  unvoted: number;
  us: number;
  bytes: number;
  statuses: number[];
  by_class: Record<string, number> | null;
  histogram: Uint8Array | null;
};
const rowsOf = (table: "buckets" | "buckets_hourly" | "buckets_daily", column: "minute" | "hour" | "day") =>
  database.read((db) =>
    db<LevelRow[]>`
      select ${db(column)} as start, l.id as location, total, good, bad, unvoted, duration_sum_us::float8 as us,
             bytes_read::float8 as bytes, by_class, histogram,
             array[status_2xx, status_3xx, status_4xx, status_5xx, status_401_403, status_429] as statuses
        from ${db(table)} b join locations l on l.no = b.location_no order by 1, 2`.then((rows) => [...rows]),
  );

/** The row that these runs add up to, counted from scratch. */
const rowFrom = (start: number, location: string, runs: readonly Run[]) => {
  const of = runs.map(({ outcome }) => outcome);
  const good = of.filter((one) => one.class === "ok" || one.class === "slow");
  const none = of.filter((one) => ["blocked", "internal_error", "skipped"].includes(one.class));
  const classes: Record<string, number> = {};
  for (const one of of) if (one.class !== "ok") classes[one.class] = (classes[one.class] ?? 0) + 1;
  const families = ["2xx", "3xx", "4xx", "5xx", "401_403", "429"];
  return {
    start: new Date(start),
    location,
    total: of.length,
    good: good.length,
    bad: of.length - good.length - none.length,
    unvoted: none.length,
    us: good.reduce((sum, one) => sum + one.durationUs, 0),
    bytes: of.reduce((sum, one) => sum + one.bytesRead, 0),
    by_class: Object.keys(classes).length === 0 ? null : classes,
    statuses: families.map((family) => of.filter((one) => familyOfStatus(one.httpStatus) === family).length),
    durations: [...histogramOf(good.map((one) => one.durationUs))].sort(([a], [b]) => a - b),
  };
};
const readable = ({ histogram, ...row }: LevelRow) => ({
  ...row,
  durations: histogram === null ? [] : [...decodeHistogram(histogram)].sort(([a], [b]) => a - b),
});
const fromRuns = (runs: readonly Run[], spanMs: number) => {
  const groups = new Map<string, Run[]>();
  for (const one of runs) {
    const key = `${Math.floor(one.scheduledAt / spanMs) * spanMs} ${one.locationId}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups]
    .map(([key, group]) => rowFrom(Number(key.split(" ")[0]), key.split(" ")[1] as string, group))
    .sort((a, b) => Number(a.start) - Number(b.start) || (a.location < b.location ? -1 : 1));
};

const locations = ["fra", "sel"];
const probe = probeDefinition({ locations, intervalMs: durationMs(20_000) });
const runsWithin = (from: number, until: number): Run[] =>
  locations.flatMap((locationId, place) =>
    slots(probe, from, until).map((slot, index) => nth(slot, index * 2 + place, locationId)),
  );

describe("RED by the minute, the hour and the day", () => {
  test("every level is what its raw runs add up to, and no mark of a complete one is left", async () => {
    await configure(database, { locations, probes: [probe] });
    const runs = runsWithin(0, 24 * 60 + 90);
    for (let from = 0; from < runs.length; from += 2_000)
      await ingest(database, runs.slice(from, from + 2_000), at(1_530));
    await rollUntilDone(24 * 60 + 90);
    const minutes = (await rowsOf("buckets", "minute")).map(readable);
    expect(minutes).toEqual(fromRuns(runs, 60_000));
    const hourly = fromRuns(runs, HOUR_MS).filter((row) => Number(row.start) < at(25 * 60));
    expect((await rowsOf("buckets_hourly", "hour")).map(readable)).toEqual(hourly);
    const daily = fromRuns(runs, DAY_MS).filter((row) => Number(row.start) < at(24 * 60));
    expect((await rowsOf("buckets_daily", "day")).map(readable)).toEqual(daily);
    const marks = await database.read((db) => db`select hour from dirty_hours union all select day from dirty_days`);
    expect(marks.map((row) => (row.hour as Date).getTime()).sort()).toEqual([at(24 * 60), at(25 * 60)]);
  });

  test("a late run changes its minute, its hour and its day, whatever was rolled up before", async () => {
    await configure(database, { locations, probes: [probe] });
    const runs = runsWithin(0, 24 * 60);
    const late = runs.filter((_, index) => index % 1_000 === 17);
    const inTime = runs.filter((one) => !late.includes(one));
    for (let from = 0; from < inTime.length; from += 2_000)
      await ingest(database, inTime.slice(from, from + 2_000), at(1_440));
    await rollUntilDone(24 * 60 + 1);
    const before = (await rowsOf("buckets_daily", "day")).map(readable);
    expect(before).toEqual(fromRuns(inTime, DAY_MS));
    await ingest(database, late, at(1_441));
    await rollUntilDone(24 * 60 + 1);
    expect((await rowsOf("buckets_hourly", "hour")).map(readable)).toEqual(fromRuns(runs, HOUR_MS));
    expect((await rowsOf("buckets_daily", "day")).map(readable)).toEqual(fromRuns(runs, DAY_MS));
  });

  test("a probe of 30 s has no histogram by the minute, and one by the hour", async () => {
    const slow = probeDefinition({ intervalMs: durationMs(30_000) });
    await configure(database, { probes: [slow] });
    const runs = slots(slow, 0, 60).map((slot, index) => run(slot, "ok", { ms: 10 + index }));
    await ingest(database, runs, at(60));
    await rollUntilDone(61);
    const minutes = (await rowsOf("buckets", "minute")).filter(({ total }) => total > 0);
    expect(minutes.map(({ histogram }) => histogram)).toEqual(minutes.map(() => null));
    const [hour] = await rowsOf("buckets_hourly", "hour");
    const [p50] = quantilesOf(decodeHistogram(hour?.histogram as Uint8Array), [0.5]);
    expect(Math.abs((p50 as number) - 69_000)).toBeLessThan(69_000 * 0.02);
  });

  test("the server's bucket of a duration is the program's", async () => {
    const values = [0, 1, 63, 64, 65, 127, 128, 2 ** 20 - 1, 2 ** 20, 2 ** 30 - 1, 2 ** 30, 2 ** 31 - 1];
    for (let value = 1; value < 2 ** 31 - 1; value = Math.ceil(value * 1.013)) values.push(value);
    const rows = await database.read(
      (db) => db<{ us: number; index: number }[]>`
        select us, duration_bucket(us) as index from unnest(${`{${values.join(",")}}`}::text::int4[]) as us`,
    );
    expect(rows.map(({ us, index }) => [us, index])).toEqual(values.map((us) => [us, bucketIndexOf(us)]));
  });

  test("hours go after two years and days after ten, and marks of hours without raw runs with them", async () => {
    await configure(database);
    const now = at(0);
    await database.transaction(async (tx) => {
      for (const age of [1, 730, 732, 800]) {
        const hour = new Date(now - age * DAY_MS);
        await tx`insert into buckets_hourly select ${hour}, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, null, null`;
        await tx`insert into dirty_hours values (${hour})`;
      }
      for (const age of [800, 3_652, 3_654]) {
        const day = new Date(now - age * DAY_MS);
        await tx`insert into buckets_daily select ${day}, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, null, null`;
      }
    });
    await runRetainOnce({ database, lease, now, log: silentLogger });
    const ages = async (rows: Promise<readonly { at: Date }[]>) =>
      (await rows).map((row) => (now - row.at.getTime()) / DAY_MS).sort((a, b) => a - b);
    expect(await ages(database.read((db) => db<{ at: Date }[]>`select hour as at from buckets_hourly`))).toEqual([
      1, 730,
    ]);
    expect(await ages(database.read((db) => db<{ at: Date }[]>`select day as at from buckets_daily`))).toEqual([
      800, 3_652,
    ]);
    expect(await ages(database.read((db) => db<{ at: Date }[]>`select hour as at from dirty_hours`))).toEqual([1]);
  });

  test("the key of a day that is over is packed once, and the day answers as before", async () => {
    const day = new Date(at(0));
    await database.transaction(async (tx) => {
      await tx`select ensure_partitions('2026-11-02', '2026-11-03')`;
      for (const [start, table] of [
        [at(0), "runs_20261102"],
        [at(1_440), "runs_20261103"],
      ] as const) {
        // Probes in turns, as they run.
        await tx`
          insert into ${tx(table)} (scheduled_at, started_at, ingested_at, probe_no, duration_us, bytes_read, location_no, class, is_late)
          select t, t, t, p, 1, 0, 1, 0, false
            from generate_series(0, 299) as n, generate_series(1, 100) as p, lateral (select ${new Date(start)}::timestamptz + n * interval '30 s' as t) as at`;
      }
    });
    const sizes = async () =>
      (
        await database.read(
          (db) => db<{ name: string; bytes: number; file: number }[]>`
            select relname as name, pg_relation_size(oid)::float8 as bytes, relfilenode::int8::float8 as file
              from pg_class where relname in ('runs_20261102_pkey', 'runs_20261103_pkey') order by 1`,
        )
      ).map((row) => ({ ...row }));
    const before = await sizes();
    const retain = () => runRetainOnce({ database, lease, now: at(2 * 1_440), log: silentLogger });
    await retain();
    const after = await sizes();
    expect(after[0]?.bytes).toBeLessThan(before[0]?.bytes ?? 0);
    expect(after[1]).toEqual(before[1]);
    await retain();
    expect(await sizes()).toEqual(after);
    const [counted] = await database.read(
      (db) =>
        db<
          { n: number }[]
        >`select count(*)::int4 as n from runs where probe_no = 7 and location_no = 1 and scheduled_at < ${day}::timestamptz + interval '1 day'`,
    );
    expect(counted?.n).toBe(300);
  });

  test("an instance that is not the leader makes no hour", async () => {
    await configure(database, { locations, probes: [probe] });
    await ingest(database, runsWithin(0, 60), at(60));
    await database.transaction((tx) => tx`update leases set expires_at = now() - interval '1 second'`);
    await lead(database, "engine-b");
    await expect(rollUntilDone(61)).rejects.toThrow("LEASE_LOST");
    expect(await rowsOf("buckets_hourly", "hour")).toEqual([]);
  });
});
