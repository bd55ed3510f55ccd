import type { EpochMs } from "../units.ts";
import { DAY_MS, epochMs, MINUTE_MS } from "../units.ts";

/** One calendar day of a time zone: [from, until). */
export type LocalDay = { readonly date: string; readonly from: EpochMs; readonly until: EpochMs };

const formats = new Map<string, Intl.DateTimeFormat>();

const formatFor = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(timeZone, format);
  return format;
};

/** The wall clock of the zone, read as if it were UTC. @throws RangeError for an unknown zone. */
const wallClock = (at: number, timeZone: string): number => {
  const parts = new Map(
    formatFor(timeZone)
      .formatToParts(at)
      .map((part) => [part.type, Number(part.value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) as number;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
};

/** What the zone's wall clock is ahead of UTC at an instant, in milliseconds. */
const offsetAt = (at: number, timeZone: string): number => {
  const second = Math.floor(at / 1_000) * 1_000;
  return wallClock(second, timeZone) - second;
};

const dateText = (wall: number): string => new Date(wall).toISOString().slice(0, 10);

/** The calendar date (YYYY-MM-DD) of an instant in a zone. */
export const localDate = (at: EpochMs, timeZone: string): string => dateText(at + offsetAt(at, timeZone));

/**
 * The first instant of a calendar day. A midnight that the clock skips moves forward; one that it passes twice is the
 * first (slo-semantics, "Calendar windows").
 */
export const startOfLocalDay = (date: string, timeZone: string): EpochMs => {
  const wall = Date.parse(`${date}T00:00:00Z`);
  const before = offsetAt(wall - DAY_MS, timeZone);
  const after = offsetAt(wall + DAY_MS, timeZone);
  const candidates = [wall - before, wall - after].filter((at) => at + offsetAt(at, timeZone) === wall);
  // None: midnight lies in a gap, which ends at the instant that the old offset gives to it or a little earlier.
  if (candidates.length === 0) return endOfGap(wall - before, timeZone);
  return epochMs(Math.min(...candidates));
};

/** The first instant after a skip of the clock, searched by the minute before `at`, which lies behind the skip. */
const endOfGap = (at: number, timeZone: string): EpochMs => {
  const offset = offsetAt(at, timeZone);
  let first = at;
  while (offsetAt(first - MINUTE_MS, timeZone) === offset && at - first < DAY_MS) first -= MINUTE_MS;
  return epochMs(first);
};

/** The last `count` calendar days, oldest first; the last one holds `now`. */
export const lastLocalDays = (now: EpochMs, count: number, timeZone: string): LocalDay[] => {
  const today = Date.parse(`${localDate(now, timeZone)}T00:00:00Z`);
  const dates = Array.from({ length: count + 1 }, (_, index) => dateText(today - (count - 1 - index) * DAY_MS));
  const starts = dates.map((date) => startOfLocalDay(date, timeZone));
  return dates.slice(0, count).map((date, index) => ({
    date,
    from: starts[index] as EpochMs,
    until: starts[index + 1] as EpochMs,
  }));
};
