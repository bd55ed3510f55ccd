import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import { durationMs } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { GRACE_MS, runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  changeSlo,
  configure,
  ingest,
  ingestSpan,
  lead,
  probeDefinition,
  run,
  sloDefinition,
  slots,
} from "./slo-world.ts";

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
const hours = (version: number) =>
  database.read((db) =>
    db<{ good: number[]; total: number[]; expected: number[] }[]>`
      select coalesce(good, total) as good, total, coalesce(expected, total) as expected from sli_hours where version = ${version} order by hour`.then(
      (rows) => [...rows],
    ),
  );

describe("a new definition of an SLO", () => {
  const totals = async (version: number) =>
    (await hours(version)).flatMap((hour) => hour.total).reduce((sum, total) => sum + total, 0);

  test("that counts the same slots takes their history over", async () => {
    await configure(database);
    await ingestSpan(database, 0, 130, "ok");
    await roll(at(130, 1));
    await changeSlo(database, sloDefinition({ objective: "99" }), at(130));
    expect((await roll(at(130, 2))).backfilled).toEqual(["shop-availability"]);
    expect(await hours(2)).toEqual(await hours(1));
    await ingestSpan(database, 130, 131, "ok");
    await roll(at(131, 1));
    expect(await totals(2)).toBe(131 * 3);
    expect(await totals(1)).toBe(130 * 3);
  });

  test("loses neither the minutes nor the late runs of the time in between", async () => {
    await configure(database);
    await ingestSpan(database, 0, 5, "ok");
    await roll(at(10, GRACE_MS));
    await changeSlo(database, sloDefinition({ objective: "99" }), at(10));
    await ingestSpan(database, 7, 8, "ok");
    await ingestSpan(database, 10, 70, "ok");
    for (let round = 0; round < 3; round += 1) await roll(at(70, GRACE_MS));
    expect(await totals(2)).toBe((5 + 1 + 60) * 3);
  });

  test("that counts something else is counted anew from raw runs", async () => {
    await configure(database);
    const runs = slots(probe, 0, 130).map((slot, index) => run(slot, "ok", { ms: index % 3 === 0 ? 900 : 100 }));
    await ingest(database, runs, at(130));
    await roll(at(130, 1));
    await changeSlo(database, sloDefinition({ sli: { kind: "latency", thresholdMs: durationMs(500) } }), at(130));
    await ingestSpan(database, 130, 131, "ok");
    await roll(at(131, 1));
    await roll(at(131, 2));
    expect(await totals(2)).toBe(131 * 3);
    expect((await hours(2)).flatMap((hour) => hour.good).reduce((sum, good) => sum + good, 0)).toBe(130 * 2 + 3);
  });

  test("a run that comes in during the count is counted once", async () => {
    await configure(database);
    await ingestSpan(database, 0, 5, "ok");
    await roll(at(8, GRACE_MS));
    await changeSlo(
      database,
      sloDefinition({ probes: ["home"], sli: { kind: "latency", thresholdMs: durationMs(500) } }),
      at(8),
    );
    await ingest(
      database,
      slotsOfMinute(6).map((slot) => run(slot, "ok")),
      at(8),
    );
    await roll(at(8, GRACE_MS));
    await roll(at(8, GRACE_MS));
    expect(await totals(2)).toBe(6 * 3);
  });
});
