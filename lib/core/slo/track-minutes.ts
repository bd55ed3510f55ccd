import type { SliDefinition } from "../definitions.ts";
import type { EpochMinute } from "../units.ts";
import { MINUTE_MS } from "../units.ts";
import type { ExclusionSpan } from "./exclusions.ts";
import { adjustedCounts } from "./exclusions.ts";
import type { Fraction } from "./fraction.ts";
import { compare, fraction, multiply, parseFraction } from "./fraction.ts";
import type { BlockPool, Counts, HourBlock, MinuteSeries } from "./series.ts";
import { countsAt, createSeries, NO_COUNTS, setMinute, sumOver } from "./series.ts";
import { isBadSlice } from "./timeslices.ts";

const HOUR = 60;

/** A slice of a ratio SLI is counted in this many parts, so that its share of bad slots is a whole number of them. */
export const PARTS_A_SLICE = 1_000_000_000;

/** Judges an aligned slice as one event, which stands at its last minute. */
type Slicing = { readonly minutes: number; readonly judge: (counts: Counts) => Counts };

/**
 * The minutes of one SLO: as they were measured, with exclusions, and as events. All but `raw` are functions of `raw`, the
 * spans and the SLI; those that would be the same are the same object.
 */
export type TrackMinutes = {
  readonly raw: MinuteSeries;
  adjusted: MinuteSeries;
  /** What budget and alerts count: slots, or slices where the SLI says so. */
  events: MinuteSeries;
  /** The same without exclusions. */
  rawEvents: MinuteSeries;
  spans: readonly ExclusionSpan[];
  readonly slicing: Slicing | null;
  readonly retainMinutes: number;
};

const emptySlice = (noData: "ignore" | "good" | "bad"): Counts => {
  if (noData === "ignore") return { bad: 0, total: 0, expected: 1 };
  return { bad: noData === "bad" ? 1 : 0, total: 1, expected: 1 };
};

const scaled = ({ bad, total, expected }: Counts, by: number): Counts => ({
  bad: bad * by,
  total: total * by,
  expected: expected * by,
});

const shareOf = (percent: string): Fraction => {
  const value = parseFraction(percent);
  if (value === null || compare(value, fraction(0n, 1n)) <= 0) {
    throw new RangeError(`the target of a slice must be a decimal percentage above 0, got ${percent}`);
  }
  return multiply(value, fraction(1n, 100n));
};

/** @throws RangeError when a slice's target is no percentage. */
const slicingOf = (sli: SliDefinition): Slicing | null => {
  if (sli.kind !== "timeslice" && sli.kind !== "ratio_timeslices") return null;
  const minutes = Math.max(1, Math.round(sli.sliceMs / MINUTE_MS));
  const empty = emptySlice(sli.noData);
  if (sli.kind === "ratio_timeslices") {
    const judge = ({ bad, total, expected }: Counts): Counts => {
      if (total > 0) {
        return { bad: Math.round((bad / total) * PARTS_A_SLICE), total: PARTS_A_SLICE, expected: PARTS_A_SLICE };
      }
      return expected > 0 ? scaled(empty, PARTS_A_SLICE) : NO_COUNTS;
    };
    return { minutes, judge };
  }
  const target = shareOf(sli.target);
  const judge = ({ bad, total, expected }: Counts): Counts => {
    // Nothing was expected before the first run and within an exclusion: that is no slice without data.
    if (total === 0) return expected > 0 ? empty : NO_COUNTS;
    return { bad: isBadSlice(bad, total, target) ? 1 : 0, total: 1, expected: 1 };
  };
  return { minutes, judge };
};

/** @throws RangeError when the SLI cannot be evaluated. */
export const createTrackMinutes = (sli: SliDefinition, retainMinutes: number, pool: BlockPool): TrackMinutes => {
  const raw = createSeries(retainMinutes, pool);
  const slicing = slicingOf(sli);
  const events = slicing === null ? raw : createSeries(retainMinutes, pool);
  return { raw, adjusted: raw, events, rawEvents: events, spans: [], slicing, retainMinutes };
};

/** A copy that shares what does not change. */
const cloneSeries = (series: MinuteSeries): MinuteSeries => {
  const blocks = [...series.blocks];
  const last = series.range === null ? 0 : series.range.lastHour % series.capacityHours;
  if (series.isLastOwned) blocks[last] = Float64Array.from(blocks[last] as HourBlock);
  const range = series.range === null ? null : { ...series.range };
  return { ...series, range, blocks, before: series.before.slice() };
};

/** The first and the last minute that a series can hold anything of. */
const reachOf = (series: MinuteSeries): { first: number; last: number } | null => {
  const { range } = series;
  return range === null ? null : { first: range.firstHour * HOUR, last: range.lastHour * HOUR + HOUR - 1 };
};

/** Sets the slice that ends with `last`, which the caller knows to be over. */
const setSlice = (from: MinuteSeries, to: MinuteSeries, slicing: Slicing, last: number): void => {
  const counts = slicing.judge(sumOver(from, (last - slicing.minutes) as EpochMinute, last as EpochMinute));
  setMinute(to, last as EpochMinute, counts);
};

const slicesOf = (from: MinuteSeries, slicing: Slicing, minutes: TrackMinutes, through: EpochMinute): MinuteSeries => {
  const to = createSeries(minutes.retainMinutes, from.pool);
  const reach = reachOf(from);
  if (reach === null) return to;
  // A slice that began before what is retained is not known whole.
  const start = Math.ceil(reach.first / slicing.minutes) * slicing.minutes;
  for (let last = start + slicing.minutes - 1; last <= through; last += slicing.minutes) {
    setSlice(from, to, slicing, last);
  }
  return to;
};

/** Derives everything from `raw` and the spans anew, up to and with `through`. */
export const deriveAll = (minutes: TrackMinutes, through: EpochMinute): void => {
  const { raw, spans, slicing } = minutes;
  minutes.adjusted = raw;
  const reach = reachOf(raw);
  if (spans.length > 0 && reach !== null) {
    minutes.adjusted = cloneSeries(raw);
    for (const span of spans) {
      const until = Math.min(span.until - 1, reach.last, through);
      for (let minute = Math.max(span.from, reach.first); minute <= until; minute += 1) {
        const at = minute as EpochMinute;
        setMinute(minutes.adjusted, at, adjustedCounts(spans, at, countsAt(raw, at)));
      }
    }
  } else if (spans.length > 0) {
    minutes.adjusted = createSeries(minutes.retainMinutes, raw.pool);
  }
  if (slicing === null) {
    minutes.events = minutes.adjusted;
    minutes.rawEvents = raw;
    return;
  }
  minutes.rawEvents = slicesOf(raw, slicing, minutes, through);
  minutes.events = minutes.adjusted === raw ? minutes.rawEvents : slicesOf(minutes.adjusted, slicing, minutes, through);
};

/** The last minute of the slice of a minute. */
const sliceEnd = (minute: EpochMinute, length: number): number => Math.floor(minute / length) * length + length - 1;

/** Sets what was measured in a minute, new or corrected, and all that follows from it. `through`: the newest known minute. */
export const setCounts = (minutes: TrackMinutes, minute: EpochMinute, counts: Counts, through: EpochMinute): void => {
  const { raw, adjusted, slicing, spans } = minutes;
  setMinute(raw, minute, counts);
  if (adjusted !== raw) setMinute(adjusted, minute, adjustedCounts(spans, minute, counts));
  if (slicing === null) return;
  const last = sliceEnd(minute, slicing.minutes);
  const reach = reachOf(raw);
  // A slice that is not over, or that began before what is retained, is not known whole.
  if (last > Math.max(through, minute) || reach === null || last - slicing.minutes + 1 < reach.first) return;
  setSlice(raw, minutes.rawEvents, slicing, last);
  if (minutes.events !== minutes.rawEvents) setSlice(adjusted, minutes.events, slicing, last);
};

const isEqual = (a: Counts, b: Counts): boolean => a.bad === b.bad && a.total === b.total && a.expected === b.expected;

/**
 * Puts other spans in force and derives everything anew. Returns whether any minute up to `through` counts differently:
 * an exclusion of minutes to come, or of minutes without data, changes nothing yet.
 */
export const setSpans = (
  minutes: TrackMinutes,
  spans: readonly ExclusionSpan[],
  through: EpochMinute | null,
): boolean => {
  const before = minutes.spans;
  if (JSON.stringify(before) === JSON.stringify(spans)) return false;
  minutes.spans = spans;
  if (through === null) return false;
  deriveAll(minutes, through);
  const reach = reachOf(minutes.raw);
  if (reach === null) return false;
  return [...before, ...spans].some((span) => {
    const until = Math.min(span.until - 1, reach.last, through);
    for (let minute = Math.max(span.from, reach.first); minute <= until; minute += 1) {
      const at = minute as EpochMinute;
      const counts = countsAt(minutes.raw, at);
      if (!isEqual(adjustedCounts(before, at, counts), adjustedCounts(spans, at, counts))) return true;
    }
    return false;
  });
};
