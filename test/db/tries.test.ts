import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { deleteTriesBefore, readTries } from "#db/queries/tries.ts";
import { storeRuns } from "#lib/commands/agents/store-runs.ts";
import type { Run } from "#lib/core/outcome.ts";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import type { Try } from "#lib/core/tries.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, durationUs } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, configure, lead, probeDefinition, run, slots } from "./slo-world.ts";

let world: TestDatabase;
let database: Database;
let lease: Lease;
beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
  lease = await lead(database);
  await configure(database);
});
afterEach(() => world.drop());

const [SLOT] = slots(probeDefinition(), 0, 1) as [EpochMs];
const tryOf = (of: Run, number: number, outcome: Partial<Run["outcome"]> = {}): Try => ({
  number,
  run: sampleRun({
    ...of,
    traceId: "a".repeat(32),
    startedAt: addMs(of.scheduledAt, 150),
    outcome: { ...of.outcome, ...outcome },
  }),
});
const store = (runs: readonly Run[], tries: readonly Try[], now = at(2)) =>
  storeRuns(database, { runs, tries, now, log: silentLogger });
const details = () =>
  database.read((sql) => sql`select * from run_try_details order by scheduled_at, number`.then((rows) => [...rows]));
/** Everything that is counted or voted on. */
const counted = () =>
  database.read(async (sql) => ({
    runs: [...(await sql`select probe_no, location_no, scheduled_at, class, duration_us from runs order by 1, 2, 3`)],
    buckets: [...(await sql`select minute, total, good, bad, unvoted, duration_sum_us from buckets order by 1`)],
    hours: [...(await sql`select slo_id, hour, good, total, expected from sli_hours order by 1, 2`)],
  }));

test("a try is kept with every value that it had, once, also when it comes again or twice in a batch", async () => {
  const first = run(SLOT, "timeout");
  const failures = [{ assertion: "status in", expected: "2xx", seen: '"503"\n한글' }];
  const one = tryOf(first, 2, { class: "bad_status", detail: "status 503", httpStatus: 503, failures });
  expect(await store([first], [one, one])).toMatchObject({ inserted: 1, refused: 0 });
  expect(await store([first], [tryOf(first, 2, { class: "ok" }), tryOf(first, 3)])).toMatchObject({ inserted: 0 });
  const rows = await details();
  expect(rows.map((row) => `${row["number"]} ${row["class"]} ${row["vote"]}`)).toEqual([
    "2 bad_status bad",
    "3 timeout bad",
  ]);
  expect(rows[0]).toMatchObject({
    probe_id: "home",
    location_id: "fra",
    scheduled_at: new Date(SLOT),
    started_at: new Date(SLOT + 150),
    ingested_at: new Date(at(2)),
    detail: "status 503",
    http_status: 503,
    address: one.run.outcome.address,
    trace_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    failures,
  });
  const key = { probeNo: 1, locationNo: 1, scheduledAt: first.scheduledAt };
  const read = await database.read((db) => readTries(db, [key, { ...key, scheduledAt: addMs(key.scheduledAt, 1) }]));
  expect(read.map(({ number, startedAt, failures: seen }) => [number, startedAt, seen])).toEqual([
    [2, addMs(SLOT, 150), failures],
    [3, addMs(SLOT, 150), null],
  ]);
});

test("what cannot be true is refused and keeps nothing else from being stored", async () => {
  const first = run(SLOT, "timeout");
  const odd = [
    tryOf({ ...first, probeId: "nobody" }, 2),
    tryOf({ ...first, locationId: "nowhere" }, 2),
    tryOf(first, 1),
    tryOf({ ...first, scheduledAt: at(60) }, 2),
    tryOf({ ...first, scheduledAt: at(-40 * 24 * 60) }, 2),
  ];
  const huge = tryOf(first, 3, {
    detail: "\0\ud800",
    durationUs: durationUs(1e15),
    httpStatus: 99_999,
    address: "fe80::1%eth0",
  });
  expect(await store([first], [...odd, huge])).toMatchObject({ inserted: 1, refused: 0 });
  expect((await details()).map((row) => row["number"])).toEqual([3]);
  expect(await store([], odd)).toMatchObject({ inserted: 0 });
});

test("tries change no run, no bucket and no vote, whatever they saw and whenever they come", async () => {
  const runs = slots(probeDefinition(), 0, 2).map((slot, index) => run(slot, index % 3 === 1 ? "timeout" : "ok"));
  const roll = () => runRollupOnce({ database, lease, now: at(3), log: silentLogger });
  await store(runs, []);
  await roll();
  const before = await counted();
  expect(before.buckets.length + before.hours.length).toBeGreaterThan(0);
  const tries = runs.flatMap((of, index) =>
    [2, 3].map((number) =>
      tryOf(of, number, { class: OUTCOME_CLASSES[(index + number) % OUTCOME_CLASSES.length] as "ok" }),
    ),
  );
  await store([], tries.slice(0, 3), at(3));
  await store(runs, tries, at(3));
  expect(await database.read((sql) => sql`select 1 from dirty_minutes`)).toHaveLength(0);
  await roll();
  expect(await counted()).toEqual(before);
  expect(await details()).toHaveLength(tries.length);
});

test("tries that are over their age go", async () => {
  const runs = slots(probeDefinition(), 0, 2).map((slot) => run(slot, "timeout"));
  await store(
    runs,
    runs.map((of) => tryOf(of, 2)),
  );
  const remove = (limit: number) => database.transaction((tx) => deleteTriesBefore(tx, { before: at(1), limit }));
  const old = runs.filter(({ scheduledAt }) => scheduledAt < at(1)).length;
  expect([await remove(1), await remove(100)]).toEqual([1, old - 1]);
  expect(await details()).toHaveLength(runs.length - old);
});
