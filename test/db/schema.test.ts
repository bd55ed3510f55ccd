import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dumpSchema } from "#db/dump-schema.ts";
import { ensurePartitions } from "#db/queries/partitions.ts";
import { OUTCOME_CLASSES } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

test("db/schema.sql is what the migrations add up to", async () => {
  const golden = await readFile(new URL("../../db/schema.sql", import.meta.url), "utf8");
  const actual = await db.database.read(dumpSchema);
  expect(
    actual,
    "db/schema.sql is not what the migrations make: run `npm run db:dump` and look at the difference",
  ).toBe(golden);
});

test("day partitions do not show in the dump", async () => {
  const before = await db.database.read(dumpSchema);
  await db.database.read((sql) => ensurePartitions(sql, { from: 0 as EpochMs, until: 1 as EpochMs }));
  expect(await db.database.read(dumpSchema)).toBe(before);
});

test("the database's names of outcome classes are those of the code", async () => {
  const rows = await db.database.read((sql) => sql`select code, class from outcome_classes order by code`);
  expect(rows.map((row) => [row.code, row.class])).toEqual(OUTCOME_CLASSES.map((name, code) => [code, name]));
});

const violating = (statement: string): Promise<string> =>
  db.database
    .transaction(async (tx) => {
      await tx.unsafe(`insert into services (id, name, position) values ('s', 'S', 0)`);
      await tx.unsafe(`insert into slos (id, service_id, position, version, definition) values ('o', 's', 0, 1, '{}')`);
      await tx.unsafe(
        `insert into slo_versions (slo_id, version, definition, active_from) values ('o', 1, '{}', now())`,
      );
      await tx.unsafe(statement);
      return "accepted";
    })
    .catch((error: unknown) => String((error as { constraint_name?: unknown }).constraint_name ?? error));

const sixty = (value: string): string => `array_fill(${value}, array[60])`;
const hour = (columns: string): string =>
  `insert into sli_hours (slo_id, version, hour, good, total, expected) values ('o', 1, ${columns})`;
const bucket = (columns: string): string =>
  `select ensure_partitions('2026-11-21', '2026-11-21');
   insert into buckets (minute, rolled_up_at, duration_sum_us, probe_no, expected, total, good, bad, unvoted, location_no)
   values (${columns})`;

test.each([
  [
    "more good than decided minutes",
    hour(`'2026-11-21T10:00:00Z', ${sixty("2")}, ${sixty("1")}, ${sixty("2")}`),
    "sli_hours_check",
  ],
  [
    "a minute without a number",
    hour(`'2026-11-21T10:00:00Z', ${sixty("null::int")}, ${sixty("1")}, ${sixty("2")}`),
    "sli_hours_check",
  ],
  [
    "an hour of 59 minutes",
    hour(`'2026-11-21T10:00:00Z', array_fill(1, array[59]), ${sixty("1")}, ${sixty("1")}`),
    /sli_hours_/,
  ],
  [
    "an hour that is none",
    hour(`'2026-11-21T10:30:00Z', ${sixty("1")}, ${sixty("1")}, ${sixty("1")}`),
    "sli_hours_hour_check",
  ],
  [
    "a bucket whose votes do not add up",
    bucket(`'2026-11-21T10:00:00Z', now(), 0, 1, 3, 3, 1, 1, 0, 1`),
    "buckets_check",
  ],
  ["a bucket within a minute", bucket(`'2026-11-21T10:00:01Z', now(), 0, 1, 3, 3, 3, 0, 0, 1`), "buckets_minute_check"],
  [
    "two versions of an SLO in force",
    `insert into slo_versions (slo_id, version, definition, active_from) values ('o', 2, '{}', now())`,
    "slo_versions_one_in_force",
  ],
  [
    "a change of the audit log",
    `insert into audit_log (at, actor, action, subject) values (now(), 'a', 'a.b', 's'); delete from audit_log`,
    /append-only/,
  ],
])("%s is refused by the table", async (_name, statement, expected) => {
  expect(await violating(statement)).toMatch(expected);
});

test("whole hours are judged in UTC, whatever the zone of the session", async () => {
  const statement = hour(`'2026-11-21T10:00:00Z', ${sixty("1")}, ${sixty("1")}, ${sixty("1")}`);
  expect(await violating(`set local timezone = 'Asia/Kolkata'; ${statement}`)).toBe("accepted");
});
