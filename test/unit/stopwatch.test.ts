import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { startStopwatch } from "#test/support/stopwatch.ts";

test("waiting is counted, and no more than the time that passed", async () => {
  const startedAt = performance.now();
  const stop = startStopwatch();
  await sleep(100);
  const ms = stop();
  // Ticks that a busy machine held up count in part.
  expect(ms).toBeGreaterThan(10);
  expect(ms).toBeLessThanOrEqual(performance.now() - startedAt);
});

test("work that blocks the event loop is counted", () => {
  const stop = startStopwatch();
  const from = process.cpuUsage();
  while (process.cpuUsage(from).user < 100_000);
  expect(stop()).toBeGreaterThan(95);
});

test("time without a processor is not counted", () => {
  const stop = startStopwatch();
  // As a process that stands still: no turn of the loop, no work.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  expect(stop()).toBeLessThan(200);
});
