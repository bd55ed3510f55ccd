import { expect, test } from "vitest";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { runLoop } from "./run-loop.ts";

const fail = (error: unknown): never => {
  throw error;
};

test("work runs at once and then after each interval, until the signal aborts", async () => {
  const clock = createFakeClock(0);
  const stop = new AbortController();
  const startedAt: number[] = [];
  const work = async () => void startedAt.push(clock.now());
  const done = runLoop({ intervalMs: 1_000, work, onError: fail, clock, signal: stop.signal });
  await clock.whenSleeping();
  await clock.advance(3_500);
  stop.abort();
  await done;
  expect(startedAt).toEqual([0, 1_000, 2_000, 3_000]);
  expect(clock.sleeping()).toBe(0);
});

test("a failed round is reported and the next one runs", async () => {
  const clock = createFakeClock(0);
  const stop = new AbortController();
  const errors: unknown[] = [];
  let rounds = 0;
  const work = async () => {
    rounds += 1;
    if (rounds === 1) throw new Error("first");
  };
  const done = runLoop({ intervalMs: 10, work, onError: (error) => errors.push(error), clock, signal: stop.signal });
  await clock.whenSleeping();
  await clock.advance(10);
  stop.abort();
  await done;
  expect(rounds).toBe(2);
  expect(errors).toEqual([new Error("first")]);
});

test("an error caused by the stop itself is not reported, and an aborted signal runs nothing", async () => {
  const clock = createFakeClock(0);
  const stop = new AbortController();
  let rounds = 0;
  const work = async () => {
    rounds += 1;
    stop.abort();
    throw new Error("cut off");
  };
  await runLoop({ intervalMs: 10, work, onError: fail, clock, signal: stop.signal });
  await runLoop({ intervalMs: 10, work, onError: fail, clock, signal: stop.signal });
  expect(rounds).toBe(1);
});

test("a wake ends the pause early, and neither the wake nor the sleep is left behind", async () => {
  const clock = createFakeClock(0);
  const stop = new AbortController();
  const wakes: (() => void)[] = [];
  const woken: AbortSignal[] = [];
  let rounds = 0;
  const wake = (signal: AbortSignal) => {
    woken.push(signal);
    return new Promise<void>((resolve) => wakes.push(resolve));
  };
  const work = async () => void (rounds += 1);
  const done = runLoop({ intervalMs: 60_000, work, onError: fail, clock, signal: stop.signal, wake });
  await clock.whenSleeping();
  wakes[0]?.();
  while (rounds < 2) await new Promise((resolve) => setImmediate(resolve));
  await clock.whenSleeping();
  expect(clock.sleeping()).toBe(1);
  expect(woken[0]?.aborted).toBe(true);
  stop.abort();
  await done;
  expect(clock.sleeping()).toBe(0);
  expect(clock.now()).toBe(0);
});

test("a wake that fails neither ends the loop nor makes it spin", async () => {
  const clock = createFakeClock(0);
  const stop = new AbortController();
  let rounds = 0;
  const work = async () => void (rounds += 1);
  const wake = () => Promise.reject(new Error("the listener is gone"));
  const done = runLoop({ intervalMs: 1_000, work, onError: fail, clock, signal: stop.signal, wake });
  await clock.whenSleeping();
  await clock.advance(2_000);
  stop.abort();
  await done;
  expect(rounds).toBe(3);
});
