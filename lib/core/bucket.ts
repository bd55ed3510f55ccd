import type { SliDefinition } from "./definitions.ts";
import type { Histogram } from "./histogram.ts";
import type { BlindSpan } from "./location/eyesight.ts";
import { isWithin } from "./location/eyesight.ts";
import type { OutcomeClass, Vote } from "./outcome.ts";
import type { ByClass, ByStatus, RedFact, RedTally } from "./red.ts";
import { addRun, hasMinuteHistogram, noRuns } from "./red.ts";
import { slotsWithin } from "./schedule.ts";
import { voteOfRun, voteOfSlot } from "./slot.ts";
import type { DurationMs, DurationUs, EpochMinute, EpochMs } from "./units.ts";
import { epochMs, minuteOf, startOfMinute } from "./units.ts";

/** What slots need of a raw run. */
export type RunFact = {
  readonly locationNo: number;
  readonly scheduledAt: EpochMs;
  readonly class: OutcomeClass;
  readonly durationUs: DurationUs;
};

/** What the rollup needs of a raw run: slots and RED. */
export type RunMeasure = RunFact & RedFact;

/** A definition of a probe while it was in force: `[activeFrom, activeUntil)`. */
export type ProbeSpan = {
  readonly intervalMs: DurationMs;
  /** Configured locations, by number. */
  readonly locationNos: readonly number[];
  readonly activeFrom: EpochMs;
  /** Null: still in force. */
  readonly activeUntil: EpochMs | null;
};

/** One probe with all that its minutes depend on. */
export type ProbeHistory = {
  readonly probeNo: number;
  readonly probeId: string;
  /** Oldest first; they do not overlap. */
  readonly spans: readonly ProbeSpan[];
  /** By location number. Before its first run nothing is expected of a location. */
  readonly firstRunAt: ReadonlyMap<number, EpochMs>;
  /** By location number, the spans in which it was blind: its runs are kept, but do not vote in slots. Absent: none. */
  readonly uncounted?: ReadonlyMap<number, readonly BlindSpan[]>;
};

/** One minute of a probe at a location: `good + bad + unvoted = total`. */
export type Bucket = {
  readonly minute: EpochMinute;
  readonly probeNo: number;
  readonly locationNo: number;
  /** Runs that the schedule asks for. */
  readonly expected: number;
  readonly total: number;
  readonly good: number;
  readonly bad: number;
  /** Runs that are no reports: our own fault, refused by policy, or not started. */
  readonly unvoted: number;
  /** Sum over good runs: divided by `good` it is the mean response time. */
  readonly durationSumUs: number;
  /** Over all runs. */
  readonly bytesRead: number;
  readonly byClass: ByClass;
  readonly byStatus: ByStatus;
  /** Durations of good runs; null for intervals of 30 s and more, whose durations are kept by the hour. */
  readonly histogram: Histogram | null;
};

/** Slots of one minute as an SLI counts them. `total` counts decided slots. */
export type SlotCounts = { readonly good: number; readonly total: number; readonly expected: number };

/** The half-open span of minutes [from, until). */
export type MinuteSpan = { readonly from: EpochMinute; readonly until: EpochMinute };

const later = (a: number, b: number): EpochMs => epochMs(Math.max(a, b));
const earlier = (a: number, b: number): EpochMs => epochMs(Math.min(a, b));

/** How many slots of a probe lie in a minute at or after `since`, over all definitions in force. */
const slotsIn = (probe: ProbeHistory, spans: readonly ProbeSpan[], minute: EpochMinute, since: EpochMs): number => {
  const [start, end] = [startOfMinute(minute), startOfMinute((minute + 1) as EpochMinute)];
  let count = 0;
  for (const span of spans) {
    const from = later(later(start, span.activeFrom), since);
    const until = span.activeUntil === null ? end : earlier(end, span.activeUntil);
    count += slotsWithin(probe.probeId, span.intervalMs, from, until);
  }
  return count;
};

const isActiveIn = (span: ProbeSpan, minute: EpochMinute): boolean =>
  span.activeFrom < startOfMinute((minute + 1) as EpochMinute) &&
  (span.activeUntil === null || span.activeUntil > startOfMinute(minute));

/** Whether any definition in force in a minute runs so often that the minute has a histogram. */
const isFineGrained = (probe: ProbeHistory, minute: EpochMinute): boolean =>
  probe.spans.some((span) => isActiveIn(span, minute) && hasMinuteHistogram(span.intervalMs));

/** The definition in force at an instant; near a change the closest one, because roles follow within seconds. */
const spanAt = (probe: ProbeHistory, at: EpochMs): ProbeSpan | undefined => {
  const started = probe.spans.filter((span) => span.activeFrom <= at);
  return started.at(-1) ?? probe.spans[0];
};

/** By `minute:location`. */
const talliesOf = (runs: readonly RunMeasure[]): Map<string, RedTally> => {
  const tallies = new Map<string, RedTally>();
  for (const run of runs) {
    const key = `${minuteOf(run.scheduledAt)}:${run.locationNo}`;
    const tally = tallies.get(key) ?? noRuns();
    tallies.set(key, tally);
    addRun(tally, run);
  }
  return tallies;
};

/**
 * The buckets of one probe over a span of minutes, as a function of its raw runs and its history. A location has a bucket
 * for each minute from its first run on while it is configured, also without any run, and wherever it has runs.
 */
export const bucketsOf = (probe: ProbeHistory, runs: readonly RunMeasure[], span: MinuteSpan): Bucket[] => {
  const tallies = talliesOf(runs);
  const locationNos = new Set([
    ...probe.spans.flatMap((one) => one.locationNos),
    ...runs.map(({ locationNo }) => locationNo),
  ]);
  const buckets: Bucket[] = [];
  for (const locationNo of locationNos) {
    const firstRunAt = probe.firstRunAt.get(locationNo);
    const spans = probe.spans.filter((one) => one.locationNos.includes(locationNo));
    for (let minute = span.from; minute < span.until; minute = (minute + 1) as EpochMinute) {
      const tally = tallies.get(`${minute}:${locationNo}`);
      const isWatched =
        firstRunAt !== undefined && minute >= minuteOf(firstRunAt) && spans.some((one) => isActiveIn(one, minute));
      if (tally === undefined && !isWatched) continue;
      const { durations, ...sums } = tally ?? noRuns();
      buckets.push({
        minute,
        probeNo: probe.probeNo,
        locationNo,
        expected: firstRunAt === undefined ? 0 : slotsIn(probe, spans, minute, firstRunAt),
        ...sums,
        unvoted: sums.total - sums.good - sums.bad,
        histogram: isFineGrained(probe, minute) && sums.good > 0 ? durations : null,
      });
    }
  }
  return buckets;
};

export const NO_SLOTS: SlotCounts = { good: 0, total: 0, expected: 0 };

/** Votes of a slot's configured locations, by slot instant. */
const votesBySlot = (probe: ProbeHistory, runs: readonly RunFact[], sli: SliDefinition): Map<EpochMs, Vote[]> => {
  const bySlot = new Map<EpochMs, Vote[]>();
  for (const run of runs) {
    if (spanAt(probe, run.scheduledAt)?.locationNos.includes(run.locationNo) !== true) continue;
    if (isWithin(probe.uncounted?.get(run.locationNo), run.scheduledAt)) continue;
    const vote = voteOfRun(run, sli);
    const votes = bySlot.get(run.scheduledAt);
    if (votes === undefined) bySlot.set(run.scheduledAt, [vote]);
    else votes.push(vote);
  }
  return bySlot;
};

/** How the votes of a slot become one: `voteOfSlot`, or another one that a backtest tries. */
export type SlotRule = (votes: readonly Vote[], configuredLocations: number) => Vote;

/**
 * Decided slots of one probe, minute by minute, as an SLI counts them; minutes without any slot are left out.
 * Slots are expected from the probe's first run at any location on. `expected` is never below `total`: around a change
 * of the interval a slot of the old beat may still be decided.
 */
export const slotCountsOf = (
  probe: ProbeHistory,
  runs: readonly RunFact[],
  sli: SliDefinition,
  span: MinuteSpan,
  rule: SlotRule = voteOfSlot,
): Map<EpochMinute, SlotCounts> => {
  const decided = new Map<EpochMinute, { good: number; total: number }>();
  for (const [scheduledAt, votes] of votesBySlot(probe, runs, sli)) {
    const vote = rule(votes, spanAt(probe, scheduledAt)?.locationNos.length ?? 1);
    if (vote === "none") continue;
    const minute = minuteOf(scheduledAt);
    const counts = decided.get(minute) ?? { good: 0, total: 0 };
    decided.set(minute, { good: counts.good + (vote === "good" ? 1 : 0), total: counts.total + 1 });
  }
  const result = new Map<EpochMinute, SlotCounts>();
  const firstRunAt = probe.firstRunAt.size === 0 ? null : epochMs(Math.min(...probe.firstRunAt.values()));
  for (let minute = span.from; minute < span.until; minute = (minute + 1) as EpochMinute) {
    const { good, total } = decided.get(minute) ?? { good: 0, total: 0 };
    const due = firstRunAt === null ? 0 : slotsIn(probe, probe.spans, minute, firstRunAt);
    const expected = Math.max(due, total);
    if (expected > 0) result.set(minute, { good, total, expected });
  }
  return result;
};

/** How many runs the schedule asks for in a minute, over all locations: a minute with so many runs is complete. */
export const expectedRunsIn = (probe: ProbeHistory, minute: EpochMinute): number => {
  let count = 0;
  for (const [locationNo, firstRunAt] of probe.firstRunAt) {
    const spans = probe.spans.filter((span) => span.locationNos.includes(locationNo));
    count += slotsIn(probe, spans, minute, firstRunAt);
  }
  return count;
};
