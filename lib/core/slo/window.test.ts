import { describe, expect, test } from "vitest";
import type { SloWindow } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";
import { DAY_MS, durationMs, epochMs, MINUTE_MS, minuteOf } from "../units.ts";
import { defaultPolicy } from "./policy.ts";
import { compileSlo, longestWindow, readingAt, sloBudget } from "./reading.ts";
import { createSeries, setMinute } from "./series.ts";
import { calendarSpanAt, createWindowOf, longestMinutes, nominalLength, windowAt } from "./window.ts";

type Calendar = Extract<SloWindow, { kind: "calendar" }>;
const calendar = (period: Calendar["period"], timeZone = "UTC", anchor?: string): Calendar => ({
  kind: "calendar",
  period,
  timeZone,
  durationMs: nominalLength(period),
  ...(anchor === undefined ? {} : { anchor }),
});
const at = (text: string) => epochMs(Date.parse(text));
const minuteAt = (text: string) => minuteOf(at(text));
const spanOf = (window: Calendar, text: string) => {
  const { startsAt, endsAt } = calendarSpanAt(window, at(text));
  return [new Date(startsAt).toISOString().slice(0, 16), new Date(endsAt).toISOString().slice(0, 16)];
};

describe("periods of the calendar", () => {
  test.each([
    [calendar("day", "Asia/Seoul"), "2026-02-10T16:00:00Z", "2026-02-10T15:00", "2026-02-11T15:00"],
    [calendar("week"), "2026-02-11T12:00:00Z", "2026-02-09T00:00", "2026-02-16T00:00"],
    [calendar("month"), "2028-02-29T23:59:00Z", "2028-02-01T00:00", "2028-03-01T00:00"],
    [calendar("quarter", "Asia/Seoul"), "2026-03-31T15:00:00Z", "2026-03-31T15:00", "2026-06-30T15:00"],
    [calendar("year"), "2026-12-31T23:59:59Z", "2026-01-01T00:00", "2027-01-01T00:00"],
    [calendar("day", "Europe/Berlin"), "2026-03-29T12:00:00Z", "2026-03-28T23:00", "2026-03-29T22:00"],
    [
      calendar("month", "Europe/Berlin", "2025-01-31 00:00:00"),
      "2026-02-10T12:00:00Z",
      "2026-01-30T23:00",
      "2026-02-27T23:00",
    ],
  ])("%o at %s", (window, instant, from, until) => {
    expect(spanOf(window, instant)).toEqual([from, until]);
  });

  test("no period is longer than what is kept for it", () => {
    for (const period of ["day", "week", "month", "quarter", "year"] as const) {
      for (const timeZone of ["Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Seoul"]) {
        const window = calendar(period, timeZone);
        for (let day = 0; day < 800; day += 13) {
          const { startsAt, endsAt } = calendarSpanAt(window, epochMs(at("2011-01-01T05:00:00Z") + day * DAY_MS));
          expect((endsAt - startsAt) / 60_000).toBeLessThanOrEqual(longestMinutes(window));
        }
      }
    }
  });

  test("a month has the workbook's factors, whatever its length", () => {
    const factors = defaultPolicy(nominalLength("month"), { intervalMs: durationMs(30_000) }).map(
      (pair) => pair.factor,
    );
    expect(factors).toEqual(["14.4", "6", "3", "1"]);
  });

  test("the minutes so far begin with the period and start anew with the next", () => {
    const windowOf = createWindowOf(calendar("month"));
    const first = minuteAt("2026-02-01T00:00:00Z");
    for (const [offset, elapsed, fullMinutes] of [
      [0, 1, 28 * 1_440],
      [28 * 1_440 - 1, 28 * 1_440, 28 * 1_440],
      [28 * 1_440, 1, 31 * 1_440],
      [5, 6, 28 * 1_440],
    ] as const) {
      const window = windowOf((first + offset) as EpochMinute);
      expect([window.until - window.after, window.fullMinutes]).toEqual([elapsed, fullMinutes]);
      expect(windowAt(calendar("month"), (first + offset) as EpochMinute)).toEqual(window);
    }
  });
});

describe("a budget of the calendar", () => {
  const slo = compileSlo({
    objective: "99",
    window: calendar("month"),
    burnRateAlerts: defaultPolicy(nominalLength("month"), { intervalMs: durationMs(60_000) }),
  });
  const first = minuteAt("2026-02-01T00:00:00Z");
  const last = (first + 7 * 1_440 - 1) as EpochMinute;
  const series = createSeries(longestWindow(slo));
  // January fails entirely; a week of February has one event a minute, and a bad one every 200 minutes.
  for (let minute = first - 3_000; minute <= last; minute += 1) {
    const bad = minute < first || (minute - first) % 200 === 199 ? 1 : 0;
    setMinute(series, minute as EpochMinute, { bad, total: 1, expected: 1 });
  }

  test("holds nothing of the period before, and shows so far and projected", () => {
    const budget = sloBudget(series, slo, last);
    const [bad, total] = [50, 7 * 1_440];
    expect(budget).toMatchObject({ bad, total, windowMinutes: 28 * 1_440, windowFilling: true });
    expect(budget.consumed).toBeCloseTo(bad / (0.01 * total), 12);
    expect(budget.projectedConsumed).toBeCloseTo(bad / (0.01 * 28 * 1_440), 12);
    // Seven bad events in the last day, and the same on each of 21 more.
    expect(budget.calendar).toMatchObject({ firstMinute: first, endMinute: first + 28 * 1_440 });
    expect(budget.calendar?.projectedAtPace).toBeCloseTo((bad + 7 * 21) / (0.01 * 28 * 1_440), 9);
    expect(readingAt(series, slo, last).budget).toEqual(budget);
  });

  test("exhaustion after the end of the period is none", () => {
    expect(sloBudget(series, slo, last).minutesToExhaustion).toBeNull();
    const worse = createSeries(longestWindow(slo));
    for (let minute = first as number; minute <= last; minute += 1) {
      setMinute(worse, minute as EpochMinute, { bad: last - minute < 60 ? 1 : 0, total: 1, expected: 1 });
    }
    const budget = sloBudget(worse, slo, last);
    // 60 of the 403.2 bad events that February allows are spent, at one a minute.
    expect(budget.minutesToExhaustion).toBeCloseTo(403.2 - 60, 6);
  });
});

test("what an SLO looks back over holds its whole window, a period of the calendar in its longest form, and the last hour", () => {
  const lookBack = (window: SloWindow) => longestWindow(compileSlo({ objective: "99.9", window, burnRateAlerts: [] }));
  expect(lookBack({ kind: "rolling", durationMs: durationMs(10 * MINUTE_MS) })).toBe(60);
  expect(lookBack({ kind: "rolling", durationMs: durationMs(28 * DAY_MS) })).toBe(28 * 1_440);
  // October 2026 in Berlin has 31 days and the hour that is repeated.
  const month = { kind: "calendar", period: "month", timeZone: "Europe/Berlin", durationMs: durationMs(30 * DAY_MS) };
  expect(lookBack(month as SloWindow)).toBeGreaterThanOrEqual(31 * 1_440 + 60);
});
