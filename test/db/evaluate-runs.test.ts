import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "#db/database.ts";
import type { Reading } from "#lib/core/slo/reading.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import {
  at,
  changeSlo,
  configure,
  createSloLoop,
  ingestSpan,
  lead,
  minute,
  readAlerts,
  readEvents,
  sloDefinition,
} from "./slo-world.ts";

let world: TestDatabase;
let database: Database;

beforeEach(async () => {
  world = await testDatabase();
  database = world.database;
});
afterEach(() => world.drop());

describe("from raw runs", () => {
  const readReading = async (): Promise<{ reading: Reading; through: EpochMinute; version: number }> => {
    const rows = await database.read(
      (db) => db<{ reading: string; through: string; version: number }[]>`
        select reading::text as reading, (extract(epoch from through_minute) / 60)::int8::text as through, version from slo_readings`,
    );
    const row = rows[0];
    if (row === undefined) throw new Error("there is no reading");
    return {
      reading: JSON.parse(row.reading) as Reading,
      through: Number(row.through) as EpochMinute,
      version: row.version,
    };
  };
  const loopAt = (minutes: number, ms = 1) => {
    const clock = createFakeClock(at(minutes, ms));
    return { clock, loop: createSloLoop(database, clock) };
  };
  const settle = async ({ loop }: ReturnType<typeof loopAt>, lease: Lease) => {
    for (let round = 0; round < 20; round += 1) if (!(await loop.runSloOnce(lease)).hasMore) return;
    throw new Error("the loop does not come to an end");
  };

  test("the reading holds exact counts, the budget and every pair", async () => {
    await configure(database);
    const lease = await lead(database);
    await ingestSpan(database, 0, 9, "ok");
    await ingestSpan(database, 9, 10, "timeout");
    await settle(loopAt(10), lease);
    const { reading, through } = await readReading();
    expect(through).toBe(minute(9));
    expect(reading.budget).toMatchObject({
      good: 27,
      bad: 3,
      total: 30,
      expected: 30,
      coverage: 1,
      windowFilling: true,
    });
    expect(reading.budget.attained).toBeCloseTo(0.9, 12);
    expect(reading.budget.remaining).toBeCloseTo(-99, 9);
    expect(reading.budget.projectedConsumed).toBeCloseTo((100 * 10) / 43_200, 9);
    expect(reading.pairs.map((pair) => pair.pairId)).toEqual([
      "page_1h_5m",
      "page_6h_30m",
      "ticket_1d_2h",
      "ticket_3d_6h",
    ]);
    expect(reading.pairs[0]).toMatchObject({ factor: "14.4", holds: true, short: { bad: 3, total: 15, expected: 15 } });
  });

  test("late runs change the reading, and never take back what was said", async () => {
    await configure(database);
    const lease = await lead(database);
    const world2 = loopAt(20, 10_000);
    await ingestSpan(database, 0, 9, "ok");
    await ingestSpan(database, 15, 20, "timeout");
    await settle(world2, lease);
    const before = await readReading();
    const eventsBefore = await readEvents(database);
    expect(eventsBefore.length).toBeGreaterThan(0);
    await ingestSpan(database, 9, 15, "ok");
    await settle(world2, lease);
    const after = await readReading();
    expect(after.through).toBe(before.through);
    expect(after.reading.budget.total - before.reading.budget.total).toBe(18);
    expect((await readEvents(database)).slice(0, eventsBefore.length)).toEqual(eventsBefore);
  });

  test("an outage whose runs all come in late still fires", async () => {
    await configure(database);
    const lease = await lead(database);
    await ingestSpan(database, 0, 60, "ok");
    const { clock, loop } = loopAt(70, 10_000);
    await settle({ clock, loop }, lease);
    expect(await readAlerts(database)).toEqual([]);
    await ingestSpan(database, 60, 70, "connect_timeout");
    await settle({ clock, loop }, lease);
    expect((await readAlerts(database)).map((alert) => alert.pair)).toContain("page_1h_5m");
  });

  test("a new objective keeps alerts and history, and is judged from the next minute on", async () => {
    await configure(database);
    const lease = await lead(database);
    await ingestSpan(database, 0, 10, "timeout");
    const { clock, loop } = loopAt(10);
    await settle({ clock, loop }, lease);
    const firing = await readAlerts(database);
    expect(firing.map((alert) => alert.state)).toEqual(["firing", "firing", "firing", "firing"]);
    await changeSlo(database, sloDefinition({ objective: "99.95" }), at(10));
    await ingestSpan(database, 10, 11, "timeout");
    await clock.advance(60_000);
    await settle({ clock, loop }, lease);
    expect(await readAlerts(database)).toEqual(firing);
    const { reading, version } = await readReading();
    expect(version).toBe(2);
    expect(reading.budget.total).toBe(33);
  });
});
