import type { ThresholdAlert, ThresholdMetric, ThresholdOp } from "../definitions.ts";
import type { Histogram } from "../histogram.ts";
import { mergeHistograms, quantilesOf } from "../histogram.ts";
import type { AlertDecision, AlertState } from "../slo/alert.ts";
import type { Fraction } from "../slo/fraction.ts";
import { compare, fraction, parseFraction } from "../slo/fraction.ts";
import type { EpochMinute } from "../units.ts";
import { MINUTE_MS } from "../units.ts";

/** RED of one minute over the probes and locations of an alert; a minute that is left out had no runs. */
export type MinuteRed = {
  readonly expected: number;
  readonly good: number;
  readonly bad: number;
  readonly status5xx: number;
  /** Of good runs, as the histogram. */
  readonly durationSumUs: number;
  readonly histogram: Histogram | null;
};

/** What is compared with the limit: percent, or milliseconds. Null without data. */
export type Figure = { readonly value: Fraction | null; readonly isCovered: boolean };

const NO_RUNS: MinuteRed = { expected: 0, good: 0, bad: 0, status5xx: 0, durationSumUs: 0, histogram: null };

const plus = (a: MinuteRed, b: MinuteRed): MinuteRed => ({
  expected: a.expected + b.expected,
  good: a.good + b.good,
  bad: a.bad + b.bad,
  status5xx: a.status5xx + b.status5xx,
  durationSumUs: a.durationSumUs + b.durationSumUs,
  histogram: null,
});

const share = (count: number, of: number): Fraction => fraction(BigInt(count) * 100n, BigInt(of));

/** Milliseconds from whole (or half) microseconds. */
const milliseconds = (us: number, count: number): Fraction =>
  fraction(BigInt(Math.round(us * 2)), BigInt(count) * 2_000n);

const valueOf = (metric: ThresholdMetric, sum: MinuteRed, histograms: readonly Histogram[]): Fraction | null => {
  const { good, bad, expected, status5xx, durationSumUs } = sum;
  const seen = good + bad;
  // Below full coverage what is missing counts as good, so that a gap never fires an alert.
  const total = isCoveredBy(sum) ? seen : Math.max(seen, expected);
  if (metric === "error_rate_5xx") return seen === 0 ? null : share(status5xx, total);
  if (metric === "success_rate") return seen === 0 ? null : share(total - bad, total);
  if (metric === "average") return good === 0 ? null : milliseconds(durationSumUs, good);
  if (metric === "p99") {
    const [us = null] = quantilesOf(mergeHistograms(histograms), [0.99]);
    return us === null ? null : milliseconds(us, 1);
  }
  return null;
};

/** At least 9 of 10 expected runs were seen, as for burn-rate alerts. */
const isCoveredBy = ({ good, bad, expected }: MinuteRed): boolean => (good + bad) * 10 >= expected * 9;

/** The figure over the window of an alert that ends with `minute`. Exact, but for quantiles (1.6 %). */
export const redFigure = (
  alert: Pick<ThresholdAlert, "metric" | "windowMs">,
  minutes: ReadonlyMap<EpochMinute, MinuteRed>,
  minute: EpochMinute,
): Figure => {
  const length = Math.max(1, Math.ceil(alert.windowMs / MINUTE_MS));
  let sum = NO_RUNS;
  const histograms: Histogram[] = [];
  for (let at = minute - length + 1; at <= minute; at += 1) {
    const one = minutes.get(at as EpochMinute);
    if (one === undefined) continue;
    sum = plus(sum, one);
    if (one.histogram !== null) histograms.push(one.histogram);
  }
  return { value: valueOf(alert.metric, sum, histograms), isCovered: isCoveredBy(sum) };
};

const decimal = (value: number): Fraction | null => parseFraction(value.toFixed(6));

/**
 * The figure that a query of another system gives at a minute: percent as it is, seconds as milliseconds, and for
 * `traffic_drop` how much lower than `baseline` it lies, in percent. No value, and no traffic before, is no data.
 */
export const queryFigure = (
  metric: ThresholdMetric,
  value: number | undefined,
  baseline: number | undefined,
): Figure => {
  if (value === undefined) return { value: null, isCovered: false };
  if (metric === "p99" || metric === "average") return { value: decimal(value * 1_000), isCovered: true };
  if (metric !== "traffic_drop") return { value: decimal(value), isCovered: true };
  if (baseline === undefined || baseline <= 0) return { value: null, isCovered: false };
  return { value: decimal((1 - value / baseline) * 100), isCovered: true };
};

const RELATIONS: Readonly<Record<ThresholdOp, (order: -1 | 0 | 1) => boolean>> = {
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

/** Whether a figure lies beyond the limit; without data it does not. @throws RangeError when the limit is no decimal. */
export const isBeyond = ({ value }: Figure, alert: Pick<ThresholdAlert, "op" | "value">): boolean => {
  const limit = parseFraction(alert.value);
  if (limit === null) throw new RangeError(`a limit must be a decimal, got ${alert.value}`);
  return value !== null && RELATIONS[alert.op](compare(value, limit));
};

/**
 * The state of an alert after `minute`. Fires when the figure is beyond the limit now and was at every minute of `for`;
 * resolves when it is not and enough of what was expected was measured; otherwise stays, marked as without data.
 * `figureAt` is asked for earlier minutes only while that matters.
 */
export const decideThreshold = (args: {
  readonly state: AlertState;
  readonly alert: Pick<ThresholdAlert, "op" | "value" | "forMs">;
  readonly minute: EpochMinute;
  readonly figureAt: (minute: EpochMinute) => Figure;
}): AlertDecision => {
  const { state, alert, minute, figureAt } = args;
  const newest = figureAt(minute);
  if (state.kind === "firing") {
    const { number } = state;
    if (isBeyond(newest, alert)) return { next: { kind: "firing", number, hasData: true }, transition: null };
    if (newest.value === null || !newest.isCovered)
      return { next: { kind: "firing", number, hasData: false }, transition: null };
    return { next: { kind: "quiet", number }, transition: { kind: "resolved", number, minute, reason: "recovered" } };
  }
  const waits = Math.ceil(alert.forMs / MINUTE_MS);
  for (let back = 0; back <= waits; back += 1) {
    if (!isBeyond(figureAt((minute - back) as EpochMinute), alert)) return { next: state, transition: null };
  }
  const number = state.number + 1;
  return { next: { kind: "firing", number, hasData: true }, transition: { kind: "fired", number, minute } };
};
