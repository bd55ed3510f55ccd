import type { DurationMs } from "../units.ts";
import { durationMs, SECOND_MS } from "../units.ts";

/** The figures of R58. */
const WINDOW_CALLS = 10;
const OPENS_ABOVE = 0.5;
const COOLDOWN_MS = 30 * SECOND_MS;
const SUCCESSES_TO_CLOSE = 3;

/** A circuit breaker as data. Times are of a clock that never goes back. */
export type Breaker =
  /** `recent`: the newest results, oldest first, true for a success. */
  | { readonly kind: "closed"; readonly recent: readonly boolean[] }
  | { readonly kind: "open"; readonly sinceMs: number }
  /** `trial`: when the call that is under way was let through; null when none is. */
  | { readonly kind: "half_open"; readonly successes: number; readonly trialMs: number | null };

export const CLOSED: Breaker = { kind: "closed", recent: [] };

export type Admission =
  | { readonly kind: "admitted"; readonly next: Breaker }
  | { readonly kind: "refused"; readonly next: Breaker; readonly retryAfterMs: DurationMs };

/** Whether a call may be made. Half open, one at a time; a trial whose end is never told is forgotten after the cooldown. */
export const admit = (breaker: Breaker, nowMs: number): Admission => {
  if (breaker.kind === "closed") return { kind: "admitted", next: breaker };
  const since = breaker.kind === "open" ? breaker.sinceMs : breaker.trialMs;
  const leftMs = since === null ? 0 : since + COOLDOWN_MS - nowMs;
  if (leftMs > 0) return { kind: "refused", next: breaker, retryAfterMs: durationMs(Math.ceil(leftMs)) };
  const successes = breaker.kind === "half_open" ? breaker.successes : 0;
  return { kind: "admitted", next: { kind: "half_open", successes, trialMs: nowMs } };
};

/**
 * Takes a result in. Opens when more than half of the last ten calls failed; three successes in a row after the
 * cooldown close it, one failure opens it again.
 */
export const note = (breaker: Breaker, isSuccess: boolean, nowMs: number): Breaker => {
  switch (breaker.kind) {
    case "open":
      // A call that was under way when it opened; it says nothing new.
      return breaker;
    case "half_open": {
      if (!isSuccess) return { kind: "open", sinceMs: nowMs };
      const successes = breaker.successes + 1;
      return successes >= SUCCESSES_TO_CLOSE ? CLOSED : { kind: "half_open", successes, trialMs: null };
    }
    case "closed": {
      const recent = [...breaker.recent, isSuccess].slice(-WINDOW_CALLS);
      const failures = recent.filter((each) => !each).length;
      const isFull = recent.length === WINDOW_CALLS;
      return isFull && failures / WINDOW_CALLS > OPENS_ABOVE
        ? { kind: "open", sinceMs: nowMs }
        : { kind: "closed", recent };
    }
  }
};
