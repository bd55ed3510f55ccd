import type { Clock } from "#lib/runtime/clock.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";

const ASK_EVERY_MS = 5_000;
/**
 * Ninety seconds: longer than any pause that a process survives by itself (a stopped leader steps down when it wakes, a full
 * collection of garbage, a disk that hangs), and short enough that probes do not stay away for minutes.
 */
const MOST_UNANSWERED = 18;

export type AnswerWatch = {
  /** The process has said something. */
  readonly heard: () => void;
};

/**
 * Asks a process every 5 s whether it is there, and tells once when 18 questions in a row had no answer. Questions are
 * counted, not time: while we ourselves are stopped none is asked, so nobody is blamed for our own pause.
 */
export const watchAnswers = ({
  ask,
  onHung,
  clock,
  signal,
}: {
  readonly ask: () => void;
  readonly onHung: () => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): AnswerWatch => {
  let unanswered = 0;
  const told = new AbortController();
  const round = (): Promise<void> => {
    if (unanswered >= MOST_UNANSWERED) {
      told.abort();
      onHung();
    } else {
      unanswered += 1;
      ask();
    }
    return Promise.resolve();
  };
  const until = AbortSignal.any([signal, told.signal]);
  void runLoop({ intervalMs: ASK_EVERY_MS, work: round, onError: () => undefined, clock, signal: until });
  return {
    heard: () => {
      unanswered = 0;
    },
  };
};
