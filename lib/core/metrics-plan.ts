import { formatDuration, parseDuration } from "./duration.ts";
import type { DurationMs, EpochMs } from "./units.ts";
import { DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS } from "./units.ts";

export type MetricsLevel = "minute" | "hour" | "day";

/** Which points answer a question. [from, to) is extended to whole steps from the epoch, so that any two answers line up. */
export type MetricsPlan = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly stepMs: DurationMs;
  readonly level: MetricsLevel;
  readonly points: number;
};

/** What is wrong with a question, by the name of its parameter. */
export type MetricsFault = { readonly field: "from" | "to" | "step"; readonly message: string };

export const MOST_POINTS = 1_500;
const WISHED_POINTS = 300;
const DEFAULT_RANGE_MS = 24 * HOUR_MS;
const OWN_STEPS = ["1m", "5m", "15m", "1h", "6h", "1d", "7d"].map((text) => parseDuration(text) as DurationMs);

const LONGEST_STEP_MS = 366 * DAY_MS;

const levelOf = (stepMs: number): MetricsLevel | null => {
  if (stepMs <= 0 || stepMs > LONGEST_STEP_MS) return null;
  if (stepMs % DAY_MS === 0) return "day";
  if (stepMs % HOUR_MS === 0) return "hour";
  return stepMs % MINUTE_MS === 0 && HOUR_MS % stepMs === 0 ? "minute" : null;
};

/** The shortest step of a round length that gives few enough points. */
const stepFor = (rangeMs: number): DurationMs =>
  OWN_STEPS.find((stepMs) => rangeMs / stepMs <= WISHED_POINTS) ?? durationMs(7 * DAY_MS);

/**
 * Decides the points and the level they are read from. `to` is now when it is not given, `from` a day earlier, and the step
 * then gives at most 300 points. Minutes are kept from `minutesSince` on, hours from `hoursSince` on.
 */
export const planMetrics = (
  asked: { readonly from?: EpochMs; readonly to?: EpochMs; readonly step?: string },
  kept: { readonly now: EpochMs; readonly minutesSince: EpochMs; readonly hoursSince: EpochMs },
): MetricsPlan | MetricsFault => {
  const to = asked.to ?? kept.now;
  const from = asked.from ?? epochMs(to - DEFAULT_RANGE_MS);
  if (from >= to) return { field: "from", message: "must be before `to`" };
  const stepMs = asked.step === undefined ? stepFor(to - from) : parseDuration(asked.step);
  const level = stepMs === null ? null : levelOf(stepMs);
  if (stepMs === null || level === null)
    return {
      field: "step",
      message: "must be minutes that divide an hour (1m, 5m, 15m …), whole hours or at most 366 whole days",
    };
  const [start, end] = [Math.floor(from / stepMs) * stepMs, Math.ceil(to / stepMs) * stepMs];
  const points = (end - start) / stepMs;
  if (points > MOST_POINTS) {
    const longer = formatDuration(stepFor((to - from) / (MOST_POINTS / WISHED_POINTS)));
    return {
      field: "step",
      message: `gives ${points} points, ${MOST_POINTS} are the most: ask for ${longer} or longer`,
    };
  }
  const since = { minute: kept.minutesSince, hour: kept.hoursSince, day: -Infinity }[level];
  if (start < since) {
    const next = level === "minute" ? "1h" : "1d";
    const what = `${level}s are kept since ${new Date(since).toISOString()}`;
    return {
      field: "step",
      message: `${what}: for an earlier \`from\` ask for whole ${next === "1h" ? "hours" : "days"}`,
    };
  }
  return { from: epochMs(start), to: epochMs(end), stepMs, level, points };
};
