import type { Breaker } from "../calls/breaker.ts";
import { admit, CLOSED, note } from "../calls/breaker.ts";
import type { EpochMs } from "../units.ts";
import { epochMs, SECOND_MS } from "../units.ts";

/** What holds an endpoint back: its circuit breaker, and how many attempts a second it is to get. */
export type Gate = {
  readonly breaker: Breaker | null;
  readonly rate: { readonly perSecond: number; readonly tokens: number | null; readonly at: EpochMs | null } | null;
};

/** What an endpoint may get now, and what its gate looks like once it got `claimed`. */
export type Opening = {
  /** Attempts that may be under way at once; 0 keeps everything waiting. */
  readonly places: number;
  readonly after: (claimed: number) => { readonly breaker: Breaker | null; readonly tokens: number | null };
};

/** The budget of a second never lets through more than itself at once, and flows in evenly. */
const tokensNow = ({ perSecond, tokens, at }: NonNullable<Gate["rate"]>, now: EpochMs): number =>
  tokens === null || at === null
    ? perSecond
    : Math.min(perSecond, tokens + (Math.max(0, now - at) * perSecond) / SECOND_MS);

/**
 * Whether an endpoint may get attempts now. Waiting here uses no attempt of the ladder. `busy` attempts are under way
 * already, `most` may be at once; an open breaker lets one trial through after its cooldown (R58).
 */
export const openGate = (gate: Gate, { now, busy, most }: { now: EpochMs; busy: number; most: number }): Opening => {
  const breaker = gate.breaker ?? CLOSED;
  const admission = admit(breaker, now);
  const byBreaker = breaker.kind === "closed" ? most : admission.kind === "admitted" && busy === 0 ? 1 : 0;
  const tokens = gate.rate === null ? null : tokensNow(gate.rate, now);
  const byRate = tokens === null ? most : busy + Math.floor(tokens);
  return {
    places: Math.min(byBreaker, byRate),
    after: (claimed) => ({
      breaker: claimed > 0 ? admission.next : gate.breaker,
      tokens: tokens === null ? null : tokens - claimed,
    }),
  };
};

/** What `null` stands for: ten attempts that were fine. */
const FINE: Breaker = { kind: "closed", recent: new Array<boolean>(10).fill(true) };

/** The breaker after an attempt. Null when it is closed and the last ten attempts were fine: then nothing is stored. */
export const afterResult = (breaker: Breaker | null, isSuccess: boolean, now: EpochMs): Breaker | null => {
  const next = note(breaker ?? FINE, isSuccess, now);
  return next.kind === "closed" && next.recent.every(Boolean) ? null : next;
};

/** From when on a trial may be made; null while the breaker is closed. */
export const admitsAt = (breaker: Breaker | null, now: EpochMs): EpochMs | null => {
  if (breaker === null || breaker.kind === "closed") return null;
  const admission = admit(breaker, now);
  return admission.kind === "admitted" ? now : epochMs(now + admission.retryAfterMs);
};
