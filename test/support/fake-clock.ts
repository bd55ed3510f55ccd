import { setImmediate as nextTurn } from "node:timers/promises";
import { epochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";

type Sleeper = { readonly dueMs: number; readonly wake: () => void };

export type FakeClock = Clock & {
  /** Moves both clocks on and wakes sleepers in the order of their due times, letting each one's work run before the next. */
  readonly advance: (ms: number) => Promise<void>;
  /** Moves the wall clock alone, as an administrator or NTP does. */
  readonly jump: (ms: number) => void;
  /** How many sleeps are under way. */
  readonly sleeping: () => number;
  /** Resolves as soon as at least `count` sleeps are under way. */
  readonly whenSleeping: (count?: number) => Promise<void>;
};

/** A clock that stands still until the test moves it. `startMs` is the wall clock's first reading in epoch milliseconds. */
export const createFakeClock = (startMs: number): FakeClock => {
  let wallMs = startMs;
  let monotonicMs = 0;
  const sleepers = new Set<Sleeper>();
  const move = (ms: number): void => {
    wallMs += ms;
    monotonicMs += ms;
  };
  const nextDue = (untilMs: number): Sleeper | undefined =>
    [...sleepers].filter((sleeper) => sleeper.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];

  const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const stop = (): void => {
        sleepers.delete(sleeper);
        reject(signal.reason);
      };
      const sleeper: Sleeper = {
        dueMs: monotonicMs + Math.max(ms, 0),
        wake: () => {
          sleepers.delete(sleeper);
          signal.removeEventListener("abort", stop);
          resolve();
        },
      };
      sleepers.add(sleeper);
      signal.addEventListener("abort", stop, { once: true });
    });

  const advance = async (ms: number): Promise<void> => {
    const untilMs = monotonicMs + ms;
    for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) {
      move(Math.max(due.dueMs - monotonicMs, 0));
      due.wake();
      // Two turns of the event loop: promises settle in the first, what they start in the second.
      await nextTurn();
      await nextTurn();
    }
    move(untilMs - monotonicMs);
  };

  return {
    now: () => epochMs(wallMs),
    monotonicMs: () => monotonicMs,
    sleep,
    advance,
    jump: (ms) => {
      wallMs += ms;
    },
    sleeping: () => sleepers.size,
    whenSleeping: async (count = 1) => {
      while (sleepers.size < count) await nextTurn();
    },
  };
};
