import type { AlertSeverity, BurnRatePair, SloDefinition } from "../definitions.ts";
import type { EpochMinute } from "../units.ts";
import { MINUTE_MS } from "../units.ts";
import type { Objective, Threshold } from "./objective.ts";
import { factorOf, isAbove, isMet, objectiveOfPercent, thresholdOf } from "./objective.ts";
import type { Counts, MinuteSeries } from "./series.ts";
import { sumOver } from "./series.ts";

/** One window that ends with the minute of the reading. Exact counts, and figures derived from them for people. */
export type WindowReading = {
  readonly minutes: number;
  readonly bad: number;
  readonly total: number;
  /** Slots that should have been decided; 0 when nothing was expected or it is not known. */
  readonly expected: number;
  /** bad / total; null without events. */
  readonly errorRatio: number | null;
  /** Error ratio over the budget: 1 spends the whole budget in exactly one SLO window. Null without events. */
  readonly burnRate: number | null;
  /** decided / expected; null when nothing was expected. */
  readonly coverage: number | null;
};

export type PairReading = {
  readonly pairId: string;
  readonly severity: AlertSeverity;
  /** Exact, as configured: the burn rate that both windows must be strictly above. */
  readonly factor: string;
  /** factor * (1 - objective): the error ratio that both windows must be strictly above. */
  readonly threshold: number;
  readonly long: WindowReading;
  readonly short: WindowReading;
  /** The condition: both windows strictly above the threshold. No guard, no coverage rule. */
  readonly holds: boolean;
};

/** The rolling budget by occurrences: consumed = bad / (budget * total). */
export type BudgetReading = {
  readonly windowMinutes: number;
  readonly bad: number;
  readonly good: number;
  readonly total: number;
  readonly expected: number;
  /** good / total; null without events, as all figures below. */
  readonly attained: number | null;
  /** good / total >= objective, judged exactly. */
  readonly isMet: boolean | null;
  /** Bad events that the objective allows among `total`. */
  readonly allowedBad: number | null;
  /** Share of the budget that is spent; above 1 when overspent. */
  readonly consumed: number | null;
  /** 1 - consumed: signed, not clamped. */
  readonly remaining: number | null;
  /** Burn rate of the last hour. */
  readonly burnRate1h: number | null;
  /** remaining * window / burnRate1h: 0 when nothing remains, null without burn or data. */
  readonly minutesToExhaustion: number | null;
  readonly coverage: number | null;
  /** The series is younger than the window. */
  readonly windowFilling: boolean;
  /** `consumed` when the rest of a filling window sees the same traffic without a bad event; `consumed` when it is full. */
  readonly projectedConsumed: number | null;
};

/** The evaluation of an SLO at the end of a complete minute. Plain JSON: it is stored as `slo_readings.reading`. */
export type Reading = {
  /** The newest complete minute that was seen, as minutes since the epoch. */
  readonly minute: EpochMinute;
  /** Percent, as configured. */
  readonly objective: string;
  readonly budget: BudgetReading;
  readonly pairs: readonly PairReading[];
  /** Of the whole window, as `budget.coverage`. */
  readonly coverage: number | null;
  readonly windowFilling: boolean;
};

/** A pair with its numbers prepared for many evaluations. */
export type CompiledPair = {
  readonly definition: BurnRatePair;
  readonly longMinutes: number;
  readonly shortMinutes: number;
  readonly threshold: Threshold;
};

/** An SLO with its numbers prepared for many evaluations. */
export type CompiledSlo = {
  readonly objectiveText: string;
  readonly objective: Objective;
  readonly windowMinutes: number;
  readonly pairs: readonly CompiledPair[];
};

const wholeMinutes = (ms: number): number => Math.max(1, Math.ceil(ms / MINUTE_MS));

export const compilePair = (definition: BurnRatePair, objective: Objective): CompiledPair => ({
  definition,
  longMinutes: wholeMinutes(definition.longMs),
  shortMinutes: wholeMinutes(definition.shortMs),
  threshold: thresholdOf(factorOf(definition.factor), objective),
});

/** @throws RangeError when the objective or a factor is not a number in range. */
export const compileSlo = (definition: Pick<SloDefinition, "objective" | "window" | "burnRateAlerts">): CompiledSlo => {
  const objective = objectiveOfPercent(definition.objective);
  return {
    objectiveText: definition.objective,
    objective,
    windowMinutes: wholeMinutes(definition.window.durationMs),
    pairs: definition.burnRateAlerts.map((pair) => compilePair(pair, objective)),
  };
};

/** The longest window that evaluating the SLO looks back over, in minutes. */
export const longestWindow = (slo: CompiledSlo): number =>
  Math.max(60, slo.windowMinutes, ...slo.pairs.map((pair) => pair.longMinutes));

/** Error ratio over the budget, from exact counts. Null without events. */
export const burnRateOf = (counts: Counts, objective: Objective): number | null => {
  if (counts.total <= 0) return null;
  const { numerator, denominator } = objective.budget;
  return (counts.bad * Number(denominator)) / (counts.total * Number(numerator));
};

export const windowReading = (counts: Counts, minutes: number, objective: Objective): WindowReading => ({
  minutes,
  bad: counts.bad,
  total: counts.total,
  expected: counts.expected,
  errorRatio: counts.total > 0 ? counts.bad / counts.total : null,
  burnRate: burnRateOf(counts, objective),
  coverage: counts.expected > 0 ? Math.min(1, counts.total / counts.expected) : null,
});

/** The sums of the window `(minute - minutes, minute]`. */
export const countsOver = (series: MinuteSeries, minute: EpochMinute, minutes: number): Counts =>
  sumOver(series, (minute - minutes) as EpochMinute, minute);

export const pairReading = (
  series: MinuteSeries,
  pair: CompiledPair,
  objective: Objective,
  minute: EpochMinute,
): PairReading => {
  const long = countsOver(series, minute, pair.longMinutes);
  const short = countsOver(series, minute, pair.shortMinutes);
  return {
    pairId: pair.definition.id,
    severity: pair.definition.severity,
    factor: pair.definition.factor,
    threshold: pair.threshold.numeratorNumber / pair.threshold.denominatorNumber,
    long: windowReading(long, pair.longMinutes, objective),
    short: windowReading(short, pair.shortMinutes, objective),
    holds: isAbove(long.bad, long.total, pair.threshold) && isAbove(short.bad, short.total, pair.threshold),
  };
};

/** Share of the budget that `counts` spends, and what remains of it; the second is exact where the first is near 1. */
const spent = (counts: Counts, objective: Objective): { consumed: number; remaining: number } => {
  const numerator = Number(objective.budget.numerator);
  const denominator = Number(objective.budget.denominator);
  const allowed = numerator * counts.total;
  return {
    consumed: (counts.bad * denominator) / allowed,
    remaining: (allowed - counts.bad * denominator) / allowed,
  };
};

/** remaining * window / burn: 0 when nothing remains, null without burn or data. */
const minutesToExhaustion = (
  remaining: number | null,
  windowMinutes: number,
  burnRate: number | null,
): number | null => {
  if (remaining === null || burnRate === null || burnRate === 0) return null;
  return remaining <= 0 ? 0 : (remaining * windowMinutes) / burnRate;
};

/** The rolling budget over `(minute - windowMinutes, minute]`. */
export const budgetReading = (
  series: MinuteSeries,
  objective: Objective,
  windowMinutes: number,
  minute: EpochMinute,
): BudgetReading => {
  const counts = countsOver(series, minute, windowMinutes);
  const burnRate1h = burnRateOf(countsOver(series, minute, 60), objective);
  const elapsed = series.firstMinute === null ? 0 : Math.max(0, minute - series.firstMinute + 1);
  const windowFilling = elapsed < windowMinutes;
  const base = {
    windowMinutes,
    bad: counts.bad,
    good: counts.total - counts.bad,
    total: counts.total,
    expected: counts.expected,
    coverage: counts.expected > 0 ? Math.min(1, counts.total / counts.expected) : null,
    windowFilling,
    burnRate1h,
    isMet: isMet(counts.bad, counts.total, objective),
  };
  if (counts.total <= 0) {
    const none = { attained: null, allowedBad: null, consumed: null, remaining: null, minutesToExhaustion: null };
    return { ...base, ...none, projectedConsumed: null };
  }
  const { consumed, remaining } = spent(counts, objective);
  return {
    ...base,
    attained: (counts.total - counts.bad) / counts.total,
    allowedBad: counts.total * objective.budgetNumber,
    consumed,
    remaining,
    minutesToExhaustion: minutesToExhaustion(remaining, windowMinutes, burnRate1h),
    projectedConsumed: windowFilling ? (consumed * elapsed) / windowMinutes : consumed,
  };
};

/** Everything that is known of an SLO at the end of `minute`. */
export const readingAt = (series: MinuteSeries, slo: CompiledSlo, minute: EpochMinute): Reading => {
  const budget = budgetReading(series, slo.objective, slo.windowMinutes, minute);
  return {
    minute,
    objective: slo.objectiveText,
    budget,
    pairs: slo.pairs.map((pair) => pairReading(series, pair, slo.objective, minute)),
    coverage: budget.coverage,
    windowFilling: budget.windowFilling,
  };
};
