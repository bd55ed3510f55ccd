import { addDuration } from "./histogram.ts";
import type { OutcomeClass } from "./outcome.ts";
import { voteOfClass } from "./outcome.ts";
import type { DurationMs, DurationUs } from "./units.ts";

/** RED of a probe: rate (how many runs), errors (by class and status) and duration (of good runs). */

/** Families of HTTP status codes. They do not overlap: 401, 403 and 429 are not counted under `4xx` again. */
export const STATUS_FAMILIES = ["2xx", "3xx", "4xx", "5xx", "401_403", "429"] as const;
export type StatusFamily = (typeof STATUS_FAMILIES)[number];

/** The family of a status code; null without an answer, and for codes of no family such as 101. */
export const familyOfStatus = (status: number | null): StatusFamily | null => {
  if (status === null || status < 200 || status > 599) return null;
  if (status === 401 || status === 403) return "401_403";
  if (status === 429) return "429";
  return (["2xx", "3xx", "4xx", "5xx"] as const)[Math.floor(status / 100) - 2] ?? null;
};

export type ByClass = ReadonlyMap<OutcomeClass, number>;
export type ByStatus = Readonly<Record<StatusFamily, number>>;

/** No answer of any family of status codes. */
export const noStatuses = (): Record<StatusFamily, number> => ({
  "2xx": 0,
  "3xx": 0,
  "4xx": 0,
  "5xx": 0,
  "401_403": 0,
  "429": 0,
});

/** What RED needs of a raw run. */
export type RedFact = {
  readonly class: OutcomeClass;
  readonly durationUs: DurationUs;
  readonly httpStatus: number | null;
  readonly bytesRead: number;
};

/** Sums of runs that are being counted. */
export type RedTally = {
  total: number;
  good: number;
  bad: number;
  /** Over good runs only, like the histogram: a target that fails fast must not look quick. */
  durationSumUs: number;
  bytesRead: number;
  readonly byClass: Map<OutcomeClass, number>;
  readonly byStatus: Record<StatusFamily, number>;
  readonly durations: Map<number, number>;
};

/** The tally of no run, to be added to. */
export const noRuns = (): RedTally => ({
  total: 0,
  good: 0,
  bad: 0,
  durationSumUs: 0,
  bytesRead: 0,
  byClass: new Map(),
  byStatus: noStatuses(),
  durations: new Map(),
});

/** Counts one run. The order of the runs does not matter. */
export const addRun = (tally: RedTally, run: RedFact): void => {
  const vote = voteOfClass(run.class);
  tally.total += 1;
  tally.bytesRead += run.bytesRead;
  tally.byClass.set(run.class, (tally.byClass.get(run.class) ?? 0) + 1);
  const family = familyOfStatus(run.httpStatus);
  if (family !== null) tally.byStatus[family] += 1;
  if (vote === "bad") tally.bad += 1;
  if (vote !== "good") return;
  tally.good += 1;
  tally.durationSumUs += run.durationUs;
  addDuration(tally.durations, run.durationUs);
};

/** From this interval on a minute's histogram would be larger than its runs: there are none by the minute then. */
const MINUTE_HISTOGRAMS_BELOW_MS = 30_000;

/** Whether minutes of a probe have a histogram of their own, or only its hours. */
export const hasMinuteHistogram = (intervalMs: DurationMs): boolean => intervalMs < MINUTE_HISTOGRAMS_BELOW_MS;
