import { afterEach, beforeEach, expect, test } from "vitest";
import { rollMinutes } from "#lib/engine/rollup/roll-minutes.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, configure, ingestSpan, lead, minute } from "./slo-world.ts";

let world: TestDatabase;
beforeEach(async () => {
  world = await testDatabase();
});
afterEach(() => world.drop());

/** All that the rollup wrote, but for when. */
const rolled = () =>
  world.database.read(async (db) => [
    ...(await db`select slo_id, version, hour, good, total, expected from sli_hours order by 1, 2, 3`),
    ...(await db`select probe_no, location_no, minute, expected, total, good, bad from buckets order by 1, 2, 3`),
  ]);

test("minutes whose day was dropped after their marks were read keep what was counted while their runs were there", async () => {
  const lease = await lead(world.database);
  await configure(world.database);
  await ingestSpan(world.database, 0, 3, "ok");
  await runRollupOnce({ database: world.database, lease, now: at(3, 1), log: silentLogger });
  const before = await rolled();
  expect(before.length).toBeGreaterThan(3);
  // As the retention does it: the marks go, then the runs.
  await world.database.transaction(async (tx) => {
    await tx`insert into dirty_minutes (minute, location_no) select date_trunc('minute', ${new Date(at(2))}::timestamptz), no from locations`;
    await tx`delete from dirty_minutes`;
    await tx`delete from runs`;
  });
  await world.database.transaction((tx) =>
    rollMinutes(tx, { minutes: [minute(0), minute(1), minute(2)], closedUntil: minute(3), now: at(4) }),
  );
  expect(await rolled()).toEqual(before);
});
