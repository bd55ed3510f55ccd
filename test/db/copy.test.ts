import { expect, test } from "vitest";
import { copyIn, copyOut } from "#db/backup/copy.ts";
import { openPool, parseDatabaseUrl } from "#db/connection.ts";
import { ODD_TEXT } from "#test/support/odd-rows.ts";
import { emptyDatabase } from "#test/support/test-database.ts";

test("every type and any text survives a copy from table to table", async () => {
  const db = await emptyDatabase();
  const pool = openPool(parseDatabaseUrl(db.url), {
    applicationName: "test",
    maxConnections: 1,
    statementTimeoutMs: null,
  });
  const columns = [
    "id",
    "bytes",
    "words",
    "numbers",
    "document",
    "exact",
    "float",
    "at",
    "flag",
    "address",
    "uuid",
    "quoted Name",
  ];
  await pool.sql.begin(async (tx) => {
    for (const name of ["a", "b"]) {
      await tx`
        create table ${tx(name)} (id int, bytes bytea, words text[], numbers bigint[], document jsonb, exact numeric, "float" float8,
                                  at timestamptz, flag boolean, address inet, uuid uuid, "quoted Name" text)`;
    }
    await tx`
      insert into a values
        (1, ${Buffer.from([0, 1, 92, 9, 10, 255])}, ${[ODD_TEXT, "", "NULL"]}, '{1,9223372036854775807}', ${tx.json({ [ODD_TEXT]: [null] })},
         123456789012345678901234567890.12345, 'NaN', '2026-11-21T00:00:00.123456Z', true, '10.0.0.0/8', ${"0".repeat(32)}::uuid, ${ODD_TEXT}),
        (2, '', '{}', '{null,1}', 'null', 'NaN', 5e-324, 'infinity', false, '::1', null, ''),
        (3, null, null, null, null, -0.0, '-0', '-infinity', null, null, null, null),
        (4, null, null, null, null, 0.1, 0.1, '0001-01-01 00:00:00Z', null, null, null, '\\.')`;
    const rows: Buffer[] = [];
    await copyOut(pool, { tx, table: "a", columns, onRows: (some) => void rows.push(some) });
    const chunks = async function* (): AsyncGenerator<Buffer> {
      yield* rows;
    };
    await copyIn(pool, { tx, table: "b", columns, chunks: chunks() });
    const read = (name: string): Promise<unknown> =>
      tx`select t::text as row from ${tx(name)} t order by id`.then((found) => found.map(({ row }) => row));
    expect(Buffer.concat(rows).toString("latin1").split("\n")).toHaveLength(5);
    expect(await read("b")).toEqual(await read("a"));
  });
  await pool.destroy();
  await db.drop();
});

test.each([
  ["a wrong value", "1\tx\n"],
  ["a row that breaks a rule of the table at the end", "-1\n"],
  ["a missing column", "\n"],
])("a copy of %s fails with the server's word and does not hang", async (_name, rows) => {
  const db = await emptyDatabase();
  const pool = openPool(parseDatabaseUrl(db.url), {
    applicationName: "test",
    maxConnections: 1,
    statementTimeoutMs: null,
  });
  const chunks = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("1\n2\n".repeat(100_000));
    yield Buffer.from(rows);
  };
  const work = pool.sql.begin(async (tx) => {
    await tx`create table t (id int check (id > 0))`;
    await copyIn(pool, { tx, table: "t", columns: ["id"], chunks: chunks() });
  });
  await expect(work).rejects.toMatchObject({ code: expect.stringMatching(/^2/) as string });
  expect(await db.database.read((sql) => sql`select to_regclass('t') as t`)).toEqual([{ t: null }]);
  await pool.destroy();
  await db.drop();
});
