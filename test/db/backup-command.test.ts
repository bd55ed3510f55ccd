import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { insertOddRows, readEverything } from "#test/support/odd-rows.ts";
import { runCli } from "#test/support/run-cli.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

let source: TestDatabase;
let folder: string;
beforeAll(async () => {
  source = await testDatabase();
  await source.database.transaction((tx) => insertOddRows(tx, { runs: 1_000 }), { deadlineMs: 20_000 });
  folder = await mkdtemp(join(tmpdir(), "nines-command-"));
  await chmod(folder, 0o755);
});
afterAll(async () => {
  await source.drop();
  await rm(folder, { recursive: true, force: true });
});

test("a backup of DATABASE_URL goes into a new data folder and from there into a file again, the same", async () => {
  const first = join(folder, "first.backup");
  const second = join(folder, "second.backup");
  const dataDir = join(folder, "data");

  const backup = await runCli(["backup", first, "--json"], { DATABASE_URL: source.url });
  expect(backup).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(backup.out)).toMatchObject({ ok: true, file: first, bytes: (await stat(first)).size });

  const restore = await runCli(["restore", first], { NINES_DATA_DIR: dataDir });
  expect(restore).toMatchObject({ code: 0, err: "" });
  expect(restore.out).toMatch(/^restored [\d,]+ rows of \d+ tables/);
  expect(await findRunningEmbedded(dataDir)).toBeNull();

  expect((await runCli(["restore", first], { NINES_DATA_DIR: dataDir })).err).toMatch(/^RESTORE_NOT_EMPTY/);
  expect((await runCli(["backup", second], { NINES_DATA_DIR: dataDir })).code).toBe(0);

  const target = await testDatabase();
  expect((await runCli(["restore", second], { DATABASE_URL: target.url })).code).toBe(0);
  const read = (db: TestDatabase): Promise<unknown> => db.database.transaction(readEverything, { deadlineMs: 20_000 });
  expect(await read(target)).toEqual(await read(source));
  await target.drop();
});

test.each([
  [["backup"], 2, /^USAGE/],
  [["restore", "a", "b"], 2, /^USAGE/],
  [["backup", "a", "--fast"], 2, /^USAGE/],
])("%j is a usage error", async (args, code, expected) => {
  const result = await runCli(args, {});
  expect(result.code).toBe(code);
  expect(result.err).toMatch(expected);
});

test("what is not there is said, and nothing is made", async () => {
  const dataDir = join(folder, "none");
  const file = join(folder, "none.backup");
  expect((await runCli(["backup", file], { NINES_DATA_DIR: dataDir })).err).toMatch(/^NOT_FOUND/);
  expect((await runCli(["restore", file], { NINES_DATA_DIR: dataDir })).err).toMatch(/^NOT_FOUND/);
  expect([dataDir, file].filter((path) => existsSync(path))).toEqual([]);
});

test("an error never shows the password of the database", async () => {
  const url = new URL(source.url);
  url.password = "hunter2";
  const result = await runCli(["backup", join(folder, "x.backup")], { DATABASE_URL: url.href });
  expect(result.code).toBe(1);
  expect(result.err).toMatch(/^DATABASE_REFUSED/);
  expect(result.err).not.toContain("hunter2");
  await expect(readFile(join(folder, "x.backup"))).rejects.toMatchObject({ code: "ENOENT" });
});
