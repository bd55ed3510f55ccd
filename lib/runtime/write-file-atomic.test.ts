import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomic } from "./write-file-atomic.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-atomic-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("the file holds the new bytes, has the mode asked for, and no temporary file stays", async () => {
  const path = join(folder, "snapshot.json");
  await writeFile(path, "old");
  await writeFileAtomic(path, "new", { mode: 0o640 });
  expect(await readFile(path, "utf8")).toBe("new");
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect(await readdir(folder)).toEqual(["snapshot.json"]);
});

test("a write that fails leaves the old file and nothing else", async () => {
  const path = join(folder, "taken");
  await writeFileAtomic(join(folder, "other"), "x");
  await expect(writeFileAtomic(join(path, "missing", "file"), "x")).rejects.toThrow(/ENOENT/);
  expect(await readdir(folder)).toEqual(["other"]);
});

test("of many writers at once one wins as a whole", async () => {
  const path = join(folder, "shared");
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));
  await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
  expect(texts).toContain(await readFile(path, "utf8"));
  expect(await readdir(folder)).toEqual(["shared"]);
});
