import type { ThresholdMetric, ThresholdOp } from "../definitions.ts";

/** Alerts in one or two sentences, for people who are woken by them. Numbers come as the decimal texts of the resource. */

type BurnWindow = {
  readonly duration: string;
  readonly bad: number;
  readonly total: number;
  readonly burnRate: string | null;
  readonly threshold: string;
};

/** Three significant digits, without an exponent: enough to judge by, short enough to read aloud. */
const short = (text: string): string => {
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
};

const percentOf = (ratio: string): string => `${short(String(Number(ratio) * 100))} %`;

/** "about 8 h": minutes below two hours, hours below two days, else days. */
export const roughly = (seconds: number): string => {
  const minutes = seconds / 60;
  if (minutes < 120) return `${Math.max(1, Math.round(minutes))} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`;
};

const failingText = (probes: readonly string[], locations: readonly string[]): string => {
  if (probes.length === 0) return "";
  const from = locations.length === 0 ? "" : ` from ${locations.join(", ")}`;
  return ` Failing: ${probes.join(", ")}${from}.`;
};

const REASONS = {
  recovered: "it recovered",
  no_data: "nothing is expected to be measured any more",
  excluded: "the time was excluded",
  policy_changed: "its definition changed or was removed",
} as const;
export type EndReason = keyof typeof REASONS;

type Course = {
  readonly firedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly resolveReason: EndReason | null;
  readonly hasData: boolean;
  readonly probes: readonly string[];
  readonly locations: readonly string[];
};

const courseText = (course: Course): string => {
  const blind = course.hasData ? "" : " There is no data to judge it by at the moment, so it stays.";
  return `${failingText(course.probes, course.locations)}${blind}`;
};

const endText = ({ firedAtMs, resolvedAtMs, resolveReason }: Course): string | null => {
  if (resolvedAtMs === null || resolveReason === null) return null;
  return `is over after ${roughly((resolvedAtMs - firedAtMs) / 1_000)}: ${REASONS[resolveReason]}.`;
};

const budgetText = (window: string, consumed: string | null, exhaustedInSeconds: number | null): string => {
  if (consumed === null) return "";
  const spent = ` ${percentOf(consumed)} of the budget of ${window} is spent`;
  if (exhaustedInSeconds === null) return `${spent}.`;
  if (exhaustedInSeconds === 0) return `${spent}: nothing is left.`;
  return `${spent}; at the rate of the last hour the rest lasts ${roughly(exhaustedInSeconds)}.`;
};

/** A burn-rate alert in a sentence with the numbers that fired it, in English. */
export const describeBurnRate = (
  alert: Course & {
    readonly sloId: string;
    readonly serviceId: string;
    readonly window: string;
    readonly long: BurnWindow;
    readonly short: BurnWindow;
    readonly consumedRatio: string | null;
    readonly exhaustedInSeconds: number | null;
  },
): string => {
  const { sloId, serviceId, long, window } = alert;
  const who = `${sloId} of ${serviceId}`;
  const budget = budgetText(window, alert.consumedRatio, alert.exhaustedInSeconds);
  const end = endText(alert);
  if (end !== null) return `The alert on ${who} ${end}${budget}`;
  const rates = `${short(long.burnRate ?? "0")} times too fast over ${long.duration} and ${short(alert.short.burnRate ?? "0")} times over ${alert.short.duration}`;
  const events = `${long.bad} of ${long.total} were bad in ${long.duration}`;
  return `${who} spends its error budget ${rates} (it alerts above ${long.threshold}): ${events}.${budget}${courseText(alert)}`;
};

const FIGURES: Readonly<Record<ThresholdMetric, string>> = {
  error_rate_5xx: "share of 5xx answers",
  p99: "99th percentile of the response time",
  average: "mean response time",
  success_rate: "share of good runs",
  traffic_drop: "fall of the traffic",
  rate_4xx: "share of 4xx answers",
  rate_401: "share of 401 and 403 answers",
  rate_429: "share of 429 answers",
};
const RELATIONS: Readonly<Record<ThresholdOp, string>> = {
  gt: "above",
  ge: "at or above",
  lt: "below",
  le: "at or below",
};

/** An alert on a threshold in a sentence with its figure and limit, in English. */
export const describeThreshold = (
  alert: Course & {
    readonly serviceId: string;
    readonly metric: ThresholdMetric;
    readonly op: ThresholdOp;
    readonly limit: string;
    readonly value: string | null;
    readonly unit: "percent" | "ms";
    readonly window: string;
  },
): string => {
  const { serviceId, metric, op, limit, value, window } = alert;
  const unit = alert.unit === "percent" ? " %" : " ms";
  const end = endText(alert);
  if (end !== null) return `The alert on the ${FIGURES[metric]} of ${serviceId} ${end}`;
  const figure = value === null ? "is unknown" : `is ${short(value)}${unit}`;
  return `The ${FIGURES[metric]} of ${serviceId} ${figure} over ${window}; it alerts ${RELATIONS[op]} ${limit}${unit}.${courseText(alert)}`;
};
