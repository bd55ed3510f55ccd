import type { Failure } from "./types.ts";

/** What went wrong with a run, and the words for people. */
export const failed = (name: Failure["class"], detail: string): Failure => ({ kind: "failed", class: name, detail });

export type Ending<Outcome> = {
  /** The first call counts; later ones change nothing. */
  readonly end: (outcome: Outcome) => void;
  readonly isOver: () => boolean;
  /** Calls `work` in so many milliseconds, unless it is over by then. */
  readonly later: (ms: number, work: () => void) => void;
};

/**
 * The one end of an exchange with a peer, by whatever comes first. A signal that aborts ends it as `skipped`: our stopping
 * says nothing about the peer. `onEnd` is called once, when no timer and no listener is left.
 */
export const endOnce = <Outcome>(
  signal: AbortSignal,
  onEnd: (outcome: Outcome | Failure) => void,
): Ending<Outcome | Failure> => {
  const timers: NodeJS.Timeout[] = [];
  let isOver = false;
  const end = (outcome: Outcome | Failure): void => {
    if (isOver) return;
    isOver = true;
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    onEnd(outcome);
  };
  const onAbort = (): void => end(failed("skipped", "shutdown"));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  return { end, isOver: () => isOver, later: (ms, work) => void timers.push(setTimeout(work, ms)) };
};
