import { parseDuration } from "#lib/core/duration.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { Cursor } from "./fidelity.ts";
import type { WindowFile } from "./imported.ts";

/** A Monday that is the first day of a month, a quarter and a year: where periods begin when nothing else is said. */
export const DEFAULT_ANCHOR = "2024-01-01 00:00:00";
const DEFAULT_WINDOW = "28d";
const SHORTHAND = /^(\d+)(m|h|d|w|M|Q|Y)$/;
/** Rolling months, quarters and years have no length of their own. */
const ROLLING_DAYS: Readonly<Record<string, number>> = { M: 30, Q: 90, Y: 365 };
const PERIODS: Readonly<Record<string, string>> = {
  "1d": "day",
  "1w": "week",
  "1M": "month",
  "1Q": "quarter",
  "1Y": "year",
};
const WALL_TIME = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?$/;

const readRolling = (field: Cursor, count: number, unit: string): string => {
  const days = ROLLING_DAYS[unit];
  if (days !== undefined) {
    field.change(`${count * days}d: a rolling window needs a fixed length`);
    return `${count * days}d`;
  }
  const text = `${count}${unit}`;
  const ms = parseDuration(text) ?? 0;
  if (ms < 60_000 || ms > 366 * DAY_MS) return field.refuse(`must be between 1m and 366d, got ${text}`);
  field.keep(`rolling window ${text}`);
  return text;
};

const readCalendar = (calendar: Cursor, duration: Cursor, written: string): WindowFile => {
  const period =
    PERIODS[written] ?? duration.refuse(`a calendar window of 1d, 1w, 1M, 1Q or 1Y is due, got ${written}`);
  duration.keep(`calendar ${period}`);
  const [start, zone] = [calendar.at("startTime"), calendar.at("timeZone")];
  const text = (start.text() ?? start.refuse("is required")).replace("T", " ").replace(/(?:\.\d+)?Z$/, "");
  if (!WALL_TIME.test(text)) return start.refuse(`a time such as 2026-01-01 00:00:00 is due, got ${text}`);
  const timeZone = zone.text() ?? zone.refuse("is required");
  start.keep(`anchor ${text}`);
  zone.keep(`time zone ${timeZone}`);
  // What Nines takes when no anchor is given.
  const isStandard = text === DEFAULT_ANCHOR;
  return { calendar: period, time_zone: timeZone, ...(isStandard ? {} : { anchor: text }) };
};

/** The window of an OpenSLO SLO. */
export const readWindow = (spec: Cursor): WindowFile => {
  const list = spec.at("timeWindow");
  const [window, second] = list.items();
  if (window === undefined) {
    if (list.exists()) return list.refuse("exactly one window is due");
    list.change(`none is given: ${DEFAULT_WINDOW}`);
    return DEFAULT_WINDOW;
  }
  if (second !== undefined) return list.refuse("exactly one window is due");
  const duration = window.at("duration");
  const written = duration.text() ?? duration.refuse("is required");
  const [, count = "", unit = ""] = SHORTHAND.exec(written) ?? [];
  if (unit === "" || Number(count) === 0) return duration.refuse(`a duration such as 28d or 1M is due, got ${written}`);
  const [calendar, rolling] = [window.at("calendar"), window.at("isRolling")];
  if (calendar.exists() && rolling.value === true) return calendar.refuse("a rolling window has none");
  if (rolling.exists()) rolling.keep(calendar.exists() ? "calendar window" : "rolling window");
  return calendar.exists() ? readCalendar(calendar, duration, written) : readRolling(duration, Number(count), unit);
};
