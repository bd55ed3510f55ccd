import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { dumpSchema } from "#db/dump-schema.ts";
import { migrate } from "#db/migrate.ts";
import { MIGRATIONS_FOLDER, pendingMigrations, readMigrationFiles } from "#db/migration-files.ts";
import { readAppliedMigrations } from "#db/queries/migrations.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { emptyDatabase, testDatabase } from "#test/support/test-database.ts";

let db: TestDatabase;
let folder: string;
beforeEach(async () => {
  db = await emptyDatabase();
  folder = await mkdtemp(join(tmpdir(), "nines-migrations-"));
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
});
afterEach(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

const run = (): Promise<string | string[]> =>
  migrate({ url: db.url, folder }).then(
    ({ applied }) => applied,
    (error: unknown) => errorCodeOf(error) ?? String(error),
  );
const namesOf = async (): Promise<string[]> => (await db.database.read(readAppliedMigrations)).map(({ name }) => name);

test("an empty database gets every migration once, in order", async () => {
  const names = (await readMigrationFiles(folder)).map(({ name }) => name);
  expect(await run()).toEqual(names);
  expect(await run()).toEqual([]);
  expect(await namesOf()).toEqual(names);
});

test("twenty instances that start at once apply each migration once", async () => {
  const results = await Promise.all(Array.from({ length: 20 }, () => migrate({ url: db.url, folder })));
  const applied = results.flatMap((result) => result.applied);
  expect(applied.toSorted()).toEqual(await namesOf());
  const template = await testDatabase();
  expect(await db.database.read(dumpSchema)).toBe(await template.database.read(dumpSchema));
  await template.drop();
});

test("a migration that fails leaves nothing, and those before it stay", async () => {
  const names = await readMigrationFiles(folder);
  const last = join(folder, "0999_x.sql");
  await writeFile(last, "create table half (id int); select 1 / 0;");
  await rename(last, join(folder, `${String(names.length + 1).padStart(4, "0")}_fails.sql`));
  expect(await run()).toMatch(/division by zero/);
  expect(await namesOf()).toHaveLength(names.length);
  const rows = await db.database.read((sql) => sql`select to_regclass('half') as half`);
  expect(rows[0]?.half).toBeNull();
});

test("a migration whose connection is killed halfway is made anew by the next start", async () => {
  const count = (await readMigrationFiles(folder)).length;
  const path = join(folder, `${String(count + 1).padStart(4, "0")}_slow.sql`);
  await writeFile(path, "create table slow (id int); select pg_sleep(30);");
  const result = run();
  await vi.waitFor(
    async () => {
      const killed = await db.database.read(
        (sql) =>
          sql`select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`,
      );
      expect(killed.length).toBe(1);
    },
    { timeout: 8_000 },
  );
  expect(await result).toBe("DATABASE_UNREACHABLE");
  expect(await namesOf()).toHaveLength(count);
  await writeFile(path, "create table slow (id int);");
  expect(await run()).toHaveLength(1);
});

test("a migration that another instance holds up for too long is DATABASE_TIMEOUT", async () => {
  await db.database.transaction(async (tx) => {
    await tx`select pg_advisory_xact_lock(${0x6e696e65}::int, ${0x6d696772}::int)`;
    const error = await migrate({ url: db.url, folder, lockWaitMs: 100 }).catch((reason: unknown) => reason);
    expect(errorCodeOf(error)).toBe("DATABASE_TIMEOUT");
  });
});

describe("the files and the database disagree:", () => {
  test("an applied file that was changed is MIGRATION_CHANGED, and line endings do not count", async () => {
    await run();
    const path = join(folder, "0001_configuration.sql");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replaceAll("\n", "\r\n"));
    expect(await run()).toEqual([]);
    await writeFile(path, `${text}-- more\n`);
    expect(await run()).toBe("MIGRATION_CHANGED");
  });

  test("a database that is ahead of the files is DATABASE_TOO_NEW", async () => {
    await run();
    await db.database.read(
      (sql) => sql`insert into migrations (name, sha256) values ('0999_later.sql', ${"0".repeat(64)})`,
    );
    expect(await run()).toBe("DATABASE_TOO_NEW");
  });

  test("an applied migration without a file is MIGRATION_CHANGED", () => {
    const files = [{ name: "0002_b.sql", sql: "", sha256: "b" }];
    const error = (() => {
      try {
        return pendingMigrations(files, [{ name: "0001_a.sql", sha256: "a" }]);
      } catch (reason) {
        return reason;
      }
    })();
    expect(errorCodeOf(error)).toBe("MIGRATION_CHANGED");
  });

  test.each(["1_short.sql", "0099_gap.sql", "0001_Twice.sql", "0006-dash.sql"])(
    "a file named %s is refused",
    async (name) => {
      await writeFile(join(folder, name), "select 1;");
      await expect(readMigrationFiles(folder)).rejects.toThrow(/should be named/);
    },
  );
});
