import { afterEach, beforeEach, expect, test } from "vitest";
import { upsertSliHours } from "#db/queries/sli-hours.ts";
import { packDays } from "#lib/engine/rollup/pack-days.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { at, configure, feedMinutes, lead, minute, sloDefinition } from "./slo-world.ts";

let world: TestDatabase;
beforeEach(async () => {
  world = await testDatabase();
});
afterEach(() => world.drop());

test("an hour that another loop is storing while its day is packed is in the packed day", async () => {
  const { database } = world;
  const slo = sloDefinition();
  await configure(database, { slos: [slo] });
  const lease = await lead(database);
  const minutes = Array.from({ length: 1_440 }, (_, index) => (index < 60 ? undefined : ([1, 1] as const)));
  await feedMinutes(database, { sloId: slo.id, minutes, until: 1_440 });
  const packs = () => packDays({ database, lease, closedUntil: minute(1_440) });
  const ones = new Array<number>(60).fill(1);
  let packing: ReturnType<typeof packs> | undefined;
  await database.transaction(async (tx) => {
    await upsertSliHours(tx, [{ sloId: slo.id, version: 1, hourAt: at(0), good: ones, total: ones, expected: ones }]);
    packing = packs();
    // Long enough to be over when it does not wait for this transaction.
    const isOver = packing.then(() => true);
    const waits = async (): Promise<boolean> => {
      for (;;) {
        const rows = await tx`select 1 from pg_locks where not granted and pid <> pg_backend_pid()`;
        if (rows.length > 0) return false;
      }
    };
    expect(await Promise.race([isOver, waits()])).toBe(false);
  });
  await packing;
  await packs();
  const rows = await database.read(
    (db) => db<{ hex: string }[]>`select encode(counts, 'hex') as hex from sli_days order by day limit 1`,
  );
  // 60 minutes and 1,380 minutes with one event each, all good; of the latter nothing was expected.
  expect(rows[0]?.hex).toBe("3c010000e40a010001");
});
