import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { ingestRuns } from "#lib/commands/ingest-runs.ts";
import type { OutcomeClass, Run } from "#lib/core/outcome.ts";
import { durationMs } from "#lib/core/units.ts";
import { GRACE_MS, runRollupOnce } from "#lib/engine/rollup.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { startRecorder } from "#probes/recorder.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";
import { at, configure, lead, probeDefinition, run, slots } from "./slo-world.ts";

const MINUTES = 180;
const locations = ["fra", "sel"];
const probe = probeDefinition({ locations, intervalMs: durationMs(5_000) });
const CLASSES: readonly OutcomeClass[] = ["ok", "timeout", "slow", "bad_status", "internal_error"];
const runs: readonly Run[] = slots(probe, 0, MINUTES).flatMap((slot, index) =>
  locations.map((locationId, place) => {
    const name = (index + place) % 7 === 0 ? (CLASSES[index % CLASSES.length] as OutcomeClass) : "ok";
    return run(slot, name, { locationId, ms: 10 + ((index * 31) % 400), traceId: "0af7651916cd43dd8448eb211c80319c" });
  }),
);
/** Sleeps are a fiftieth as long: the order of events is what is tested. */
const clock = { ...systemClock, sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / 50, signal) };

let folder: string;
let calm: TestDatabase;
let stormy: TestDatabase;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-spool-db-"));
  [calm, stormy] = await Promise.all([testDatabase(), testDatabase()]);
  for (const { database } of [calm, stormy]) await configure(database, { locations, probes: [probe] });
  await ingestRuns(calm.database, { runs, now: at(MINUTES) });
});
afterEach(async () => {
  await Promise.all([calm.drop(), stormy.drop()]);
  await rm(folder, { recursive: true, force: true });
});

const startWith = (database: Database, state: { isAway: boolean }, spoolBytes?: number) =>
  startRecorder({
    sink: {
      accept: async (batch) => {
        if (state.isAway) throw new Error("the database is away");
        await ingestRuns(database, { runs: batch, now: at(MINUTES) });
      },
    },
    clock,
    log: silentLogger,
    random: () => 0.5,
    spoolDir: join(folder, "spool"),
    ...(spoolBytes === undefined ? {} : { spoolBytes }),
  });
const files = () => readdir(join(folder, "spool")).catch(() => [] as string[]);

/** Everything that numbers on a page come from. */
const factsOf = async (database: Database) => {
  const lease = await lead(database);
  for (let rounds = 0; rounds < 50; rounds += 1)
    if (!(await runRollupOnce({ database, lease, now: at(MINUTES, GRACE_MS), log: silentLogger })).hasMore) break;
  return database.read(async (db) => ({
    buckets: [
      ...(await db`select minute, probe_no, location_no, expected, total, good, bad, unvoted, duration_sum_us, by_class,
                          histogram, bytes_read, status_2xx from buckets order by 1, 2, 3`),
    ],
    hours: [...(await db`select hour, location_no, total, histogram, by_class from buckets_hourly order by 1, 2`)],
    slots: [...(await db`select hour, good, total, expected from sli_hours order by hour`)],
  }));
};
const countRows = async (database: Database) =>
  (
    await database.read(
      (db) => db<{ all: number; whole: number; folded: number }[]>`
        select count(*)::int4 as all, (count(*) filter (where trace_id is not null))::int4 as whole,
               (count(*) filter (where detail = 'folded'))::int4 as folded from runs`,
    )
  )[0];

test("after an outage every run is there once and whole, and buckets, hours and slots are as if there had been none", async () => {
  const state = { isAway: true };
  const recorder = startWith(stormy.database, state);
  for (const one of runs) recorder.record(one);
  await waitFor("a file of the spool", async () => (await files()).length > 0);
  state.isAway = false;
  await waitFor("everything to be stored", () => recorder.kept() === 0);
  expect(await recorder.stop()).toBe(0);
  expect(await countRows(stormy.database)).toEqual({ all: runs.length, whole: runs.length, folded: 0 });
  expect(await factsOf(stormy.database)).toEqual(await factsOf(calm.database));
  expect(await files()).toEqual([]);
});

test("an outage longer than the spool is large costs details of the oldest runs, and no number", async () => {
  const state = { isAway: true };
  const recorder = startWith(stormy.database, state, 300_000);
  for (let from = 0; from < runs.length; from += 200) {
    for (const one of runs.slice(from, from + 200)) recorder.record(one);
    await waitFor("the runs to reach the disk", async () => (await files()).length > 0);
    await clock.sleep(500, new AbortController().signal);
  }
  await waitFor("folded runs", async () => (await files()).some((name) => name.endsWith(".fold")));
  state.isAway = false;
  await waitFor("everything to be stored", () => recorder.kept() === 0);
  expect(await recorder.stop()).toBe(0);
  const rows = await countRows(stormy.database);
  expect(rows?.all).toBe(runs.length);
  expect(rows?.folded).toBeGreaterThan(runs.length / 2);
  expect((rows?.folded ?? 0) + (rows?.whole ?? 0)).toBe(runs.length);
  expect(await factsOf(stormy.database)).toEqual(await factsOf(calm.database));
});

test("a process that dies while it stores its spool leaves a replay, which changes nothing", async () => {
  const state = { isAway: true };
  const first = startWith(stormy.database, state);
  for (const one of runs) first.record(one);
  expect(await first.stop()).toBe(0);
  await cp(join(folder, "spool"), join(folder, "copy"), { recursive: true });
  for (let round = 0; round < 2; round += 1) {
    state.isAway = false;
    const next = startWith(stormy.database, state);
    await waitFor("the spool to be found and stored", async () => next.kept() === 0 && (await files()).length === 0);
    expect(await next.stop()).toBe(0);
    // As if the process had died before it removed the file.
    if (round === 0) await cp(join(folder, "copy"), join(folder, "spool"), { recursive: true });
  }
  expect((await countRows(stormy.database))?.all).toBe(runs.length);
  expect(await factsOf(stormy.database)).toEqual(await factsOf(calm.database));
});
