import type { EpochMinute } from "../units.ts";
import type { Threshold } from "./objective.ts";
import { isAbove } from "./objective.ts";
import type { CompiledPair } from "./reading.ts";
import { countsOver } from "./reading.ts";
import type { Counts, MinuteSeries } from "./series.ts";

/** Below this share of decided slots a window is not trusted to be complete. Kept as integers: 9 / 10. */
const COVERAGE_NUMERATOR = 9;
const COVERAGE_DENOMINATOR = 10;

export type ResolveReason = "recovered" | "no_data" | "excluded" | "policy_changed";

/** `number` counts the episodes of a pair from 1; 0 before the first. */
export type AlertState =
  | { readonly kind: "quiet"; readonly number: number }
  | { readonly kind: "firing"; readonly number: number; readonly hasData: boolean };

export type AlertTransition =
  | { readonly kind: "fired"; readonly number: number; readonly minute: EpochMinute }
  | {
      readonly kind: "resolved";
      readonly number: number;
      readonly minute: EpochMinute;
      readonly reason: ResolveReason;
    };

export type AlertDecision = { readonly next: AlertState; readonly transition: AlertTransition | null };

/** Both windows of a pair, and what the pair asks for. */
export type PairCounts = {
  readonly long: Counts;
  readonly short: Counts;
  readonly threshold: Threshold;
  readonly minBadLong: number;
  readonly minBadShort: number;
};

export const QUIET: AlertState = { kind: "quiet", number: 0 };

/** What the live alert of a pair is decided by: its two windows that end with `minute`, and what it asks for. */
export const pairCounts = (series: MinuteSeries, pair: CompiledPair, minute: EpochMinute): PairCounts => ({
  long: countsOver(series, minute, pair.longMinutes),
  short: countsOver(series, minute, pair.shortMinutes),
  threshold: pair.threshold,
  minBadLong: pair.definition.minBadLong,
  minBadShort: pair.definition.minBadShort,
});

/** True when enough of what was expected is known, and when nothing was expected. */
export const isCovered = (counts: Counts): boolean =>
  counts.total * COVERAGE_DENOMINATOR >= counts.expected * COVERAGE_NUMERATOR;

/** Below full coverage missing slots count as good, so that a gap never fires an alert. */
const isAboveForSure = (counts: Counts, threshold: Threshold): boolean =>
  isAbove(counts.bad, isCovered(counts) ? counts.total : counts.expected, threshold);

const hasEnoughBad = ({ long, short, minBadLong, minBadShort }: PairCounts): boolean =>
  long.bad >= minBadLong && short.bad >= minBadShort;

/** The condition with the guard against sparse events: both windows strictly above, and enough bad events in each. */
const holds = (pair: PairCounts): boolean =>
  hasEnoughBad(pair) &&
  isAbove(pair.long.bad, pair.long.total, pair.threshold) &&
  isAbove(pair.short.bad, pair.short.total, pair.threshold);

const mayFire = (pair: PairCounts): boolean =>
  hasEnoughBad(pair) && isAboveForSure(pair.long, pair.threshold) && isAboveForSure(pair.short, pair.threshold);

const reasonOf = (pair: PairCounts, isPolicyNew: boolean): ResolveReason => {
  if (isPolicyNew) return "policy_changed";
  // Covered and still empty: nothing was expected of it.
  return pair.short.total === 0 ? "no_data" : "recovered";
};

/**
 * The live alert of one pair at the end of a minute (slo-semantics, "Burn-rate alerts"): fires when the condition holds
 * even if all missing slots were good; resolves when it does not hold and the short window has data (or nothing was
 * expected in it); otherwise a firing alert stays, marked as without data.
 * `isPolicyNew`: the SLO counts other probes than when the alert was judged last, so old gaps do not keep it open.
 */
export const decideAlert = (args: {
  readonly state: AlertState;
  readonly pair: PairCounts;
  readonly minute: EpochMinute;
  readonly isPolicyNew?: boolean;
}): AlertDecision => {
  const { state, pair, minute, isPolicyNew = false } = args;
  if (state.kind === "quiet") {
    if (!mayFire(pair)) return { next: state, transition: null };
    const number = state.number + 1;
    return { next: { kind: "firing", number, hasData: true }, transition: { kind: "fired", number, minute } };
  }
  const { number } = state;
  if (holds(pair)) return { next: state.hasData ? state : { ...state, hasData: true }, transition: null };
  if (!isCovered(pair.short) && !isPolicyNew) {
    return { next: state.hasData ? { ...state, hasData: false } : state, transition: null };
  }
  return {
    next: { kind: "quiet", number },
    transition: { kind: "resolved", number, minute, reason: reasonOf(pair, isPolicyNew) },
  };
};

/** A pair that left the policy, or whose SLO was removed: a firing alert resolves, whatever the data say. */
export const decideRemoval = (state: AlertState, minute: EpochMinute): AlertDecision => {
  if (state.kind === "quiet") return { next: state, transition: null };
  const { number } = state;
  return {
    next: { kind: "quiet", number },
    transition: { kind: "resolved", number, minute, reason: "policy_changed" },
  };
};
