import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyBackupFile } from "#db/backup/backup-file.ts";
import { restoreBackup } from "#db/backup/restore-backup.ts";
import { sortTables } from "#db/backup/sort-tables.ts";
import { tarEnd, tarEntry } from "#db/backup/tar.ts";
import { writeBackup } from "#db/backup/write-backup.ts";
import type { Tx } from "#db/database.ts";
import { dumpSchema } from "#db/dump-schema.ts";
import { readAppliedMigrations } from "#db/queries/migrations.ts";
import { listPartitions } from "#db/queries/partitions.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { insertOddRows, readEverything } from "#test/support/odd-rows.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { emptyDatabase, testDatabase } from "#test/support/test-database.ts";

const RUNS = 60_000;
let source: TestDatabase;
let folder: string;
let path: string;
let signal: AbortSignal;
let everything: Record<string, string[]>;

const now = Date.parse("2026-11-21T12:00:00Z") as EpochMs;
const backUp = (from: TestDatabase, to: string): ReturnType<typeof writeBackup> =>
  writeBackup({ url: from.url, path: to, now, signal, onProgress: () => undefined });
const restore = async (into: TestDatabase, from = path): Promise<{ tables: number; rows: number }> =>
  restoreBackup({
    url: into.url,
    path: from,
    manifest: await verifyBackupFile(from),
    signal,
    onProgress: () => undefined,
  });
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => errorCodeOf(error) ?? String(error),
  );
const tablesOf = async (db: TestDatabase): Promise<number> =>
  (await db.database.read((sql) => sql`select from pg_class where relnamespace = 'public'::regnamespace`)).length;
const readAll = (db: TestDatabase): Promise<Record<string, string[]>> =>
  db.database.transaction(readEverything, { deadlineMs: 20_000 });

beforeAll(async () => {
  source = await testDatabase();
  await source.database.transaction((tx) => insertOddRows(tx, { runs: RUNS }), { deadlineMs: 20_000 });
  everything = await readAll(source);
  folder = await mkdtemp(join(tmpdir(), "nines-backup-"));
  await chmod(folder, 0o755);
  path = join(folder, "whole.backup");
  signal = new AbortController().signal;
  await backUp(source, path);
});
afterAll(async () => {
  await source.drop();
  await rm(folder, { recursive: true, force: true });
});

describe("a backup", () => {
  test("restores into an empty database row for row, with schema, partitions and migrations", async () => {
    const target = await emptyDatabase();
    const result = await restore(target);
    expect(result.rows).toBe(
      Object.values(everything).reduce((sum, rows) => sum + rows.length, 0) - everythingInPartitions(),
    );
    expect(await readAll(target)).toEqual(everything);
    expect(await target.database.read(dumpSchema)).toBe(await source.database.read(dumpSchema));
    const names = async (db: TestDatabase): Promise<string[]> =>
      (await db.database.read(listPartitions)).map(({ name }) => name);
    expect(await names(target)).toEqual(await names(source));
    expect(await target.database.read(readAppliedMigrations)).toEqual(
      await source.database.read(readAppliedMigrations),
    );
    await target.drop();
  });

  test("restores into a migrated database that holds nothing", async () => {
    const target = await testDatabase();
    await restore(target);
    expect(await readAll(target)).toEqual(everything);
    await target.drop();
  });

  test("lets identity columns go on where they were", async () => {
    const target = await emptyDatabase();
    await restore(target);
    const next = (tx: Tx): Promise<{ no: number }[]> =>
      tx<{ no: number }[]>`insert into locations (id, name, position) values ('next', 'Next', 9) returning no`;
    const expected = await source.database
      .transaction(async (tx) => {
        throw Object.assign(new Error("undo"), { no: (await next(tx))[0]?.no });
      })
      .catch((error: { no: number }) => error.no);
    expect((await target.database.transaction(next))[0]?.no).toBe(expected);
    await target.drop();
  });

  test("is the database of one instant while others write", async () => {
    const busy = await testDatabase();
    await busy.database.transaction((tx) => insertOddRows(tx, { runs: RUNS }), { deadlineMs: 20_000 });
    const state = { isDone: false, written: 0 };
    const write = async (): Promise<void> => {
      while (!state.isDone) {
        await busy.database.transaction(async (tx) => {
          const id = `evt_w${state.written}`;
          await tx`insert into events (id, type, subject, dedup_key, data, occurred_at) values (${id}, 'a.b', 's', ${id}, '{}', now())`;
          await tx`insert into audit_log (at, actor, action, subject) values (now(), 'w', 'a.b', ${id})`;
        });
        state.written += 1;
      }
    };
    const writing = write();
    const file = join(folder, "busy.backup");
    await backUp(busy, file);
    state.isDone = true;
    await writing;
    expect(state.written).toBeGreaterThan(0);
    const target = await emptyDatabase();
    await restore(target, file);
    const torn = await target.database.read(
      (sql) => sql`
        select coalesce(e.id, a.subject) as id from (select id from events where id like 'evt_w%') e
          full join (select subject from audit_log where actor = 'w') a on a.subject = e.id
         where e.id is null or a.subject is null`,
    );
    expect(torn).toEqual([]);
    await target.drop();
    await busy.drop();
  });

  test("is for its owner only, holds ciphertext as it is, and can be opened by tar", async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = gunzipSync(await readFile(path)).toString("latin1");
    expect(text).toContain("v1.k.n.secret");
    expect(text.slice(257, 262)).toBe("ustar");
  });

  test("never replaces a file, and leaves nothing behind when it fails", async () => {
    expect(await codeOf(backUp(source, path))).toBe("CONFLICT");
    const empty = await emptyDatabase();
    expect(await codeOf(backUp(empty, join(folder, "none.backup")))).toBe("NOT_FOUND");
    expect(await codeOf(backUp(source, join(folder, "no-folder", "x.backup")))).toBe("NOT_FOUND");
    const stop = new AbortController();
    const stopped = writeBackup({
      url: source.url,
      path: join(folder, "stopped.backup"),
      now,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(await codeOf(stopped)).toBe("DATABASE_UNREACHABLE");
    expect((await readdir(folder)).filter((name) => /none|stopped|part/.test(name))).toEqual([]);
    await empty.drop();
  });
});

/** `readEverything` sees a run in its partition and in its table. */
const everythingInPartitions = (): number =>
  Object.entries(everything).reduce((sum, [name, rows]) => (/_\d{8}$/.test(name) ? sum + rows.length : sum), 0);

describe("a restore refuses", () => {
  let target: TestDatabase;
  beforeAll(async () => {
    target = await emptyDatabase();
  });
  afterAll(() => target.drop());

  test("a database that holds data", async () => {
    expect(await codeOf(restore(source))).toBe("RESTORE_NOT_EMPTY");
    expect(await readAll(source)).toEqual(everything);
  });

  test("a database with tables of another program", async () => {
    const other = await emptyDatabase();
    await other.database.read((sql) => sql`create table foreign_table (id int)`);
    expect(await codeOf(restore(other))).toBe("RESTORE_NOT_EMPTY");
    expect(await tablesOf(other)).toBe(1);
    await other.drop();
  });

  const bent = join(tmpdir(), `nines-bent-${process.pid}.backup`);
  beforeEach(() => rm(bent, { force: true }));
  const damage: readonly [string, (bytes: Buffer) => Buffer][] = [
    ["a file that is cut off", (bytes) => bytes.subarray(0, bytes.length - 100)],
    ["a file that is cut in half", (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ["an empty file", () => Buffer.alloc(0)],
    ["a file of something else", () => Buffer.from("hello")],
    ["a gzip of something else", () => gzipSync(Buffer.from("hello".repeat(1_000)))],
    [
      "a file with one changed bit",
      (bytes) => {
        const copy = Buffer.from(bytes);
        copy[bytes.length >> 1] = (copy[bytes.length >> 1] as number) ^ 1;
        return copy;
      },
    ],
    [
      "a file whose rows were edited and packed again",
      (bytes) =>
        gzipSync(Buffer.from(gunzipSync(bytes).toString("latin1").replace("v1.k.n.secret", "v1.k.n.SECRET"), "latin1")),
    ],
    [
      "an archive without a manifest",
      () => gzipSync(Buffer.concat([...tarEntry({ name: "x", bytes: Buffer.from("x") }), tarEnd()])),
    ],
    [
      "a backup of a later format",
      (bytes) =>
        gzipSync(
          Buffer.from(
            gunzipSync(bytes).toString("latin1").replace('"formatVersion": 1', '"formatVersion": 2'),
            "latin1",
          ),
        ),
    ],
  ];
  test.each(damage)("%s, before it touches the database", async (_name, bend) => {
    await writeFile(bent, bend(await readFile(path)));
    expect(await codeOf(restore(target, bent))).toBe("BACKUP_INVALID");
    expect(await tablesOf(target)).toBe(0);
    await rm(bent, { force: true });
  });

  test("a file that does not exist", async () => {
    expect(await codeOf(restore(target, join(folder, "missing")))).toBe("NOT_FOUND");
  });
});

test("a restore that is stopped halfway leaves the database empty", async () => {
  const target = await emptyDatabase();
  const stop = new AbortController();
  const work = restoreBackup({
    url: target.url,
    path,
    manifest: await verifyBackupFile(path),
    signal: stop.signal,
    onProgress: ({ table }) => table === "runs" && stop.abort(),
  });
  expect(await codeOf(work)).toBe("DATABASE_UNREACHABLE");
  expect(await tablesOf(target)).toBe(0);
  await restore(target);
  await target.drop();
});

test("tables are ordered so that references point back", () => {
  const table = (name: string): { name: string; columns: string[] } => ({ name, columns: [] });
  const sorted = sortTables(["a", "b", "c"].map(table), [
    { from: "a", to: "c" },
    { from: "c", to: "b" },
  ]);
  expect(sorted.map(({ name }) => name)).toEqual(["b", "c", "a"]);
  expect(() =>
    sortTables(["a", "b"].map(table), [
      { from: "a", to: "b" },
      { from: "b", to: "a" },
    ]),
  ).toThrow(/ring/);
});
