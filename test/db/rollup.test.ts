import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { GRACE_MS, runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, BASE, configure, ingest, ingestSpan, lead, minute, probeDefinition, run, slots } from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let lease: Lease;

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
  lease = await lead(database);
});
afterEach(() => world.drop());

const roll = (now = at(0)) => runRollupOnce({ database, lease, now, log: silentLogger });
const probe = probeDefinition();
const slotsOfMinute = (index: number) => slots(probe, index, index + 1);

const buckets = () =>
  database.read((db) =>
    db<
      {
        minute: number;
        location: string;
        expected: number;
        total: number;
        good: number;
        bad: number;
        unvoted: number;
        us: string;
      }[]
    >`
      select ((extract(epoch from minute) / 60)::int8 - ${String(BASE)}::int8)::int4 as minute, l.id as location, expected, total, good, bad,
             unvoted, duration_sum_us::text as us
        from buckets b join locations l on l.no = b.location_no order by 1, 2`.then((rows) => [...rows]),
  );
const hours = () =>
  database.read((db) =>
    db<{ good: number[]; total: number[]; expected: number[] }[]>`
      select coalesce(good, total) as good, total, coalesce(expected, total) as expected from sli_hours order by hour`.then(
      (rows) => [...rows],
    ),
  );
const marks = async () => (await database.read((db) => db`select 1 from dirty_minutes`)).length;

describe("closing minutes", () => {
  test("a minute closes as soon as all that is expected of it has arrived", async () => {
    await configure(database);
    await ingestSpan(database, 0, 2, "ok");
    expect((await roll(at(2, 1))).closedUntil).toBe(minute(2));
    expect((await buckets()).map(({ minute: of, total, good }) => [of, total, good])).toEqual([
      [0, 3, 3],
      [1, 3, 3],
    ]);
    expect(await marks()).toBe(0);
  });

  test("a minute with missing runs closes ten seconds after its end, not before", async () => {
    await configure(database);
    await ingestSpan(database, 0, 1, "ok");
    const [first] = slotsOfMinute(1);
    await ingest(database, [run(first!, "ok")], at(2));
    expect((await roll(at(2, GRACE_MS - 1))).closedUntil).toBe(minute(1));
    expect((await roll(at(2, GRACE_MS))).closedUntil).toBe(minute(2));
    expect((await buckets()).at(-1)).toMatchObject({ minute: 1, expected: 3, total: 1 });
  });

  test("a minute that is closed although it has buckets already gets its own", async () => {
    await configure(database);
    await ingestSpan(database, 0, 2, "ok");
    await roll(at(2, 1));
    await ingestSpan(database, 2, 3, "timeout");
    await database.transaction(
      (tx) => tx`
        insert into buckets (minute, rolled_up_at, duration_sum_us, probe_no, expected, total, good, bad, unvoted, location_no)
        select minute + interval '1 minute', rolled_up_at, 1, probe_no, 9, 9, 9, 0, 0, location_no
          from buckets order by minute desc limit 1`,
    );
    expect((await roll(at(3, 1))).closedUntil).toBe(minute(3));
    expect((await buckets()).at(-1)).toMatchObject({ minute: 2, expected: 3, total: 3, good: 0, bad: 3 });
  });

  test("minutes without any run get their bucket and are counted as expected, never as up or down", async () => {
    await configure(database);
    await ingestSpan(database, 0, 1, "ok");
    await roll(at(5, GRACE_MS));
    expect((await buckets()).map(({ minute: of, expected, total }) => [of, expected, total])).toEqual([
      [0, 3, 3],
      [1, 3, 0],
      [2, 3, 0],
      [3, 3, 0],
      [4, 3, 0],
    ]);
    const [hour] = await hours();
    expect(hour?.expected.slice(0, 6)).toEqual([3, 3, 3, 3, 3, 0]);
    expect(hour?.total.slice(0, 6)).toEqual([3, 0, 0, 0, 0, 0]);
  });

  test("nothing is rolled up before the first run, and repeating a round changes nothing", async () => {
    await configure(database);
    expect((await roll(at(3, GRACE_MS))).closedUntil).toBeNull();
    await ingestSpan(database, 0, 2, "timeout");
    await roll(at(2, GRACE_MS));
    const before = [await buckets(), await hours()];
    expect(await roll(at(2, GRACE_MS))).toMatchObject({ closedCount: 0, rerolled: [], hasMore: false });
    expect([await buckets(), await hours()]).toEqual(before);
  });

  test("a long downtime is caught up in batches, each minute once", async () => {
    await configure(database);
    await ingestSpan(database, 0, 1, "ok");
    await roll(at(1, GRACE_MS));
    await ingestSpan(database, 1_500, 1_501, "ok");
    let rounds = 0;
    for (; rounds < 10; rounds += 1) if (!(await roll(at(1_501, GRACE_MS))).hasMore) break;
    expect(rounds).toBeGreaterThan(0);
    const all = await buckets();
    expect(all.map((bucket) => bucket.minute)).toEqual(Array.from({ length: 1_501 }, (_, index) => index));
    expect(all.reduce((sum, bucket) => sum + bucket.total, 0)).toBe(6);
    expect((await hours()).flatMap((hour) => hour.total).reduce((sum, total) => sum + total, 0)).toBe(6);
  });

  test("runs of our own fault are no votes", async () => {
    await configure(database);
    const [a, b, c] = slotsOfMinute(0);
    await ingest(database, [run(a!, "ok", { ms: 40 }), run(b!, "internal_error"), run(c!, "connect_refused")], at(1));
    await roll(at(1, 1));
    expect(await buckets()).toEqual([
      { minute: 0, location: "fra", expected: 3, total: 3, good: 1, bad: 1, unvoted: 1, us: "40000" },
    ]);
    expect((await hours())[0]).toMatchObject({
      good: [1, ...new Array(59).fill(0)],
      total: [2, ...new Array(59).fill(0)],
    });
  });
});

describe("late runs", () => {
  test("land in their own minute, which is rolled up again", async () => {
    await configure(database);
    await ingestSpan(database, 0, 1, "ok");
    await roll(at(3, GRACE_MS));
    const late = slotsOfMinute(1).map((slot) => run(slot, "timeout"));
    expect(await ingest(database, late, at(4))).toMatchObject({ inserted: 3, late: 3 });
    expect((await roll(at(3, GRACE_MS))).rerolled).toEqual([minute(1)]);
    expect((await buckets()).map(({ total, bad }) => [total, bad])).toEqual([
      [3, 0],
      [3, 3],
      [0, 0],
    ]);
    expect((await hours())[0]?.total.slice(0, 3)).toEqual([3, 3, 0]);
    expect(await marks()).toBe(0);
  });

  test("the same runs in two orders and over any number of rounds give the same rows", async () => {
    const locations = ["fra", "nyc"];
    const wide = probeDefinition({ locations });
    const other = await testDatabase();
    const otherLease = await lead(other.database);
    for (const db of [database, other.database]) await configure(db, { locations, probes: [wide] });
    const runs = slots(wide, 0, 6).flatMap((slot, index) =>
      locations.map((locationId) =>
        run(slot, (index + locationId.length) % 4 === 0 ? "bad_status" : "ok", { locationId }),
      ),
    );
    await ingest(database, runs, at(6));
    await roll(at(6, GRACE_MS));
    for (const one of [...runs].reverse()) {
      await ingest(other.database, [one], at(6));
      await runRollupOnce({ database: other.database, lease: otherLease, now: at(6, GRACE_MS), log: silentLogger });
    }
    // The first rounds saw a later first run: the last one settles what they marked.
    await runRollupOnce({ database: other.database, lease: otherLease, now: at(6, GRACE_MS), log: silentLogger });
    const readAll = (db: Database) =>
      db.read(async (sql) => [
        [
          ...(await sql`select minute, probe_no, location_no, expected, total, good, bad, unvoted from buckets order by 1, 2, 3`),
        ],
        [
          ...(await sql`select hour, coalesce(good, total) as good, total, coalesce(expected, total) as expected from sli_hours order by hour`),
        ],
      ]);
    expect(await readAll(other.database)).toEqual(await readAll(database));
    await other.drop();
  });

  test("a first run that comes in late makes the silent minutes after it expected", async () => {
    await configure(database);
    await ingestSpan(database, 10, 11, "ok");
    await roll(at(11, 1));
    await ingest(database, [run(slotsOfMinute(4)[0]!, "ok")], at(12));
    await roll(at(11, 1));
    await roll(at(11, 1));
    expect((await buckets()).map(({ minute: of, expected }) => [of, expected])).toEqual(
      [4, 5, 6, 7, 8, 9, 10].map((of) => [of, 3]),
    );
    expect((await hours())[0]?.expected.slice(4, 11)).toEqual([3, 3, 3, 3, 3, 3, 3]);
  });

  test("a rollup waits for an ingest that is writing the same minute, and misses nothing of it", async () => {
    await configure(database);
    await ingestSpan(database, 0, 1, "ok");
    await roll(at(2, GRACE_MS));
    const slot = slotsOfMinute(1)[0]!;
    let rolling: Promise<unknown> = Promise.resolve();
    await ingest(database, [run(slotsOfMinute(1)[1]!, "ok")], at(2));
    await database.transaction(async (tx) => {
      await tx`
        insert into runs (scheduled_at, started_at, ingested_at, probe_no, duration_us, bytes_read, location_no, class, is_late)
        select ${new Date(slot)}, ${new Date(slot)}, ${new Date(slot)}, p.no, 1, 0, l.no, 8, true from probes p, locations l`;
      await tx`update dirty_minutes set marks = marks + 1`;
      rolling = roll(at(2, GRACE_MS));
      await expect
        .poll(async () => (await database.read((db) => db`select 1 from pg_locks where not granted`)).length)
        .toBeGreaterThan(0);
    });
    await rolling;
    expect((await buckets()).at(-1)).toMatchObject({ minute: 1, total: 2, good: 1, bad: 1 });
    expect(await marks()).toBe(0);
  });
});

describe("under the lease", () => {
  test("a leader that lost its lease writes nothing", async () => {
    await configure(database);
    await ingestSpan(database, 0, 2, "ok");
    await database.transaction((tx) => tx`update leases set expires_at = now() - interval '1 second'`);
    await lead(database, "engine-b");
    const error = await roll(at(2, GRACE_MS)).catch((thrown: unknown) => thrown);
    expect(errorCodeOf(error)).toBe("LEASE_LOST");
    expect(await buckets()).toEqual([]);
  });

  test("a rollup killed half-way repeats with the same result", async () => {
    await configure(database);
    await ingestSpan(database, 0, 3, "ok");
    await database.transaction(async (tx) => {
      await tx`create function explode() returns trigger language plpgsql as $$ begin raise exception 'killed'; end $$`;
      await tx`create trigger killed before insert on sli_hours for each row execute function explode()`;
    });
    await expect(roll(at(3, 1))).rejects.toThrow("killed");
    expect(await buckets()).toEqual([]);
    expect(await marks()).toBe(3);
    await database.transaction((tx) => tx`drop trigger killed on sli_hours`);
    expect((await roll(at(3, 1))).closedCount).toBe(3);
    expect((await buckets()).map((bucket) => bucket.total)).toEqual([3, 3, 3]);
  });
});

test("the queries of a round use indexes, whatever the size of the day", async () => {
  await configure(database);
  await ingestSpan(database, 0, 600, "ok");
  await roll(at(600, 1));
  await database.transaction((tx) => tx`analyze`);
  const plan = await database.read(
    (db) => db<{ "QUERY PLAN": string }[]>`
      explain select r.at from unnest('{1}'::int4[], '{1}'::int2[]) as p (probe_no, location_no)
        cross join lateral (
          select scheduled_at as at from runs
           where runs.probe_no = p.probe_no and runs.location_no = p.location_no
             and scheduled_at >= ${new Date(at(10))} and scheduled_at < ${new Date(at(10) + MINUTE_MS)}
          offset 0) as r`,
  );
  const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
  expect(text).toMatch(/Index (Only )?Scan/);
  expect(text).not.toMatch(/Seq Scan on runs/);
});
