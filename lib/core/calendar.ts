import type { EpochMs } from "./units.ts";
import { addMs, DAY_MS, epochMs, HOUR_MS, MINUTE_MS } from "./units.ts";

/** A wall-clock time without a zone, as milliseconds since 1970-01-01 00:00:00 on that clock. */
type WallMs = number;

export type CalendarUnit = "m" | "h" | "d" | "w" | "M" | "Q" | "Y";
/** m and h are lengths of time; d, w, M, Q and Y are counted on the wall calendar of the zone. */
export type CalendarDuration = { readonly count: number; readonly unit: CalendarUnit };

export type CalendarWindow = {
  /** Which window after the anchor; below zero before it. */
  readonly index: number;
  readonly startsAt: EpochMs;
  /** The start of the next window: the end is exclusive. */
  readonly endsAt: EpochMs;
};

const DURATION = /^([1-9]\d{0,4})([mhdwMQY])$/;
const WALL_TIME = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/;
const MONTHS = { M: 1, Q: 3, Y: 12 } as const;
const DAYS = { d: 1, w: 7 } as const;

/** Reads "1M", "2w" or "90m". Null when the text is no such duration. */
export const parseCalendarDuration = (text: string): CalendarDuration | null => {
  const match = DURATION.exec(text);
  return match === null ? null : { count: Number(match[1]), unit: match[2] as CalendarUnit };
};

/** Reads "2025-01-31 00:00:00". Null when the text is no such date and time. */
export const parseWallTime = (text: string): WallMs | null => {
  const match = WALL_TIME.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC rolls over what does not exist, such as the 30th of February.
  return year >= 100 && new Date(wall).toISOString() === `${text.replace(" ", "T")}.000Z` ? wall : null;
};

const formatters = new Map<string, Intl.DateTimeFormat>();

/** A memo only: the same zone always gives the same formatter. @throws RangeError for an unknown zone. */
const formatterOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
  const made = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...numeric, second: "numeric" });
  formatters.set(timeZone, made);
  return made;
};

/** Offsets such as +09:00 are accepted by Intl too, but they are no zones: their clocks never change. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+/-]*$/;

/** Whether the name is a zone of the IANA database that this runtime knows. */
export const isTimeZone = (timeZone: string): boolean => {
  if (!ZONE_NAME.test(timeZone)) return false;
  try {
    formatterOf(timeZone);
    return true;
  } catch {
    return false;
  }
};

/** What clocks in the zone show at an instant, to the second. */
export const wallTimeAt = (timeZone: string, at: EpochMs): WallMs => {
  const seconds = Math.floor(at / 1_000) * 1_000;
  const part = new Map(
    formatterOf(timeZone)
      .formatToParts(seconds)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const read = (type: Intl.DateTimeFormatPartTypes): number => part.get(type) ?? 0;
  return Date.UTC(read("year"), read("month") - 1, read("day"), read("hour"), read("minute"), read("second"));
};

const offsetAt = (timeZone: string, at: EpochMs): number => wallTimeAt(timeZone, at) - Math.floor(at / 1_000) * 1_000;

/**
 * The instant at which clocks in the zone show a wall time: the first one when they show it twice; when they skip it,
 * the wall time moves forward by what they skip. PostgreSQL's AT TIME ZONE chooses otherwise.
 */
export const instantOfWallTime = (timeZone: string, wall: WallMs): EpochMs => {
  // No zone is more than 14 h from UTC, so a day to either side is before and after any change of offset near by.
  const before = offsetAt(timeZone, epochMs(wall - DAY_MS));
  const after = offsetAt(timeZone, epochMs(wall + DAY_MS));
  const candidates = [wall - before, wall - after].map(epochMs).filter((at) => wallTimeAt(timeZone, at) === wall);
  return candidates.length === 0 ? epochMs(wall - before) : epochMs(Math.min(...candidates));
};

/** `months` later on the calendar; the day is clamped to the last one of the month. */
const addMonths = (wall: WallMs, months: number): WallMs => {
  const from = new Date(wall);
  const monthIndex = from.getUTCFullYear() * 12 + from.getUTCMonth() + months;
  const [year, month] = [Math.floor(monthIndex / 12), ((monthIndex % 12) + 12) % 12];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const timeOfDay = wall - Math.floor(wall / DAY_MS) * DAY_MS;
  return Date.UTC(year, month, Math.min(from.getUTCDate(), lastDay)) + timeOfDay;
};

const boundAt = (timeZone: string, anchor: WallMs, { count, unit }: CalendarDuration, index: number): EpochMs => {
  switch (unit) {
    case "m":
      return addMs(instantOfWallTime(timeZone, anchor), index * count * MINUTE_MS);
    case "h":
      return addMs(instantOfWallTime(timeZone, anchor), index * count * HOUR_MS);
    case "d":
    case "w":
      return instantOfWallTime(timeZone, anchor + index * count * DAYS[unit] * DAY_MS);
    case "M":
    case "Q":
    case "Y":
      return instantOfWallTime(timeZone, addMonths(anchor, index * count * MONTHS[unit]));
  }
};

/** An index that is at most a few windows off. */
const guessIndex = (timeZone: string, anchor: WallMs, { count, unit }: CalendarDuration, at: EpochMs): number => {
  switch (unit) {
    case "m":
      return Math.floor((at - instantOfWallTime(timeZone, anchor)) / (count * MINUTE_MS));
    case "h":
      return Math.floor((at - instantOfWallTime(timeZone, anchor)) / (count * HOUR_MS));
    case "d":
    case "w":
      return Math.floor((wallTimeAt(timeZone, at) - anchor) / (count * DAYS[unit] * DAY_MS));
    case "M":
    case "Q":
    case "Y": {
      const [from, to] = [new Date(anchor), new Date(wallTimeAt(timeZone, at))];
      const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
      return Math.floor(months / (count * MONTHS[unit]));
    }
  }
};

/**
 * The calendar window that holds an instant. Bounds are counted from the anchor on the wall clock of the zone (never from
 * one bound to the next) and each is turned into an instant on its own, so that a day may last 23 or 25 hours.
 * @throws RangeError for an unknown time zone.
 */
export const calendarWindowAt = (args: {
  readonly timeZone: string;
  readonly duration: CalendarDuration;
  /** Wall time in the zone, from `parseWallTime`. */
  readonly anchor: WallMs;
  readonly at: EpochMs;
}): CalendarWindow => {
  const { timeZone, duration, anchor, at } = args;
  const bound = (index: number): EpochMs => boundAt(timeZone, anchor, duration, index);
  let index = guessIndex(timeZone, anchor, duration, at);
  while (bound(index) > at) index -= 1;
  while (bound(index + 1) <= at) index += 1;
  return { index, startsAt: bound(index), endsAt: bound(index + 1) };
};
