import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPartStates, readParts } from "#db/queries/parts.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import { epochMs } from "#lib/core/units.ts";
import { sampleConfig } from "#test/support/sample-config.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const COUNT = 20_000;
const NEWEST = epochMs(Date.UTC(2026, 10, 22, 12));
const STEP_SECONDS = 30;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  const secretBox = createSecretBox(randomBytes(32));
  await db.database.transaction(async (tx) => {
    await applyConfig(tx, { config: sampleConfig(), now: NEWEST, secretBox });
    await tx`insert into probe_parts (probe_no, key, name) select no, key, key
               from probes, unnest(array['well', 'broken', 'turning']) as key where id = 'shop-home'`;
    // The oldest run of each was of another class; "turning" has been broken for its newest 3 runs only.
    await tx`
      insert into part_runs (scheduled_at, part_no, duration_us, location_no, class)
      select ${new Date(NEWEST)}::timestamptz - s * ${STEP_SECONDS} * interval '1 second', p.no, 1000,
             (select no from locations where id = 'fra'),
             case when s = ${COUNT}::int - 1 then 12 when p.key = 'well' or (p.key = 'turning' and s > 2) then 0 else 9 end
        from generate_series(0, ${COUNT}::int - 1) s, probe_parts p order by s desc, p.no`;
  });
});
afterAll(() => db.drop());

test("since when a part is as it is costs a few rows, however many runs saw the same", async () => {
  await db.database.transaction(async (tx) => {
    const [probe] = await tx<{ no: number }[]>`select no from probes where id = 'shop-home'`;
    const [location] = await tx<{ no: number }[]>`select no from locations where id = 'fra'`;
    const parts = await readParts(tx, probe?.no ?? 0);
    const fetched = async (): Promise<number> => {
      const rows = await tx<{ count: number }[]>`
        select (pg_stat_get_xact_tuples_fetched('part_runs'::regclass)
              + pg_stat_get_xact_tuples_returned('part_runs_by_class'::regclass)
              + pg_stat_get_xact_tuples_returned('part_runs_pkey'::regclass)
              + pg_stat_get_xact_tuples_returned('part_runs'::regclass))::int4 as count`;
      return rows[0]?.count ?? 0;
    };
    const before = await fetched();
    const states = await readPartStates(tx, {
      partNos: parts.map(({ no }) => no),
      locationNos: [location?.no ?? 0],
    });
    expect((await fetched()) - before).toBeLessThan(100);
    const ageOf = (key: string): number => {
      const { no } = parts.find((part) => part.key === key) ?? { no: 0 };
      return (NEWEST - (states.find(({ partNo }) => partNo === no)?.since ?? 0)) / 1_000 / STEP_SECONDS;
    };
    expect([ageOf("well"), ageOf("broken"), ageOf("turning")]).toEqual([COUNT - 2, COUNT - 2, 2]);
  });
});
