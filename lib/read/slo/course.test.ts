import { describe, expect, test } from "vitest";
import type { ExclusionRow } from "#db/queries/exclusions.ts";
import { countMinutes } from "#db/queries/slo-minutes.ts";
import type { SloWindow } from "#lib/core/definitions.ts";
import { addMinutes, DAY_MS, durationMs, epochMs, minuteOf } from "#lib/core/units.ts";
import { sampleSlo } from "#test/support/sample-config.ts";
import { SLO_NOW, sampleHours } from "#test/support/sample-slos.ts";
import { coursesOf } from "./course.ts";

const last = addMinutes(minuteOf(SLO_NOW), -1);
const ROLLING: SloWindow = { kind: "rolling", durationMs: durationMs(28 * DAY_MS) };
const MONTH: SloWindow = { kind: "calendar", period: "month", timeZone: "UTC", durationMs: durationMs(30 * DAY_MS) };
const SPELLS = [
  { from: "2026-07-12T06:10:00Z", minutes: 2_000, kind: "unmeasured" },
  { from: "2026-07-24T09:12:00Z", minutes: 14, kind: "failed" },
  { from: "2026-08-06T13:58:00Z", minutes: 9, kind: "failed" },
] as const;
const exclusion: ExclusionRow = {
  id: "exc_1",
  scope: { sloId: "a" },
  kind: "announced",
  startsAt: epochMs(Date.UTC(2026, 6, 24, 9, 0)),
  endsAt: epochMs(Date.UTC(2026, 6, 24, 9, 20)),
  reason: "moving house",
  author: "Ada",
  createdAt: epochMs(Date.UTC(2026, 6, 20)),
  approvedBy: null,
  approvedAt: null,
  revokedAt: null,
  revokedBy: null,
};

const courses = (window: SloWindow, exclusions: readonly ExclusionRow[] = []) => {
  const slo = { id: "a", serviceId: "shop", definition: sampleSlo({ id: "a", window }) };
  const minutes = countMinutes(sampleHours("a", [...SPELLS]), { slo, exclusions, until: addMinutes(last, 1) });
  return coursesOf(slo, { minutes, exclusions, last, timeZone: "UTC" });
};

describe.each([
  ["rolling", ROLLING],
  ["calendar", MONTH],
] as const)("the courses of a budget over a %s window", (kind, window) => {
  test("the other kind of window stands beside it", () => {
    const { own, other } = courses(window);
    expect(own.window.kind).toBe(kind);
    expect(other.window.kind).not.toBe(kind);
  });

  test("what may come begins where the measured line ends, and going on is never better than stopping", () => {
    for (const { points, ahead } of Object.values({ a: courses(window).own, b: courses(window).other })) {
      expect(ahead[0]?.ifStops).toBeCloseTo(points.at(-1)?.whole ?? Number.NaN, 9);
      expect(ahead.every(({ ifStops, ifGoesOn }) => (ifGoesOn ?? 0) <= (ifStops ?? 0) + 1e-9)).toBe(true);
    }
  });

  test("the days add up to what the window counts, and end with its budget", () => {
    const { own, days } = courses(window);
    expect(days.reduce((sum, { total }) => sum + total, 0)).toBe(own.budget.total);
    expect(days.reduce((sum, { bad }) => sum + bad, 0)).toBe(own.budget.bad);
    expect(days.at(-1)?.own).toBe(own.points.at(-1)?.whole);
  });
});

test("a day without any data has no budget, and days outside the data none of their own", () => {
  const day = courses(ROLLING).days.find(({ date }) => date === "2026-07-13");
  expect(day).toMatchObject({ total: expect.any(Number) as number });
  expect(
    courses(ROLLING)
      .days.filter(({ own }) => own === null)
      .every(({ total }) => total === 0),
  ).toBe(true);
});

test("an exclusion says what it covers as it was measured, and the budget does without it", () => {
  const { own, effects } = courses(ROLLING, [exclusion]);
  expect(effects).toMatchObject([{ bad: 2 * 8, total: 2 * 20 }]);
  expect(own.budget.bad).toBe(courses(ROLLING).own.budget.bad - 16);
});

test("in a rolling window an old failure leaves, so stopping gives budget back; a month gives nothing back", () => {
  const rises = (ahead: ReturnType<typeof courses>["own"]["ahead"]): boolean =>
    (ahead.at(-1)?.ifStops ?? 0) > (ahead[0]?.ifStops ?? 0) + 1e-6;
  expect(rises(courses(ROLLING).own.ahead)).toBe(true);
  expect(rises(courses(MONTH).own.ahead)).toBe(false);
});
