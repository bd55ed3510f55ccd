import { describe, expect, test } from "vitest";
import type { Run } from "#lib/core/outcome.ts";
import { durationUs, epochMs } from "#lib/core/units.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { startRecorder } from "#probes/recorder.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";

const run = (index: number): Run => ({
  probeId: "p",
  locationId: "fra",
  scheduledAt: epochMs(index),
  startedAt: epochMs(index),
  traceId: null,
  outcome: {
    class: "ok",
    detail: null,
    durationUs: durationUs(1),
    phasesUs: { dns: null, connect: null, tls: null, firstByte: null, transfer: null },
    httpStatus: 200,
    bytesRead: 0,
    address: null,
    certificateExpiresAt: null,
    failures: [],
  },
});

const setUp = (accept: (runs: readonly Run[]) => Promise<void>, limits = {}) => {
  const clock = createFakeClock(0);
  const recorder = startRecorder({ sink: { accept }, clock, log: silentLogger, random: () => 0.5, ...limits });
  return { clock, recorder };
};
const indexes = (runs: readonly Run[]) => runs.map(({ scheduledAt }) => scheduledAt as number);
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the recorder", () => {
  test("hands runs over in order, in one batch, a quarter of a second after the first", async () => {
    const batches: number[][] = [];
    const { clock, recorder } = setUp(async (runs) => void batches.push(indexes(runs)));
    await clock.whenSleeping(1);
    for (let i = 0; i < 5; i += 1) recorder.record(run(i));
    await turn();
    await clock.advance(249);
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect(batches).toEqual([[0, 1, 2, 3, 4]]);
    expect(await recorder.stop()).toBe(0);
  });

  test("a full batch goes at once, and what is left goes on stop", async () => {
    const sizes: number[] = [];
    const { clock, recorder } = setUp(async (runs) => void sizes.push(runs.length));
    await clock.whenSleeping(1);
    for (let i = 0; i < 2_345; i += 1) recorder.record(run(i));
    while (sizes.length < 2) await turn();
    expect(sizes).toEqual([1_000, 1_000]);
    expect(await recorder.stop()).toBe(0);
    expect(sizes).toEqual([1_000, 1_000, 345]);
  });

  test("while the sink fails nothing is lost, doubled or reordered, and record never waits", async () => {
    const stored: number[] = [];
    let failures = 0;
    const { clock, recorder } = setUp(async (runs) => {
      if (failures++ < 12) throw new Error("the database is away");
      stored.push(...indexes(runs));
    });
    await clock.whenSleeping(1);
    for (let i = 0; i < 5_000; i += 1) recorder.record(run(i));
    for (let i = 5_000; stored.length < 5_100 && i < 100_000; i += 1) {
      if (i < 5_100) recorder.record(run(i));
      await turn();
      await clock.advance(500);
    }
    expect(stored).toEqual(Array.from({ length: 5_100 }, (_, index) => index));
    expect(recorder.kept()).toBe(0);
    expect(await recorder.stop()).toBe(0);
  });

  test("past its cap it folds the oldest in memory, keeps every result, and goes on", async () => {
    const stored: Run[] = [];
    let isAway = true;
    const { clock, recorder } = setUp(
      async (runs) => {
        if (isAway) throw new Error("the database is away");
        stored.push(...runs);
      },
      { maxKept: 3_000 },
    );
    await clock.whenSleeping(1);
    for (let i = 0; i < 10_000; i += 1) recorder.record(run(i));
    expect(recorder.kept()).toBe(10_000);
    isAway = false;
    const stopped = recorder.stop();
    while (stored.length < 10_000) await turn();
    expect(await stopped).toBe(0);
    expect(indexes(stored).sort((a, b) => a - b)).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    const folded = stored.filter(({ outcome }) => outcome.detail === "folded");
    expect(folded.length).toBeGreaterThanOrEqual(6_000);
    expect(folded.length).toBeLessThan(8_000);
  });

  test("stop gives up after its deadline and says how many runs were not stored, even when the sink hangs", async () => {
    const { clock, recorder } = setUp(() => new Promise(() => undefined));
    await clock.whenSleeping(1);
    for (let i = 0; i < 7; i += 1) recorder.record(run(i));
    const stopped = recorder.stop();
    await clock.whenSleeping(1);
    for (let i = 0; i < 20; i += 1) await clock.advance(250);
    expect(await stopped).toBe(7);
    expect(clock.sleeping()).toBe(0);
  });
});
