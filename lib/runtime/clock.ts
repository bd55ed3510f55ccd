import { performance } from "node:perf_hooks";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** Time as an argument: loops and decisions get one of these, tests pass their own. */
export type Clock = {
  /** The wall clock: may jump. For instants that are stored or shown. */
  readonly now: () => EpochMs;
  /** Milliseconds with fractions since an arbitrary start; never goes back. For durations and beats. */
  readonly monotonicMs: () => number;
  /** Resolves after `ms`. Rejects with the signal's reason as soon as the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Longest delay that a timer of Node can hold; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => epochMs(Date.now()),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleepFor(Math.min(Math.max(ms, 0), LONGEST_TIMER_MS), undefined, { signal });
  },
};
