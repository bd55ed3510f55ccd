import { calendarWindowAt, parseCalendarDuration, parseWallTime } from "../calendar.ts";
import type { CalendarPeriod, SloWindow } from "../slo-definitions.ts";
import type { DurationMs, EpochMinute, EpochMs } from "../units.ts";
import { DAY_MS, durationMs, MINUTE_MS, startOfMinute } from "../units.ts";

/**
 * The length that burn rates are derived from. A month counts as 30 days, so that a monthly SLO has the workbook's factors
 * 14.4, 6, 3 and 1 all year round: a policy whose thresholds moved with every month could not be known by heart, and the
 * share of the budget that a pair stands for is off by a tenth of itself at most (28 days).
 */
const NOMINAL_DAYS: Readonly<Record<CalendarPeriod, number>> = {
  day: 1,
  week: 7,
  month: 30,
  quarter: 90,
  year: 365,
};

/** The fixed length of a period that burn rates are derived from. */
export const nominalLength = (period: CalendarPeriod): DurationMs => durationMs(NOMINAL_DAYS[period] * DAY_MS);

/** Longer than any window of the period is: its days and the hour that a change of the clocks adds, rounded up to days. */
const LONGEST_DAYS: Readonly<Record<CalendarPeriod, number>> = { day: 2, week: 8, month: 32, quarter: 93, year: 367 };

/** How many minutes back a window can reach. */
export const longestMinutes = (window: SloWindow): number =>
  Math.max(
    1,
    Math.ceil((window.kind === "rolling" ? window.durationMs : LONGEST_DAYS[window.period] * DAY_MS) / MINUTE_MS),
  );

/** A Monday, and the first day of a month, a quarter and a year. */
const DEFAULT_ANCHOR = "2024-01-01 00:00:00";
const DURATIONS: Readonly<Record<CalendarPeriod, string>> = {
  day: "1d",
  week: "1w",
  month: "1M",
  quarter: "1Q",
  year: "1Y",
};

export type CalendarSpan = {
  readonly startsAt: EpochMs;
  /** Exclusive. */
  readonly endsAt: EpochMs;
};

/**
 * The window of the calendar that an instant lies in.
 * @throws RangeError for an unknown time zone or an anchor that is no wall time.
 */
export const calendarSpanAt = (window: Extract<SloWindow, { kind: "calendar" }>, at: EpochMs): CalendarSpan => {
  const anchor = parseWallTime(window.anchor ?? DEFAULT_ANCHOR);
  const duration = parseCalendarDuration(DURATIONS[window.period]);
  if (anchor === null || duration === null) throw new RangeError(`no wall time: ${window.anchor}`);
  const { startsAt, endsAt } = calendarWindowAt({ timeZone: window.timeZone, duration, anchor, at });
  return { startsAt, endsAt };
};

/** The half-open window `(after, until]` in minutes, and how many minutes it has when it is full. */
export type WindowMinutes = {
  readonly after: EpochMinute;
  readonly until: EpochMinute;
  readonly fullMinutes: number;
};

/** Of a period of the calendar, in minutes: those that begin in it. */
type Period = { readonly first: number; readonly end: number };

const periodOf = (window: Extract<SloWindow, { kind: "calendar" }>, minute: EpochMinute): Period => {
  // Zones of old had offsets with seconds, so a bound may lie within a minute.
  const at = (instant: EpochMs): number => Math.ceil(instant / MINUTE_MS);
  const span = calendarSpanAt(window, startOfMinute(minute));
  return { first: at(span.startsAt), end: at(span.endsAt) };
};

/**
 * What a window covers at the end of a complete minute: the last minutes of a rolling window, those so far of the period
 * of the calendar in which the minute begins. The bounds of a period are remembered while minutes ask for the same one.
 */
export const createWindowOf = (window: SloWindow): ((minute: EpochMinute) => WindowMinutes) => {
  if (window.kind === "rolling") {
    const fullMinutes = longestMinutes(window);
    return (minute) => ({ after: (minute - fullMinutes) as EpochMinute, until: minute, fullMinutes });
  }
  let period: Period | null = null;
  return (minute) => {
    if (period === null || minute < period.first || minute >= period.end) period = periodOf(window, minute);
    const { first, end } = period;
    return { after: (first - 1) as EpochMinute, until: minute, fullMinutes: end - first };
  };
};

/** `createWindowOf` for one minute. */
export const windowAt = (window: SloWindow, minute: EpochMinute): WindowMinutes => createWindowOf(window)(minute);
