import type { Clock } from "./clock.ts";

export type LoopArgs = {
  /** Pause between the end of one round and the start of the next, in milliseconds. */
  readonly intervalMs: number;
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Ends the pause early when its promise settles. It is asked anew for each pause and must give up when its signal aborts. */
  readonly wake?: (signal: AbortSignal) => Promise<void>;
};

/** Waits for the interval or the wake, whichever comes first, and leaves neither behind. */
const pause = async ({ intervalMs, clock, signal, wake }: LoopArgs): Promise<void> => {
  if (wake === undefined) return clock.sleep(intervalMs, signal);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const asleep = clock.sleep(intervalMs, either);
  // A wake that fails is no reason to stop, nor to spin: the interval still holds.
  const woken = wake(either).catch(() => asleep);
  try {
    await Promise.race([asleep, woken]);
  } finally {
    over.abort();
    await Promise.allSettled([asleep]);
  }
};

/** Runs `work` until the signal aborts. One failed round is reported and does not end the loop. */
export const runLoop = async (args: LoopArgs): Promise<void> => {
  // A call, because TypeScript narrows the property for good.
  const stopping = (): boolean => args.signal.aborted;
  while (!stopping()) {
    try {
      await args.work(args.signal);
    } catch (error) {
      if (!stopping()) args.onError(error);
    }
    if (stopping()) return;
    try {
      await pause(args);
    } catch (error) {
      if (!stopping()) throw error;
    }
  }
};
