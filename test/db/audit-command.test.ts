import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { cliOf, jsonOf } from "./cli-world.ts";

let db: TestDatabase;
let run: ReturnType<typeof cliOf>;
let folder: string;

beforeAll(async () => {
  db = await testDatabase();
  run = cliOf(db);
  folder = await mkdtemp(join(tmpdir(), "nines-audit-"));
  for (const login of ["ana", "ben", "eva"]) await run("user", "add", login, "--role", "viewer");
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true, force: true });
});

test("audit verifies the database and an exported file, and finds what was changed, cut out or cut off", async () => {
  const verdict = await jsonOf(run("audit", "verify", "--json"));
  expect(verdict).toMatchObject({ isWhole: true, rows: 3 });
  const file = join(folder, "audit.ndjson");
  const { out } = await run("audit", "export");
  await writeFile(file, out);
  expect((await run("audit", "verify", "--file", file)).out).toBe(
    `whole: 3 rows, the last hash is ${String(verdict.head)}\n`,
  );
  const lines = out.trimEnd().split("\n");
  const broken = async (text: string, ...more: readonly string[]) => {
    await writeFile(file, text);
    const answer = await run("audit", "verify", "--file", file, ...more);
    return [answer.code, answer.out];
  };
  expect(await broken(out.replaceAll("ben", "ban"))).toEqual([1, expect.stringMatching(/^BROKEN at row 2/)]);
  expect(await broken(`${lines[0]}\n${lines[2]}\n`)).toEqual([1, expect.stringMatching(/^BROKEN at row 2/)]);
  expect(await broken(`${lines[0]}\nnonsense\n`)).toEqual([1, expect.stringMatching(/^BROKEN at row 2/)]);
  expect(await broken(`${lines[0]}\n${lines[1]}\n`, "--expect", String(verdict.head))).toEqual([
    1,
    expect.stringContaining("not the one that was noted"),
  ]);
});

test("audit export writes what a filter lets through, as CSV with one head", async () => {
  const { code, out } = await run(
    "audit",
    "export",
    "--format",
    "csv",
    "--action",
    "user.",
    "--from",
    "2026-01-01T00:00:00Z",
  );
  expect(code).toBe(0);
  const lines = out.trimEnd().split(/\r?\n/);
  expect(lines).toHaveLength(4);
  expect(lines[0]).toContain("sequence");
  expect((await run("audit", "export", "--actor", "nobody")).out).toBe("");
});

test.each([
  { args: [], says: "no subcommand" },
  { args: ["erase"], says: "erase" },
  { args: ["export", "--format", "xml"], says: 'there is no format "xml"' },
  { args: ["verify", "file.ndjson"], says: "not expected" },
])("audit $args is wrong usage and says why", async ({ args, says }) => {
  const { code, err } = await run("audit", ...args);
  expect(code).toBe(2);
  expect(err).toContain(says);
});

test("a file that is not there is said to be missing", async () => {
  const { code, err } = await run("audit", "verify", "--file", join(folder, "none.ndjson"));
  expect(code).toBe(1);
  expect(err).toMatch(/^NOT_FOUND/);
});
