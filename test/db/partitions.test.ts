import { afterAll, beforeAll, expect, test } from "vitest";
import { dropPartitionsBefore, ensurePartitions, listPartitions } from "#db/queries/partitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

const at = (text: string): EpochMs => Date.parse(text) as EpochMs;
const insertRun = (db: TestDatabase, scheduledAt: string): Promise<unknown> =>
  db.database.read(
    (sql) => sql`
      insert into runs (scheduled_at, started_at, ingested_at, probe_no, duration_us, bytes_read, location_no, class, is_late)
      values (${scheduledAt}, ${scheduledAt}, ${scheduledAt}, 1, 1000, 0, 1, 0, false)`,
  );
const namesOf = async (db: TestDatabase): Promise<string[]> =>
  (await db.database.read(listPartitions)).map(({ name }) => name);

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

test("the days that a span touches get their partitions, once", async () => {
  const span = { from: at("2026-11-20T23:59:59.999Z"), until: at("2026-11-22T00:00:00Z") };
  expect(await db.database.transaction((tx) => ensurePartitions(tx, span))).toBe(4);
  expect(await db.database.read((sql) => ensurePartitions(sql, span))).toBe(0);
  expect(await namesOf(db)).toEqual(["buckets_20261120", "runs_20261120", "buckets_20261121", "runs_20261121"]);
  expect(await db.database.read((sql) => ensurePartitions(sql, { from: span.from, until: span.from }))).toBe(0);
});

test("a run lies in the partition of its UTC day, and a day without partition refuses it with 23514", async () => {
  await insertRun(db, "2026-11-20T23:59:59.999Z");
  await insertRun(db, "2026-11-21T00:00:00Z");
  const rows = await db.database.read(
    (sql) => sql`select tableoid::regclass::text as name from runs order by scheduled_at`,
  );
  expect(rows.map((row) => row.name)).toEqual(["runs_20261120", "runs_20261121"]);
  await expect(insertRun(db, "2026-11-22T00:00:00Z")).rejects.toMatchObject({ code: "23514" });
});

test("a partition carries the key and the indexes of its table", async () => {
  const rows = await db.database.read(
    (sql) => sql`select count(*)::int as count from pg_index where indrelid = 'runs_20261121'::regclass`,
  );
  expect(rows[0]?.count).toBe(3);
  await expect(insertRun(db, "2026-11-21T00:00:00Z")).rejects.toMatchObject({ code: "23505" });
});

test("ten that make the same days at once do not disturb each other", async () => {
  const span = { from: at("2027-01-01T00:00:00Z"), until: at("2027-01-04T00:00:00Z") };
  const made = await Promise.all(
    Array.from({ length: 10 }, () => db.database.transaction((tx) => ensurePartitions(tx, span))),
  );
  expect(made.reduce((sum, count) => sum + count, 0)).toBe(6);
});

test("writers of other days go on while partitions are made", async () => {
  await db.database.transaction(async (tx) => {
    await ensurePartitions(tx, { from: at("2027-02-01T00:00:00Z"), until: at("2027-02-02T00:00:00Z") });
    await insertRun(db, "2026-11-21T00:00:01Z");
  });
});

test("old days are dropped whole, a day that is not over stays", async () => {
  const dropped = await db.database.transaction((tx) => dropPartitionsBefore(tx, at("2026-11-21T23:59:59Z")));
  expect(dropped).toEqual(["buckets_20261120", "runs_20261120"]);
  expect(await namesOf(db)).toContain("runs_20261121");
  const rows = await db.database.read((sql) => sql`select count(*)::int as count from runs`);
  expect(rows[0]?.count).toBe(2);
});

test("a span of many years is refused", async () => {
  const span = { from: at("2026-01-01T00:00:00Z"), until: at("2036-01-01T00:00:00Z") };
  await expect(db.database.transaction((tx) => ensurePartitions(tx, span))).rejects.toMatchObject({ code: "22023" });
});
