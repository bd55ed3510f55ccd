import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import { runCommand } from "#lib/cli/main.ts";
import { insertOddRows, readEverything } from "#test/support/odd-rows.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

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

const run = async (
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const said = Promise.all([text(stdout), text(stderr)]);
  const stdin = new PassThrough();
  const signal = new AbortController().signal;
  const code = await runCommand(args[0], { args: args.slice(1), env, stdin, stdout, stderr, signal });
  stdout.end();
  stderr.end();
  const [out, err] = await said;
  return { code, out, err };
};

test("a backup of DATABASE_URL goes into a new data folder and from there into a file again, the same", async () => {
  const first = join(folder, "first.backup");
  const second = join(folder, "second.backup");
  const dataDir = join(folder, "data");

  const backup = await run(["backup", first, "--json"], { DATABASE_URL: source.url });
  expect(backup).toMatchObject({ code: 0, err: "" });
  expect(JSON.parse(backup.out)).toMatchObject({ ok: true, file: first, bytes: (await stat(first)).size });

  const restore = await run(["restore", first], { NINES_DATA_DIR: dataDir });
  expect(restore).toMatchObject({ code: 0, err: "" });
  expect(restore.out).toMatch(/^restored [\d,]+ rows of \d+ tables/);
  expect(await findRunningEmbedded(dataDir)).toBeNull();

  expect((await run(["restore", first], { NINES_DATA_DIR: dataDir })).err).toMatch(/^RESTORE_NOT_EMPTY/);
  expect((await run(["backup", second], { NINES_DATA_DIR: dataDir })).code).toBe(0);

  const target = await testDatabase();
  expect((await run(["restore", second], { DATABASE_URL: target.url })).code).toBe(0);
  const read = (db: TestDatabase): Promise<unknown> => db.database.transaction(readEverything, { deadlineMs: 20_000 });
  expect(await read(target)).toEqual(await read(source));
  await target.drop();
});

test.each([
  [["backup"], 2, /^USAGE/],
  [["restore", "a", "b"], 2, /^USAGE/],
  [["backup", "a", "--fast"], 2, /^USAGE/],
])("%j is a usage error", async (args, code, expected) => {
  const result = await run(args, {});
  expect(result.code).toBe(code);
  expect(result.err).toMatch(expected);
});

test("what is not there is said, and nothing is made", async () => {
  const dataDir = join(folder, "none");
  const file = join(folder, "none.backup");
  expect((await run(["backup", file], { NINES_DATA_DIR: dataDir })).err).toMatch(/^NOT_FOUND/);
  expect((await run(["restore", file], { NINES_DATA_DIR: dataDir })).err).toMatch(/^NOT_FOUND/);
  expect([dataDir, file].filter((path) => existsSync(path))).toEqual([]);
});

test("an error never shows the password of the database", async () => {
  const url = new URL(source.url);
  url.password = "hunter2";
  const result = await run(["backup", join(folder, "x.backup")], { DATABASE_URL: url.href });
  expect(result.code).toBe(1);
  expect(result.err).toMatch(/^DATABASE_REFUSED/);
  expect(result.err).not.toContain("hunter2");
  await expect(readFile(join(folder, "x.backup"))).rejects.toMatchObject({ code: "ENOENT" });
});
