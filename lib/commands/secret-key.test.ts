import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSecretKeys } from "./secret-key.ts";

/** The key in use. */
const loadSecretKey = async (args: Parameters<typeof loadSecretKeys>[0]): Promise<Buffer> =>
  (await loadSecretKeys(args)).keys[0] as Buffer;

let dataDir = "";
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "nines-key-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test("the variable wins and makes no file", async () => {
  const key = randomBytes(32);
  expect(await loadSecretKey({ value: key.toString("base64"), dataDir })).toEqual(key);
  expect(await readdir(dataDir)).toEqual([]);
});

test("the first start makes a file that only its owner reads, and later starts get the same key", async () => {
  const first = await loadSecretKey({ value: undefined, dataDir: join(dataDir, "new") });
  expect(first).toHaveLength(32);
  expect((await stat(join(dataDir, "new", "secret.key"))).mode & 0o777).toBe(0o600);
  expect(await loadSecretKey({ value: "", dataDir: join(dataDir, "new") })).toEqual(first);
});

test("many first starts at once agree on one key and leave no other file", async () => {
  const keys = await Promise.all(Array.from({ length: 10 }, () => loadSecretKey({ value: null, dataDir })));
  expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(["secret.key"]);
});

test.each([
  { name: "too short", value: randomBytes(31).toString("base64") },
  { name: "too long", value: randomBytes(33).toString("base64") },
  { name: "not base64", value: "correct horse battery staple" },
])("a key that is $name is refused and not printed", async ({ value }) => {
  await expect(loadSecretKey({ value, dataDir })).rejects.toThrow(
    /SECRET_KEY_INVALID: NINES_SECRET_KEY must be 32 bytes/,
  );
  await expect(loadSecretKey({ value, dataDir })).rejects.not.toThrow(value);
});

test("a spoilt key file is an error and is left as it is", async () => {
  await writeFile(join(dataDir, "secret.key"), "spoilt");
  await expect(loadSecretKey({ value: undefined, dataDir })).rejects.toThrow(/SECRET_KEY_INVALID/);
  expect(await readFile(join(dataDir, "secret.key"), "utf8")).toBe("spoilt");
});
