import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

describe("values", () => {
  test("bigint and numeric come out exactly, instants as dates", async () => {
    const rows = await db.database.read(
      (sql) => sql`
        select 9223372036854775807::bigint as big, '{1,9007199254740993}'::bigint[] as bigs,
               0.1234567890123456789::numeric as exact, '2026-11-21T00:00:00.123Z'::timestamptz as at,
               '{a,"b c"}'::text[] as words, '{"a": [1]}'::jsonb as document, current_setting('TimeZone') as zone`,
    );
    expect(rows[0]).toEqual({
      big: 9223372036854775807n,
      bigs: [1n, 9007199254740993n],
      exact: "0.1234567890123456789",
      at: new Date("2026-11-21T00:00:00.123Z"),
      words: ["a", "b c"],
      document: { a: [1] },
      zone: "UTC",
    });
  });
});
