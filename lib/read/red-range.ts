import { formatDuration, parseDuration } from "#lib/core/duration.ts";
import { hasMinuteHistogram } from "#lib/core/red.ts";
import type { DurationMs, EpochMs } from "#lib/core/units.ts";
import { DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";

/** How far back the charts of a probe look. */
export const RED_RANGES = ["1h", "6h", "24h", "7d", "35d"] as const;
export type RedRange = (typeof RED_RANGES)[number];
export const DEFAULT_RED_RANGE: RedRange = "24h";

/** Whether a text names a range that the dashboards offer. */
export const isRedRange = (text: string | undefined): text is RedRange => RED_RANGES.some((range) => range === text);

const STEPS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];

/** Steps that a level of buckets answers: hours from a day on where minutes have no histogram, so that no runs are read. */
const stepOfRange = (range: RedRange, intervalMs: DurationMs): number => {
  switch (range) {
    case "1h":
      return MINUTE_MS;
    case "6h":
      return 5 * MINUTE_MS;
    case "24h":
      return hasMinuteHistogram(intervalMs) ? 15 * MINUTE_MS : HOUR_MS;
    case "7d":
      return HOUR_MS;
    case "35d":
      return DAY_MS;
  }
};

/** What to ask of the metrics of a probe: a step holds one slot at least, so that a rare probe has no gaps of its own making. */
export const redQuestion = (
  range: RedRange,
  intervalMs: DurationMs,
  until: EpochMs,
): { readonly from: EpochMs; readonly to: EpochMs; readonly step: string } => {
  const least = Math.max(stepOfRange(range, intervalMs), intervalMs);
  const stepMs = STEPS_MS.find((step) => step >= least) ?? DAY_MS;
  const lengthMs = parseDuration(range) ?? DAY_MS;
  return { from: epochMs(until - lengthMs), to: until, step: formatDuration(durationMs(stepMs)) };
};
