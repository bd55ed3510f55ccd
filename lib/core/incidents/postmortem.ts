/** What a post-mortem begins with. Instants are ISO 8601, so their order is that of their texts. */
export type TimelineEntry = {
  readonly at: string;
  readonly kind: "run" | "alert" | "state" | "update" | "acknowledgement";
  readonly text: string;
};
export type PostmortemTimes = {
  readonly startedAt: string;
  readonly firstFailureAt: string | null;
  readonly detectedAt: string | null;
  readonly acknowledgedAt: string | null;
  readonly resolvedAt: string | null;
};
export type PostmortemCost = {
  readonly sloId: string;
  readonly objective: string;
  readonly consumedRatio: string | null;
  readonly bad: number;
  readonly period: string | null;
  readonly windowDays: number;
};

const minuteText = (instant: string): string => `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;

/** How long something took; null when an end is missing or lies before the beginning. */
export const secondsBetween = (from: string | null, to: string | null): number | null => {
  if (from === null || to === null) return null;
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1_000);
  return seconds < 0 ? null : seconds;
};

/** Seconds for people: "1 h 5 min", "40 s". */
const lengthText = (seconds: number | null): string => {
  if (seconds === null) return "not known";
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const costLine = ({ sloId, objective, consumedRatio, bad, period, windowDays }: PostmortemCost): string => {
  const percent = consumedRatio === null ? "no" : `${Math.round(Number(consumedRatio) * 1_000) / 10} %`;
  const budget = period === null ? `the error budget of ${windowDays} days` : `the error budget of ${period}`;
  return `- ${sloId} (objective ${objective} %): used ${percent} of ${budget}, ${bad} failed checks.`;
};

/** Entries by instant (ISO 8601), those of the same instant by text. */
export const timelineOrder = (entries: readonly TimelineEntry[]): TimelineEntry[] =>
  entries.toSorted(
    (a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)) || (a.text < b.text ? -1 : Number(a.text > b.text)),
  );

/** The text of a post-mortem with what was measured filled in; what only people know is asked for. */
export const postmortemText = (facts: {
  readonly times: PostmortemTimes;
  readonly timeline: readonly TimelineEntry[];
  readonly costs: readonly PostmortemCost[];
}): string => {
  const { times, timeline, costs } = facts;
  const began = times.firstFailureAt ?? times.startedAt;
  return [
    "## Summary\n\nWhat happened, and what customers noticed.",
    [
      "## Times\n",
      `- Began: ${minuteText(began)}`,
      `- Detected: ${times.detectedAt === null ? "not by an alert" : `${minuteText(times.detectedAt)}, after ${lengthText(secondsBetween(began, times.detectedAt))}`}`,
      `- Acknowledged: ${times.acknowledgedAt === null ? "nobody acknowledged an alert" : `${minuteText(times.acknowledgedAt)}, after ${lengthText(secondsBetween(times.detectedAt ?? began, times.acknowledgedAt))}`}`,
      `- Resolved: ${times.resolvedAt === null ? "not yet" : `${minuteText(times.resolvedAt)}, after ${lengthText(secondsBetween(began, times.resolvedAt))}`}`,
    ].join("\n"),
    ["## Cost\n", ...(costs.length === 0 ? ["No objective was measured."] : costs.map(costLine))].join("\n"),
    ["## Timeline\n", ...timelineOrder(timeline).map(({ at, text }) => `- ${minuteText(at)}: ${text}`)].join("\n"),
    "## Cause\n\nWhy it happened.",
    "## What we change\n\nWhat keeps it from happening again, who does it, and by when.",
  ].join("\n\n");
};
