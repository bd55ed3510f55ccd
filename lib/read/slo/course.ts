import type { Database } from "#db/database.ts";
import type { ExclusionRow } from "#db/queries/exclusions.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { countMinutes, isAbout } from "#db/queries/slo-minutes.ts";
import type { SloWindow } from "#lib/core/definitions.ts";
import { paceOf, remainingAhead } from "#lib/core/slo/forecast.ts";
import type { BudgetReading, CompiledSlo } from "#lib/core/slo/reading.ts";
import { compileSlo, countsOver, sloBudget } from "#lib/core/slo/reading.ts";
import type { Counts } from "#lib/core/slo/series.ts";
import { sumOver } from "#lib/core/slo/series.ts";
import type { TrackMinutes } from "#lib/core/slo/track-minutes.ts";
import { PARTS_A_SLICE } from "#lib/core/slo/track-minutes.ts";
import { longestMinutes, nominalLength } from "#lib/core/slo/window.ts";
import { localDate, startOfLocalDay } from "#lib/core/status/local-days.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import {
  addMinutes,
  addMs,
  DAY_MS,
  durationMs,
  epochMs,
  HOUR_MS,
  MINUTE_MS,
  minuteOf,
  startOfMinute,
} from "#lib/core/units.ts";
import { requireSession } from "../require-session.ts";
import { getWebContext } from "../web-context.ts";
import type { BurnDownPoint, CountedSeries } from "./burn-down.ts";
import { pointsOfWindow } from "./burn-down.ts";
import type { SloForecast } from "./forecast.ts";
import { forecastOf } from "./forecast.ts";

const DEADLINE_MS = 10_000;
const PACE_MINUTES = 60;
const STEPS_AHEAD = 84;
const MOST_DAYS = 92;

/** What may become of a budget: signed shares left at an instant. Null without events. */
export type AheadPoint = {
  readonly at: EpochMs;
  /** Nothing else fails. */
  readonly ifStops: number | null;
  /** The last hour goes on. */
  readonly ifGoesOn: number | null;
};

/** A budget over time in one kind of window. */
export type BudgetCourse = {
  readonly window: SloWindow;
  /** Whether it is the SLO's own window, which the API and the alerts are about. */
  readonly isOwn: boolean;
  readonly budget: BudgetReading;
  readonly points: readonly BurnDownPoint[];
  readonly ahead: readonly AheadPoint[];
};

/** One day of a time zone, with the budgets left at its end, or at the newest minute. */
export type CourseDay = {
  /** "YYYY-MM-DD". */
  readonly date: string;
  readonly own: number | null;
  readonly other: number | null;
  readonly bad: number;
  readonly total: number;
  readonly expected: number;
};

/** What an exclusion covers: the events within it as they were measured. */
export type ExclusionEffect = { readonly exclusion: ExclusionRow; readonly bad: number; readonly total: number };

export type SloCourses = {
  readonly own: BudgetCourse;
  readonly other: BudgetCourse;
  readonly forecast: SloForecast;
  /** The days of the own window, oldest first. */
  readonly days: readonly CourseDay[];
  readonly effects: readonly ExclusionEffect[];
};

/** The window that stands beside an SLO's own: the month of the calendar, or the rolling one of the same length. */
const otherWindow = (window: SloWindow, timeZone: string): SloWindow =>
  window.kind === "calendar"
    ? { kind: "rolling", durationMs: window.durationMs }
    : { kind: "calendar", period: "month", timeZone, durationMs: nominalLength("month") };

/** A period of the calendar is judged as a whole, so its line falls by what fails and nothing comes back. */
const aheadOfPeriod = (
  slo: CompiledSlo,
  { series, last }: CountedSeries,
  ahead: number,
  bad: number,
): number | null => {
  const { projectedConsumed, allowedBad } = sloBudget(series, slo, last);
  if (projectedConsumed === null || allowedBad === null || allowedBad === 0) return null;
  const { after, until, fullMinutes } = slo.windowOf(last);
  const age = series.firstMinute === null ? 0 : Math.max(0, until - series.firstMinute + 1);
  const elapsed = Math.max(1, Math.min(age, until - after));
  return 1 - projectedConsumed - (bad * ahead * elapsed) / (PACE_MINUTES * allowedBad * fullMinutes);
};

const aheadOf = (slo: CompiledSlo, counted: CountedSeries): readonly AheadPoint[] => {
  const { series, last } = counted;
  const window = slo.windowOf(last);
  const pace = paceOf(countsOver(series, last, PACE_MINUTES), PACE_MINUTES);
  const horizon = slo.isCalendar
    ? window.fullMinutes - (window.until - window.after)
    : Math.round((window.fullMinutes * 9) / 14);
  const { objective } = slo;
  const left = (ahead: number, bad: number): number | null =>
    slo.isCalendar
      ? aheadOfPeriod(slo, counted, ahead, bad)
      : remainingAhead({ series, objective, window, kind: "rolling", pace: { ...pace, bad } }, ahead);
  const step = Math.max(1, Math.ceil(horizon / STEPS_AHEAD));
  const minutes = [0, 1, 5, 15, 30, 60, 120].filter((minute) => minute < Math.min(step, horizon));
  for (let minute = step; minute < horizon; minute += step) minutes.push(minute);
  return [...minutes, horizon].map((ahead) => ({
    at: startOfMinute(addMinutes(last, ahead + 1)),
    ifStops: left(ahead, 0),
    ifGoesOn: left(ahead, pace.bad),
  }));
};

const scaledBudget = (budget: BudgetReading, scale: number): BudgetReading => ({
  ...budget,
  bad: budget.bad / scale,
  good: budget.good / scale,
  total: budget.total / scale,
  expected: budget.expected / scale,
  allowedBad: budget.allowedBad === null ? null : budget.allowedBad / scale,
});

const courseOf = (counted: CountedSeries, objective: string, window: SloWindow, isOwn: boolean): BudgetCourse => {
  const slo = compileSlo({ objective, window, burnRateAlerts: [] });
  return {
    window,
    isOwn,
    budget: scaledBudget(sloBudget(counted.series, slo, counted.last), counted.scale),
    points: pointsOfWindow(counted, { objective, window }),
    ahead: aheadOf(slo, counted),
  };
};

/** The days of a zone in the own window, at most 92. */
const daysOf = (
  { series, scale, last }: CountedSeries,
  terms: { readonly own: CompiledSlo; readonly other: CompiledSlo; readonly timeZone: string },
): readonly CourseDay[] => {
  const { own, other, timeZone } = terms;
  const first = Math.max(own.windowOf(last).after + 1, last - MOST_DAYS * 1_440);
  const days: CourseDay[] = [];
  for (let at = startOfMinute(last); minuteOf(at) >= first && days.length < MOST_DAYS; ) {
    const date = localDate(at, timeZone);
    const startsAt = startOfLocalDay(date, timeZone);
    const end = minuteOf(at);
    const counts = sumOver(series, (Math.max(first, minuteOf(startsAt)) - 1) as EpochMinute, end);
    const left = (slo: CompiledSlo): number | null => {
      const { remaining, projectedConsumed } = sloBudget(series, slo, end);
      return slo.isCalendar && projectedConsumed !== null ? 1 - projectedConsumed : remaining;
    };
    days.push({
      date,
      own: counts.total > 0 ? left(own) : null,
      other: counts.total > 0 ? left(other) : null,
      bad: counts.bad / scale,
      total: counts.total / scale,
      expected: counts.expected / scale,
    });
    at = addMs(startsAt, -MINUTE_MS);
  }
  return days.reverse();
};

const effectsOf = (minutes: TrackMinutes, exclusions: readonly ExclusionRow[], scale: number, after: EpochMinute) =>
  exclusions.map((exclusion): ExclusionEffect => {
    const from = Math.max(after, minuteOf(exclusion.startsAt) - 1) as EpochMinute;
    const until = (Math.ceil(exclusion.endsAt / MINUTE_MS) - 1) as EpochMinute;
    const { bad, total }: Counts =
      until > from ? sumOver(minutes.rawEvents, from, until) : { bad: 0, total: 0, expected: 0 };
    return { exclusion, bad: bad / scale, total: total / scale };
  });

/** The two courses of an SLO's budget from minutes as they are counted; the clock of the days and months is `timeZone`. */
export const coursesOf = (
  slo: Pick<SloWithReading, "definition">,
  args: { minutes: TrackMinutes; exclusions: readonly ExclusionRow[]; last: EpochMinute; timeZone: string },
): SloCourses => {
  const { minutes, exclusions, last, timeZone } = args;
  const { objective, window, sli } = slo.definition;
  const scale = sli.kind === "ratio_timeslices" ? PARTS_A_SLICE : 1;
  const counted = { series: minutes.events, scale, last };
  const beside = otherWindow(window, timeZone);
  const compiled = (each: SloWindow) => compileSlo({ objective, window: each, burnRateAlerts: [] });
  const [own, other] = [compiled(window), compiled(beside)];
  return {
    own: courseOf(counted, objective, window, true),
    other: courseOf(counted, objective, beside, false),
    forecast: forecastOf(slo, minutes.events, last),
    days: daysOf(counted, { own, other, timeZone }),
    effects: effectsOf(minutes, exclusions, scale, own.windowOf(last).after),
  };
};

/** How far back the courses look: a rolling window at its oldest point looks back over another one. */
const reachOf = (window: SloWindow): number => (window.kind === "rolling" ? 2 : 1) * longestMinutes(window);

/** The courses of a stored SLO; null before its first evaluation. One range of the primary key of `sli_hours`. */
const readCourses = (database: Database, slo: SloWithReading, timeZone: string): Promise<SloCourses | null> => {
  const { evaluatedAt } = slo;
  if (evaluatedAt === null) return Promise.resolve(null);
  const { window } = slo.definition;
  const reach = Math.max(reachOf(window), reachOf(otherWindow(window, timeZone)));
  const oldest = addMs(evaluatedAt, -durationMs(reach * MINUTE_MS + DAY_MS));
  const fromAt = epochMs(Math.floor(oldest / HOUR_MS) * HOUR_MS);
  return database.read(
    async (db) => {
      const hours = await readSliHours(db, [{ sloId: slo.id, version: slo.version, fromAt, toAt: evaluatedAt }]);
      const exclusions = await readExclusions(db, { endedAfter: fromAt });
      const last = addMinutes(minuteOf(evaluatedAt), -1);
      const minutes = countMinutes(hours, { slo, exclusions, until: addMinutes(last, 1) });
      const { after } = compileSlo({ ...slo.definition, burnRateAlerts: [] }).windowOf(last);
      const windowFrom = startOfMinute(addMinutes(after, 1));
      const mine = exclusions
        .filter((row) => isAbout(row, slo) && row.endsAt > windowFrom)
        .sort((a, b) => b.startsAt - a.startsAt);
      return coursesOf(slo, { minutes, exclusions: mine, last, timeZone });
    },
    { deadlineMs: DEADLINE_MS },
  );
};

/** `readCourses` for who is signed in. @throws Error "NotSignedIn" without a session. */
export const loadCourses = async (
  cookieHeader: string | null,
  slo: SloWithReading,
  timeZone: string,
): Promise<SloCourses | null> => {
  await requireSession(cookieHeader);
  return readCourses(getWebContext().database, slo, timeZone);
};
