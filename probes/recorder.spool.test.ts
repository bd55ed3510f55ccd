import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Run } from "#lib/core/outcome.ts";
import type { Try } from "#lib/core/tries.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { sampleRun } from "#test/support/sample-run.ts";
import { waitFor } from "#test/support/wait-for.ts";
import type { Recorder } from "./recorder.ts";
import { startRecorder } from "./recorder.ts";
import { readFrames } from "./spool/frame.ts";

/** Sleeps are a fiftieth as long: the order of events is what is tested. */
const clock = { ...systemClock, sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / 50, signal) };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nines-recorder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const createSink = () => {
  const sink = {
    isAway: true,
    stored: [] as Run[],
    accept: (runs: readonly Run[]): Promise<void> => {
      if (sink.isAway) return Promise.reject(new Error("the database is away"));
      sink.stored.push(...runs);
      return Promise.resolve();
    },
  };
  return sink;
};
const start = (sink: ReturnType<typeof createSink>, changes: { spoolDir?: string; maxKept?: number } = {}): Recorder =>
  startRecorder({
    sink,
    clock,
    log: silentLogger,
    random: () => 0.5,
    spoolDir: join(folder, "spool", "local"),
    stopWithinMs: 10_000,
    ...changes,
  });
const feed = (recorder: Recorder, from: number, until: number): void => {
  for (let index = from; index < until; index += 1) recorder.record(sampleRun({ scheduledAt: index }));
};
const files = () => readdir(join(folder, "spool", "local")).catch(() => [] as string[]);
const indexes = (runs: readonly Run[]) => runs.map(({ scheduledAt }) => scheduledAt as number);
const numbers = (until: number): number[] => Array.from({ length: until }, (_, index) => index);

describe("a recorder with a spool", () => {
  test("leaves no file while the sink takes its runs", async () => {
    const sink = createSink();
    sink.isAway = false;
    const recorder = start(sink);
    feed(recorder, 0, 2_500);
    await waitFor("runs to be stored", () => sink.stored.length === 2_500);
    expect(await recorder.stop()).toBe(0);
    expect(await files()).toEqual([]);
  });

  test("while the sink is away runs wait on disk; when it is back all come in order, once, and no file is left", async () => {
    const sink = createSink();
    const recorder = start(sink);
    for (let from = 0; from < 5_000; from += 500) {
      feed(recorder, from, from + 500);
      await waitFor("a file of the spool", async () => (await files()).length > 0);
    }
    expect(recorder.kept()).toBe(5_000);
    sink.isAway = false;
    await waitFor("runs to be stored", () => sink.stored.length >= 5_000);
    feed(recorder, 5_000, 5_100);
    await waitFor("nothing to be kept", () => recorder.kept() === 0);
    expect(indexes(sink.stored)).toEqual(numbers(5_100));
    expect(await files()).toEqual([]);
    expect(await recorder.stop()).toBe(0);
  });

  test("a stop leaves what is not stored on disk, and the next start stores it first", async () => {
    const sink = createSink();
    const first = start(sink);
    feed(first, 0, 300);
    expect(await first.stop()).toBe(0);
    expect(await first.stop()).toBe(0);
    expect((await files()).length).toBeGreaterThan(0);
    sink.isAway = false;
    const second = start(sink);
    feed(second, 300, 310);
    await waitFor("runs to be stored", () => sink.stored.length === 310);
    expect(indexes(sink.stored).slice(0, 300)).toEqual(numbers(300));
    expect(await second.stop()).toBe(0);
    expect(await files()).toEqual([]);
  });

  test("a disk that refuses costs nothing while there is memory, and when it is well again runs go there", async () => {
    await writeFile(join(folder, "blocked"), "");
    const sink = createSink();
    const recorder = start(sink, { spoolDir: join(folder, "blocked", "local"), maxKept: 1_000 });
    feed(recorder, 0, 4_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(recorder.kept()).toBe(4_000);
    await rm(join(folder, "blocked"));
    await waitFor(
      "a file of the spool",
      async () => (await readdir(join(folder, "blocked", "local")).catch(() => [])).length > 0,
    );
    sink.isAway = false;
    await waitFor("nothing to be kept", () => recorder.kept() === 0);
    expect(indexes(sink.stored).sort((a, b) => a - b)).toEqual(numbers(4_000));
    expect(await recorder.stop()).toBe(0);
  });

  test("a sink that fails now and then gets every run", async () => {
    const sink = createSink();
    let calls = 0;
    const moody = { accept: (runs: readonly Run[]) => ((sink.isAway = calls++ % 3 !== 2), sink.accept(runs)) };
    const recorder = startRecorder({
      sink: moody,
      clock,
      log: silentLogger,
      random: () => 0.5,
      spoolDir: join(folder, "spool", "local"),
      spoolBytes: 1_000_000,
    });
    for (let from = 0; from < 6_000; from += 100) {
      feed(recorder, from, from + 100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor("nothing to be kept", () => recorder.kept() === 0);
    expect(indexes(sink.stored).sort((a, b) => a - b)).toEqual(numbers(6_000));
    expect(await recorder.stop()).toBe(0);
  });

  test("while a hand-over hangs, runs are on the disk within a second; what it stored after all is not handed over again", async () => {
    const own = createFakeClock(0);
    const spoolDir = join(folder, "spool", "local");
    const handed: { runs: number[]; finish: () => void }[] = [];
    const accept = (runs: readonly Run[]): Promise<void> =>
      new Promise((finish) => handed.push({ runs: indexes(runs), finish }));
    const recorder = startRecorder({ sink: { accept }, clock: own, log: silentLogger, random: () => 0.5, spoolDir });
    const onDisk = async (): Promise<number> => {
      const names = await readdir(spoolDir).catch(() => [] as string[]);
      const data = await Promise.all(names.map((name) => readFile(join(spoolDir, name))));
      return data.reduce((sum, each) => sum + readFrames(each).payloads.length, 0);
    };
    await own.whenSleeping(1);
    feed(recorder, 0, 5);
    await own.whenSleeping(1);
    await own.advance(250);
    await waitFor("the hand-over", () => handed.length === 1);
    await own.whenSleeping(1);
    feed(recorder, 5, 8);
    await own.advance(750);
    await waitFor("the runs on the disk", async () => (await onDisk()) === 8);
    await own.whenSleeping(1);
    feed(recorder, 8, 10);
    await own.advance(750);
    await waitFor("the later runs on the disk", async () => (await onDisk()) === 10);
    handed[0]?.finish();
    await waitFor("the rest to be handed over", () => handed.length === 2);
    expect(handed.map(({ runs }) => runs)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ]);
    handed[1]?.finish();
    await waitFor("nothing to be kept", () => recorder.kept() === 0);
    expect(await recorder.stop()).toBe(0);
    expect(await onDisk()).toBe(0);
    expect(own.sleeping()).toBe(0);
  });

  test("tries go the way of runs, apart from them, also over the disk and a restart", async () => {
    const spoolDir = join(folder, "spool", "local");
    const away = { accept: () => Promise.reject(new Error("the database is away")) };
    const tried = { number: 2, run: sampleRun({ scheduledAt: 1, outcome: { class: "timeout" } }) };
    const common = { clock, log: silentLogger, random: () => 0.5, spoolDir };
    const first = startRecorder({ ...common, sink: away, stopWithinMs: 10_000 });
    feed(first, 0, 3);
    first.record(tried);
    expect(await first.stop()).toBe(0);
    const stored: [readonly Run[], readonly Try[]][] = [];
    const second = startRecorder({ ...common, sink: { accept: async (...given) => void stored.push(given) } });
    await waitFor("nothing to be kept", () => stored.length > 0 && second.kept() === 0);
    expect(stored.map(([runs, tries]) => [indexes(runs), tries])).toEqual([[[0, 1, 2], [tried]]]);
    expect(await second.stop()).toBe(0);
  });
});
