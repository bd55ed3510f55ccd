import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Run } from "#lib/core/outcome.ts";
import type { Recorded } from "#lib/core/tries.ts";
import { takeApart } from "#lib/core/tries.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import type { Backlog } from "./backlog.ts";
import { createBacklog } from "./backlog.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nines-spool-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = async (capBytes?: number): Promise<Backlog> => {
  const backlog = createBacklog({ dir, log: silentLogger, ...(capBytes === undefined ? {} : { capBytes }) });
  await backlog.open();
  return backlog;
};
const range = (from: number, until: number): Run[] =>
  Array.from({ length: until - from }, (_, index) => sampleRun({ scheduledAt: from + index }));
const indexes = (all: readonly Recorded[]): number[] =>
  takeApart(all).runs.map(({ scheduledAt }) => scheduledAt as number);
const drain = async (backlog: Backlog, limit = 100): Promise<Run[]> => {
  const all: Recorded[] = [];
  for (let runs = await backlog.next(limit); runs.length > 0; runs = await backlog.next(limit)) {
    all.push(...runs);
    await backlog.confirm();
  }
  return all as Run[];
};
const numbers = (until: number): number[] => Array.from({ length: until }, (_, index) => index);

describe("the backlog on disk", () => {
  test("gives runs back in order, whole, and leaves no file", async () => {
    const backlog = await open();
    await backlog.append(range(0, 150));
    await backlog.append(range(150, 250));
    expect(backlog.size()).toMatchObject({ runs: 250, runsInMemory: 0 });
    expect(await drain(backlog)).toEqual(range(0, 250));
    expect(backlog.size()).toEqual({ runs: 0, bytes: 0, runsInMemory: 0 });
    expect(await readdir(dir)).toEqual([]);
  });

  test("gives the same runs until they are confirmed, while others are added behind them", async () => {
    const backlog = await open();
    await backlog.append(range(0, 10));
    expect(indexes(await backlog.next(4))).toEqual([0, 1, 2, 3]);
    await backlog.append(range(10, 12));
    expect(indexes(await backlog.next(100))).toEqual([0, 1, 2, 3]);
    await backlog.confirm();
    expect(backlog.size().runs).toBe(8);
    expect(indexes(await drain(backlog, 3))).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test("a process that ended leaves its runs to the next one, in order, and files are for this user alone", async () => {
    const before = await open();
    await before.append(range(0, 5));
    expect(await before.close()).toBe(0);
    const after = await open();
    expect(after.size().runs).toBe(5);
    await after.append(range(5, 8));
    expect(indexes(await drain(after))).toEqual(numbers(8));
  });

  test("cut at any byte it loses the run that was being written, and no other", async () => {
    const written = await open();
    await written.append(range(0, 3));
    await written.close();
    const path = join(dir, "0001.log");
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      const complete = Math.floor((length * 3) / whole.length);
      expect(indexes(await drain(await open())), `cut at ${length}`).toEqual(numbers(complete));
    }
  });

  test("past its cap details of the oldest runs go, their results stay, and the newest are whole", async () => {
    const backlog = await open(100_000);
    for (let from = 0; from < 1_000; from += 20) await backlog.append(range(from, from + 20));
    expect(backlog.size().bytes).toBeLessThanOrEqual(100_000);
    expect(backlog.size().runs).toBe(1_000);
    const runs = await drain(await open(100_000));
    expect(indexes(runs)).toEqual(numbers(1_000));
    const firstWhole = runs.findIndex(({ outcome }) => outcome.detail !== "folded");
    expect(firstWhole).toBeGreaterThan(500);
    expect(runs.slice(firstWhole)).toEqual(range(firstWhole, 1_000));
    await backlog.close();
  });

  test("tries wait with the runs, in order, and go with the details when the oldest are folded", async () => {
    const triedAt = (from: number): Recorded[] =>
      range(from, from + 20).flatMap((run): Recorded[] => [run, { number: 2, run }]);
    const backlog = await open(100_000);
    await backlog.append(triedAt(0));
    expect(await backlog.next(3)).toEqual(triedAt(0).slice(0, 3));
    await backlog.confirm();
    for (let from = 20; from < 1_000; from += 20) await backlog.append(triedAt(from));
    const all: Recorded[] = [];
    for (let some = await backlog.next(50); some.length > 0; some = await backlog.next(50)) {
      all.push(...some);
      await backlog.confirm();
    }
    const { runs, tries } = takeApart(all);
    // The first file was being read and is whole: only what was stored before is missing of it.
    expect(indexes(runs)).toEqual(numbers(1_000).slice(2));
    const folded = new Set(runs.filter(({ outcome }) => outcome.detail === "folded").map((run) => run.scheduledAt));
    expect(folded.size).toBeGreaterThan(300);
    expect(tries.filter(({ run }) => folded.has(run.scheduledAt))).toEqual([]);
    expect(tries.length).toBeGreaterThan(50);
    expect(backlog.size()).toEqual({ runs: 0, bytes: 0, runsInMemory: 0 });
  });

  test("when even folded runs are too many the oldest go, and the size keeps its cap", async () => {
    const backlog = await open(8_000);
    for (let from = 0; from < 3_000; from += 20) await backlog.append(range(from, from + 20));
    expect(backlog.size().bytes).toBeLessThanOrEqual(8_000);
    const runs = indexes(await drain(backlog));
    expect(runs.at(-1)).toBe(2_999);
    expect(runs).toEqual(numbers(3_000).slice(-runs.length));
  });

  test("a fold that was cut off by a crash changes nothing", async () => {
    const written = await open();
    await written.append(range(0, 3));
    await written.close();
    await writeFile(join(dir, "0001.fold"), "half");
    await writeFile(join(dir, "0002.fold.tmp"), "half");
    const backlog = await open();
    expect(await drain(backlog)).toEqual(range(0, 3));
    expect(await readdir(dir)).toEqual([]);
  });
});

describe("a disk that refuses", () => {
  test("an append that fails keeps nothing, and a later one goes on in order", async () => {
    await writeFile(join(dir, "file"), "");
    const backlog = createBacklog({ dir: join(dir, "file", "spool"), log: silentLogger });
    await expect(backlog.open()).rejects.toThrow();
    await expect(backlog.append(range(0, 3))).rejects.toThrow();
    expect(backlog.size().runs).toBe(0);
    await rm(join(dir, "file"));
    await backlog.append(range(0, 3));
    expect(indexes(await drain(backlog))).toEqual([0, 1, 2]);
  });

  test("runs folded in memory are given back in their place and written down on close", async () => {
    const backlog = await open();
    await backlog.append(range(0, 3));
    backlog.keepFolded(range(3, 6));
    await backlog.append(range(6, 9));
    expect(backlog.size()).toMatchObject({ runs: 9, runsInMemory: 3 });
    expect(await backlog.close()).toBe(0);
    expect(indexes(await drain(await open()))).toEqual(numbers(9));
    const without = createBacklog({ dir: null, log: silentLogger });
    without.keepFolded(range(0, 4));
    expect(await without.close()).toBe(4);
  });
});

test("killed at any moment, every run that was on the disk is there afterwards, once and in order", async () => {
  const script = fileURLToPath(new URL("../../test/support/spool-writer.ts", import.meta.url));
  let acknowledged = 0;
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, [script, dir, String(acknowledged)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    const wanted = 3 + round * 5;
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.split("\n").length > wanted) child.kill("SIGKILL");
    });
    await once(child, "close");
    acknowledged = Number(text.trimEnd().split("\n").at(-1));
  }
  const runs = indexes(await drain(await open()));
  // What was written but not told in time is written again by the next process: a sink stores it once.
  expect([...new Set(runs)].sort((a, b) => a - b)).toEqual(numbers(Math.max(...runs) + 1));
  expect(runs.length).toBeGreaterThanOrEqual(acknowledged);
  expect(runs.length - acknowledged).toBeLessThanOrEqual(5 * 7 * 40);
});
