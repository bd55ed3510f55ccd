import type { DurationMs } from "../units.ts";
import { durationMs, MINUTE_MS, SECOND_MS } from "../units.ts";
import type { CallFailure } from "./call-failure.ts";

/** Waits before the second, third and fourth attempt of one call (R52). */
const PROMPT_DELAYS_MS = [1 * SECOND_MS, 2 * SECOND_MS, 5 * SECOND_MS] as const;
/** 429: two minutes later, at most three times (R55). */
const RATE_LIMIT_DELAY_MS = 2 * MINUTE_MS;
const RATE_LIMIT_ROUNDS = 3;
/** 503: at most ten times within an hour, each wait twice the one before (R56): 7 s x (2^9 - 1) is 59 min 37 s. */
const UNAVAILABLE_FIRST_MS = 7 * SECOND_MS;
const UNAVAILABLE_ROUNDS = 10;
/** Somebody who asks for more waits no longer than this. */
const LONGEST_WAIT_MS = 60 * MINUTE_MS;
/** Jitter shortens a wait to this share of it at most, so that many callers do not come back together. */
const LEAST_JITTER = 0.9;

/** What to do after a failed attempt. */
export type NextStep =
  /** Try again within the same call. */
  | { readonly kind: "again"; readonly afterMs: DurationMs }
  /** Get new credentials, then try once more (R54). */
  | { readonly kind: "refresh" }
  /** End the call; a new one makes sense after the wait. `isExhausted`: operators should hear of it. */
  | { readonly kind: "later"; readonly afterMs: DurationMs; readonly isExhausted: boolean }
  /** The same call would fail again: something has to be changed by people first. */
  | { readonly kind: "give_up" };

export type FailedCall = {
  readonly failure: CallFailure;
  /** Attempts made in this call, this one included. */
  readonly attempts: number;
  /** Calls in a row that ended in `later` for the same reason before this one. */
  readonly rounds: number;
  /** Credentials were renewed in this call already, or cannot be. */
  readonly isRefreshed: boolean;
  /** 0 to 1 inclusive, from the caller's random source; 1 is the bare delay. */
  readonly random: number;
};

const jittered = (ms: number, random: number): DurationMs =>
  durationMs(Math.round(ms * (LEAST_JITTER + (1 - LEAST_JITTER) * Math.min(1, Math.max(0, random)))));

const notBefore = (ms: DurationMs, asked: DurationMs | null): DurationMs =>
  durationMs(Math.min(LONGEST_WAIT_MS, Math.max(ms, asked ?? 0)));

const promptly = ({ attempts, random }: FailedCall): NextStep => {
  const delay = PROMPT_DELAYS_MS[attempts - 1];
  if (delay !== undefined) return { kind: "again", afterMs: jittered(delay, random) };
  return { kind: "later", afterMs: jittered(MINUTE_MS, random), isExhausted: false };
};

/** How long to leave a server alone that says it is full (429) or away (503). */
const putOff = (call: FailedCall, status: 429 | 503, asked: DurationMs | null): NextStep => {
  const { rounds, random } = call;
  const isRateLimit = status === 429;
  const most = isRateLimit ? RATE_LIMIT_ROUNDS : UNAVAILABLE_ROUNDS;
  const bare = isRateLimit ? RATE_LIMIT_DELAY_MS : UNAVAILABLE_FIRST_MS * 2 ** Math.min(rounds, most - 2);
  return { kind: "later", afterMs: notBefore(jittered(bare, random), asked), isExhausted: rounds + 1 >= most };
};

/**
 * The retry matrix of our own calls (R51 to R57): time-outs, broken connections and 5xx up to three times after 1, 2 and
 * 5 s; 429 and 503 end the call and put the next one off, no sooner than `Retry-After` asks; 401 once with fresh
 * credentials; every other 4xx, and what our own policy refuses, never.
 */
export const nextStep = (call: FailedCall): NextStep => {
  const { failure, isRefreshed } = call;
  switch (failure.kind) {
    case "blocked":
      return { kind: "give_up" };
    case "not_sent":
      return { kind: "later", afterMs: failure.retryAfterMs, isExhausted: false };
    case "unreachable":
    case "timeout":
    case "malformed":
      return promptly(call);
    case "status": {
      const { status, retryAfterMs } = failure;
      if (status === 429 || status === 503) return putOff(call, status, retryAfterMs);
      if (status === 401) return isRefreshed ? { kind: "give_up" } : { kind: "refresh" };
      if (status >= 500) return promptly(call);
      return { kind: "give_up" };
    }
  }
};
