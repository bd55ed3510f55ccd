import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDataFolder } from "./make-data-folder.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-folder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("folders are made as deep as asked for, also through a link, and those that are there are taken", async () => {
  await symlink(folder, join(folder, "link"));
  for (const path of [join(folder, "a", "b", "c"), join(folder, "a", "d"), join(folder, "link"), folder]) {
    await makeDataFolder(path);
    expect((await stat(path)).isDirectory()).toBe(true);
  }
});

test("two that make the same folder at once both succeed", async () => {
  await Promise.all(Array.from({ length: 8 }, () => makeDataFolder(join(folder, "x", "y", "z"))));
});

test.runIf(process.platform === "linux").each(["/proc/x", "/proc/x/y/z", "/dev/null/x"])(
  "%s, where nothing can be made, is refused at once",
  async (path) => {
    await expect(makeDataFolder(path)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      detail: expect.stringContaining(`the data folder ${path} cannot be made`),
    });
  },
);

test("a file in the place of the folder is refused", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(makeDataFolder(join(folder, "file"))).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
});
