import type { AlertSeverity, BurnRatePair, SloDefinition } from "../definitions.ts";
import type { EpochMinute } from "../units.ts";
import { MINUTE_MS } from "../units.ts";
import { simpleMinutesToExhaustion } from "./forecast.ts";
import type { Objective, Threshold } from "./objective.ts";
import { factorOf, isAbove, isMet, objectiveOfPercent, thresholdOf } from "./objective.ts";
import type { Counts, MinuteSeries } from "./series.ts";
import { sumOver } from "./series.ts";
import type { WindowMinutes } from "./window.ts";
import { createWindowOf, longestMinutes } from "./window.ts";

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

/** The budget by occurrences: consumed = bad / (budget * total). */
export type BudgetReading = {
  /** Of the full window: a rolling one, or the whole period of the calendar that the minute lies in. */
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
  /** The series is younger than the window, or the period of the calendar is not over. */
  readonly windowFilling: boolean;
  /** `consumed` when the rest of a filling window sees the same traffic without a bad event; `consumed` when it is full. */
  readonly projectedConsumed: number | null;
  /** For windows of the calendar only. */
  readonly calendar?: CalendarReading;
};

/** Where a period of the calendar stands. `consumed` and its kin are about the events so far. */
export type CalendarReading = {
  /** The first minute of the period. */
  readonly firstMinute: EpochMinute;
  /** The first minute after it. */
  readonly endMinute: EpochMinute;
  /** `consumed` at the end when the rest goes on like the last day, or like all of it so far when that is less. */
  readonly projectedAtPace: number | null;
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
  /** Of a rolling window, or the nominal length of a period of the calendar. */
  readonly windowMinutes: number;
  /** What the window covers at the end of a minute. */
  readonly windowOf: (minute: EpochMinute) => WindowMinutes;
  readonly isCalendar: boolean;
  /** How many minutes back the window can reach. */
  readonly reachMinutes: number;
  readonly pairs: readonly CompiledPair[];
  /** Of the longest short window: without a bad event in it no pair can fire. */
  readonly longestShortMinutes: number;
};
const DAY_MINUTES = 1_440;
const wholeMinutes = (ms: number): number => Math.max(1, Math.ceil(ms / MINUTE_MS));

/** A pair with its windows in whole minutes, rounded up, and its exact threshold. @throws RangeError for a wrong factor */
export const compilePair = (definition: BurnRatePair, objective: Objective): CompiledPair => ({
  definition,
  longMinutes: wholeMinutes(definition.longMs),
  shortMinutes: wholeMinutes(definition.shortMs),
  threshold: thresholdOf(factorOf(definition.factor), objective),
});

/** @throws RangeError when the objective or a factor is not a number in range. */
export const compileSlo = (definition: Pick<SloDefinition, "objective" | "window" | "burnRateAlerts">): CompiledSlo => {
  const objective = objectiveOfPercent(definition.objective);
  const pairs = definition.burnRateAlerts.map((pair) => compilePair(pair, objective));
  return {
    objectiveText: definition.objective,
    objective,
    windowMinutes: wholeMinutes(definition.window.durationMs),
    windowOf: createWindowOf(definition.window),
    isCalendar: definition.window.kind === "calendar",
    reachMinutes: longestMinutes(definition.window),
    pairs,
    longestShortMinutes: Math.max(0, ...pairs.map(({ shortMinutes }) => shortMinutes)),
  };
};

/** The longest window that evaluating the SLO looks back over, in minutes. */
export const longestWindow = (slo: CompiledSlo): number =>
  Math.max(60, slo.windowMinutes, slo.reachMinutes, ...slo.pairs.map((pair) => pair.longMinutes));

/** Error ratio over the budget, from exact counts. Null without events. */
const burnRateOf = (counts: Counts, objective: Objective): number | null => {
  if (counts.total <= 0) return null;
  const { numerator, denominator } = objective.budget;
  return (counts.bad * Number(denominator)) / (counts.total * Number(numerator));
};

/** The figures of a window of so many minutes, from its exact counts. */
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

/** Both windows of a pair at the end of `minute`, and whether its condition holds. */
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

const NO_BUDGET = { attained: null, allowedBad: null, consumed: null, remaining: null, minutesToExhaustion: null };

/** The budget over the minutes of a window, full or not. */
const budgetOver = (series: MinuteSeries, objective: Objective, window: WindowMinutes): BudgetReading => {
  const { after, until, fullMinutes } = window;
  const counts = sumOver(series, after, until);
  const burnRate1h = burnRateOf(countsOver(series, until, 60), objective);
  const age = series.firstMinute === null ? 0 : Math.max(0, until - series.firstMinute + 1);
  const elapsed = Math.min(age, until - after);
  const windowFilling = elapsed < fullMinutes;
  const base = {
    windowMinutes: fullMinutes,
    bad: counts.bad,
    good: counts.total - counts.bad,
    total: counts.total,
    expected: counts.expected,
    coverage: counts.expected > 0 ? Math.min(1, counts.total / counts.expected) : null,
    windowFilling,
    burnRate1h,
    isMet: isMet(counts.bad, counts.total, objective),
  };
  if (counts.total <= 0) return { ...base, ...NO_BUDGET, projectedConsumed: null };
  const { consumed, remaining } = spent(counts, objective);
  return {
    ...base,
    attained: (counts.total - counts.bad) / counts.total,
    allowedBad: counts.total * objective.budgetNumber,
    consumed,
    remaining,
    minutesToExhaustion: simpleMinutesToExhaustion(remaining, fullMinutes, burnRate1h),
    projectedConsumed: windowFilling ? (consumed * elapsed) / fullMinutes : consumed,
  };
};

/** The rolling budget over `(minute - windowMinutes, minute]`. */
export const budgetReading = (
  series: MinuteSeries,
  objective: Objective,
  windowMinutes: number,
  minute: EpochMinute,
): BudgetReading =>
  budgetOver(series, objective, {
    after: (minute - windowMinutes) as EpochMinute,
    until: minute,
    fullMinutes: windowMinutes,
  });

/** consumed at the end of the period: [B + bad pace * left] / (b * [N + total pace * left]). */
const projectedAtPace = (series: MinuteSeries, objective: Objective, window: WindowMinutes): number | null => {
  const { after, until, fullMinutes } = window;
  const paceMinutes = Math.min(DAY_MINUTES, until - after);
  const left = fullMinutes - (until - after);
  const known = sumOver(series, after, until);
  const pace = countsOver(series, until, paceMinutes);
  const bad = known.bad + (pace.bad * left) / paceMinutes;
  const total = known.total + (pace.total * left) / paceMinutes;
  if (total <= 0) return null;
  return (bad * Number(objective.budget.denominator)) / (total * Number(objective.budget.numerator));
};

/**
 * The budget of a period of the calendar so far, and what it comes to at its end. The budget starts anew with each period,
 * so what remains is measured against the events of the whole one: exhaustion after its end is none.
 */
const calendarBudget = (series: MinuteSeries, objective: Objective, window: WindowMinutes): BudgetReading => {
  const budget = budgetOver(series, objective, window);
  const { after, until, fullMinutes } = window;
  const left = fullMinutes - (until - after);
  const { projectedConsumed, burnRate1h } = budget;
  const remainingOfAll = projectedConsumed === null ? null : 1 - projectedConsumed;
  const minutes = simpleMinutesToExhaustion(remainingOfAll, fullMinutes, burnRate1h);
  return {
    ...budget,
    minutesToExhaustion: minutes !== null && minutes > left ? null : minutes,
    calendar: {
      firstMinute: (after + 1) as EpochMinute,
      endMinute: (after + 1 + fullMinutes) as EpochMinute,
      projectedAtPace: projectedAtPace(series, objective, window),
    },
  };
};

/** The budget of an SLO at the end of a minute, over its rolling window or its period of the calendar so far. */
export const sloBudget = (series: MinuteSeries, slo: CompiledSlo, minute: EpochMinute): BudgetReading =>
  slo.isCalendar
    ? calendarBudget(series, slo.objective, slo.windowOf(minute))
    : budgetOver(series, slo.objective, slo.windowOf(minute));

/** Everything that is known of an SLO at the end of `minute`. */
export const readingAt = (series: MinuteSeries, slo: CompiledSlo, minute: EpochMinute): Reading => {
  const budget = sloBudget(series, slo, minute);
  return {
    minute,
    objective: slo.objectiveText,
    budget,
    pairs: slo.pairs.map((pair) => pairReading(series, pair, slo.objective, minute)),
    coverage: budget.coverage,
    windowFilling: budget.windowFilling,
  };
};
