import type { EpochMinute } from "../units.ts";
import type { Objective } from "./objective.ts";
import type { Counts, MinuteSeries } from "./series.ts";
import { sumOver } from "./series.ts";
import type { WindowMinutes } from "./window.ts";

/** What is assumed of the minutes to come: `bad` and `total` events in every `minutes` minutes, evenly. */
export type Pace = { readonly bad: number; readonly total: number; readonly minutes: number };

export type ForecastArgs = {
  readonly series: MinuteSeries;
  readonly objective: Objective;
  /** As of the end of the newest complete minute. */
  readonly window: WindowMinutes;
  /** Old events leave a rolling window; one of the calendar keeps them, and ends. */
  readonly kind: "rolling" | "calendar";
  readonly pace: Pace;
};

export type Forecast = {
  /** Minutes until the budget is spent at the present pace: 0 when it is; null when that does not come to pass. */
  readonly exhaustedIn: number | null;
  /** Minutes until it is no longer overspent if nothing else goes wrong: 0 when it is not; null when not within the window. */
  readonly recoveredIn: number | null;
};

/** The last minutes as what is to come. */
export const paceOf = (counts: Pick<Counts, "bad" | "total">, minutes: number): Pace => ({
  bad: counts.bad,
  total: counts.total,
  minutes,
});

/** What the window will hold in `ahead` minutes, all times `pace.minutes`, so that everything stays whole. */
const countsAhead = (args: Omit<ForecastArgs, "objective" | "pace">, pace: Pace, ahead: number) => {
  const { series, window, kind } = args;
  const after = kind === "rolling" ? Math.min(window.after + ahead, window.until) : window.after;
  const known = sumOver(series, after as EpochMinute, window.until);
  return {
    bad: known.bad * pace.minutes + pace.bad * Math.min(ahead, window.fullMinutes),
    total: known.total * pace.minutes + pace.total * Math.min(ahead, window.fullMinutes),
  };
};

/** The signed share of the budget that is left in `ahead` minutes when `args.pace` goes on; null without events. */
export const remainingAhead = (args: ForecastArgs, ahead: number): number | null => {
  const { bad, total } = countsAhead(args, args.pace, ahead);
  const { numerator, denominator } = args.objective.budget;
  const allowed = total * Number(numerator);
  return total <= 0 ? null : (allowed - bad * Number(denominator)) / allowed;
};

/** 1 as the budget is overspent, 0 as it is exactly spent, -1 below that; null without events. */
const standing = (args: ForecastArgs, pace: Pace, ahead: number): -1 | 0 | 1 | null => {
  const { objective } = args;
  const { bad, total } = countsAhead(args, pace, ahead);
  if (total <= 0) return null;
  const { numerator, denominator } = objective.budget;
  const [left, right] = [bad * Number(denominator), total * Number(numerator)];
  if (left <= Number.MAX_SAFE_INTEGER && right <= Number.MAX_SAFE_INTEGER) return Math.sign(left - right) as -1 | 0 | 1;
  const difference = BigInt(bad) * denominator - BigInt(total) * numerator;
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
};

/** Events roll off one by one, so the budget may come and go: every minute is looked at until one fits. */
const firstMinute = (args: ForecastArgs, pace: Pace, isReached: (standing: -1 | 0 | 1) => boolean): number | null => {
  const elapsed = args.window.until - args.window.after;
  const horizon = args.kind === "rolling" ? args.window.fullMinutes : args.window.fullMinutes - elapsed;
  for (let ahead = 0; ahead <= horizon; ahead += 1) {
    const now = standing(args, pace, ahead);
    if (now !== null && isReached(now)) return ahead;
  }
  return null;
};

/**
 * When the budget is spent and when it is back (slo-semantics, "Forecast"): the smallest h with
 * `[B(t+h-W, t] + e*r*h] / (b*[N(t+h-W, t] + r*h]) >= 1`, and with e = 0 and `<= 1`. It looks at every minute ahead of the
 * window, so it is for pages and answers, not for every tick.
 * @throws RangeError when the pace is not over a whole number of minutes above zero.
 */
export const forecast = (args: ForecastArgs): Forecast => {
  const { pace } = args;
  if (!Number.isInteger(pace.minutes) || pace.minutes <= 0) throw new RangeError("a pace must be over whole minutes");
  return {
    exhaustedIn: firstMinute(args, pace, (now) => now >= 0),
    recoveredIn: firstMinute(args, { ...pace, bad: 0 }, (now) => now <= 0),
  };
};

/** `remaining * window / burn`: 0 when nothing remains, null without burn or data. Blind to what leaves the window. */
export const simpleMinutesToExhaustion = (
  remaining: number | null,
  windowMinutes: number,
  burnRate: number | null,
): number | null => {
  if (remaining === null || burnRate === null || burnRate === 0) return null;
  return remaining <= 0 ? 0 : (remaining * windowMinutes) / burnRate;
};
