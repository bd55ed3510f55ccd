import { afterEach, beforeEach, expect, test } from "vitest";
import type { EpochMs } from "#lib/core/units.ts";
import { createEvaluator } from "#lib/engine/evaluate.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, configure, ingestSpan, lead, minute, readAlerts } from "./slo-world.ts";

const DAY = 1_440;
let world: TestDatabase;
let lease: Lease;
beforeEach(async () => {
  world = await testDatabase();
  lease = await lead(world.database);
  await configure(world.database);
});
afterEach(() => world.drop());

/** Rollup and evaluation as the engine runs them, until nothing is left at `now`. Returns whether minutes were opened again. */
const createEngine = () => {
  const { database } = world;
  const evaluator = createEvaluator({ database, clock: createFakeClock(at(0)), log: silentLogger });
  return async (now: EpochMs): Promise<boolean> => {
    let wasReopened = false;
    for (let hasMore = true; hasMore; ) {
      const rolled = await runRollupOnce({ database, lease, now, log: silentLogger });
      wasReopened ||= rolled.isReopened;
      if (rolled.isReopened) evaluator.forget();
      const evaluated = await evaluator.runEvaluateOnce(lease, rolled);
      hasMore = rolled.hasMore || evaluated.hasMore;
    }
    return wasReopened;
  };
};

const progress = async () => {
  const [row] = await world.database.read(
    (db) => db<{ closed: Date; through: Date; ahead: number }[]>`
      select closed_until as closed, (select through_minute from slo_readings) as through,
             (select count(*)::int from buckets where minute >= (select closed_until from rollup_progress)) as ahead
        from rollup_progress`,
  );
  return { closed: row?.closed.getTime(), through: row?.through.getTime(), ahead: row?.ahead };
};

test("a clock that was a day ahead and is back leaves alerts and minutes as if it had never been away", async () => {
  const run = createEngine();
  await ingestSpan(world.database, 0, 10, "ok");
  await run(at(10, 1));
  await run(at(10 + DAY, 15_000));
  expect((await progress()).closed).toBe(at(10 + DAY));
  await ingestSpan(world.database, 10, 20, "timeout");
  expect(await run(at(20, 15_000))).toBe(true);
  expect(await progress()).toEqual({ closed: at(20), through: at(19), ahead: 0 });
  expect(await run(at(20, 16_000))).toBe(false);
  await ingestSpan(world.database, 20, 21, "timeout");
  await run(at(21, 1));
  const fired = (await readAlerts(world.database)).map((alert) => JSON.stringify(alert));
  expect(fired.some((alert) => alert.includes("page_1h_5m"))).toBe(true);
});

test("an alert that fired by a clock that was ahead ends by the true one", async () => {
  const run = createEngine();
  await ingestSpan(world.database, 0, 10, "ok");
  await run(at(10, 1));
  await ingestSpan(world.database, DAY, DAY + 10, "timeout");
  await run(at(DAY + 10, 15_000));
  expect((await readAlerts(world.database)).length).toBeGreaterThan(0);
  await ingestSpan(world.database, 10, 30, "ok");
  await run(at(30, 15_000));
  await ingestSpan(world.database, 30, 31, "ok");
  await run(at(31, 1));
  const open = await world.database.read((db) => db`select 1 from alerts where state = 'firing'`);
  expect(open).toHaveLength(0);
  expect((await progress()).closed).toBe(at(31));
  expect(minute(31) - minute(0)).toBe(31);
});

test("a clock that is set back by less than two minutes opens nothing again", async () => {
  const run = createEngine();
  await ingestSpan(world.database, 0, 10, "ok");
  await run(at(10, 15_000));
  expect(await run(at(8, 30_000))).toBe(false);
  expect((await progress()).closed).toBe(at(10));
});
