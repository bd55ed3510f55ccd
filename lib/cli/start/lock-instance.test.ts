import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockInstance } from "./lock-instance.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a lock names its process and is gone after the release, without leftovers", async () => {
  const release = await lockInstance(folder, ["web"]);
  expect(await readFile(join(folder, "nines.pid"), "utf8")).toBe(`${process.pid}\nweb\n`);
  expect(await readdir(folder)).toEqual(["nines.pid"]);
  await release();
  expect(await readdir(folder)).toEqual([]);
});

test.each(["", "garbage", "0", "-1", "1", "999999999"])("a lock that says %j is no obstacle", async (text) => {
  await writeFile(join(folder, "nines.pid"), text);
  await (await lockInstance(folder, ["web"]))();
  expect(await readdir(folder)).toEqual([]);
});

test("a live Nines keeps its folder to itself", async () => {
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "nines"], { stdio: "ignore" });
  await once(other, "spawn");
  try {
    await writeFile(join(folder, "nines.pid"), `${other.pid}\n`);
    await expect(lockInstance(folder, ["web"])).rejects.toMatchObject({ code: "ALREADY_RUNNING" });
    expect(await readdir(folder)).toEqual(["nines.pid"]);
  } finally {
    other.kill("SIGKILL");
    await once(other, "exit");
  }
});
