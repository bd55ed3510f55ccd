import type { DurationMs, EpochMs } from "../units.ts";
import { addMs, durationMs, HOUR_MS, SECOND_MS } from "../units.ts";

/** Delays after the first failures (R33); every later one is `STEADY_DELAY_MS` (R35). */
const FIRST_DELAYS_MS = [5 * SECOND_MS, 25 * SECOND_MS, 125 * SECOND_MS, 625 * SECOND_MS] as const;
const STEADY_DELAY_MS = 1_800 * SECOND_MS;

/** How long a delivery is tried (R34). */
export const DELIVERY_WINDOW_MS = durationMs(72 * HOUR_MS);
/** The longest wait that a receiver can ask for with `Retry-After`. */
export const LONGEST_RETRY_AFTER_MS = durationMs(6 * HOUR_MS);
/** Jitter shortens a delay to this share of it at most. */
const LEAST_JITTER = 0.9;

/** The wait after failed attempt `number` (from 1), before jitter. */
export const delayAfterAttempt = (number: number): DurationMs =>
  durationMs(FIRST_DELAYS_MS[number - 1] ?? STEADY_DELAY_MS);

/** When attempt `number` (from 1) is due on the bare ladder, counted from the first: 0, 5 s, 30 s, 155 s, 780 s, … */
export const ladderOffset = (number: number): DurationMs => {
  let offset = 0;
  const steep = Math.min(number - 1, FIRST_DELAYS_MS.length);
  for (let step = 0; step < steep; step += 1) offset += FIRST_DELAYS_MS[step] as number;
  return durationMs(offset + Math.max(0, number - 1 - FIRST_DELAYS_MS.length) * STEADY_DELAY_MS);
};

export type FailedAttempt = {
  /** From 1. */
  readonly number: number;
  readonly firstDueAt: EpochMs;
  readonly finishedAt: EpochMs;
  /** What the receiver asked for; null when it did not. */
  readonly retryAfterMs: DurationMs | null;
  /** 0 to 1 inclusive, from the caller's random source: 1 is the bare ladder. */
  readonly random: number;
};

export type NextAttempt = { readonly kind: "again"; readonly at: EpochMs } | { readonly kind: "dead" };

/**
 * When a failed attempt is repeated. The ladder is anchored at the first due time, so that jitter never adds up and
 * prompt failures make exactly 148 attempts, the last one at 258,180 s. A slow attempt, or an outage of ours, moves
 * the next one to a full delay after its end: a receiver never gets the missed rungs in a row. Waiting because of
 * `Retry-After` ends at the window's end, where one last attempt is made.
 */
export const nextAttempt = (failed: FailedAttempt): NextAttempt => {
  const endsAt = addMs(failed.firstDueAt, DELIVERY_WINDOW_MS);
  const delay = delayAfterAttempt(failed.number);
  const jitter = LEAST_JITTER + (1 - LEAST_JITTER) * Math.min(1, Math.max(0, failed.random));
  const onLadder = failed.firstDueAt + ladderOffset(failed.number) + delay * jitter;
  const afterEnd = failed.finishedAt + delay * jitter;
  const dueAt = Math.round(Math.max(onLadder, afterEnd));
  if (dueAt > endsAt) return { kind: "dead" };
  const asked = Math.min(failed.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
  return {
    kind: "again",
    at: addMs(failed.finishedAt, Math.min(Math.max(dueAt, failed.finishedAt + asked), endsAt) - failed.finishedAt),
  };
};
