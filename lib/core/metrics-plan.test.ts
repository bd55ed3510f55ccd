import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MOST_POINTS, planMetrics } from "./metrics-plan.ts";
import { addMs, DAY_MS, epochMs, HOUR_MS, MINUTE_MS } from "./units.ts";

const NOW = epochMs(Date.UTC(2026, 10, 21, 12, 34, 56, 789));
const kept = { now: NOW, minutesSince: addMs(NOW, -35 * DAY_MS), hoursSince: addMs(NOW, -731 * DAY_MS) };
const plan = (asked: Parameters<typeof planMetrics>[0]) => planMetrics(asked, kept);
const last = (ms: number) => ({ from: addMs(NOW, -ms), to: NOW });

describe("the plan of a metrics question", () => {
  test.each([
    {
      name: "minutes answer steps below an hour",
      asked: { ...last(HOUR_MS), step: "1m" },
      level: "minute",
      points: 61,
    },
    { name: "hours answer whole hours", asked: { ...last(DAY_MS), step: "6h" }, level: "hour", points: 5 },
    { name: "days answer whole days", asked: { ...last(90 * DAY_MS), step: "1d" }, level: "day", points: 91 },
    { name: "24 hours are a day", asked: { ...last(90 * DAY_MS), step: "24h" }, level: "day", points: 91 },
    { name: "without a range it is the last day, at most 300 points", asked: {}, level: "minute", points: 289 },
    { name: "without a step a year has days", asked: last(365 * DAY_MS), level: "day", points: 53 },
  ])("$name", ({ asked, level, points }) => {
    expect(plan(asked)).toMatchObject({ level, points });
  });

  test.each([
    { name: "an end before the start", asked: { from: NOW, to: addMs(NOW, -1) }, field: "from", says: "before" },
    { name: "seconds", asked: { step: "30s" }, field: "step", says: "divide an hour" },
    { name: "minutes that do not divide an hour", asked: { step: "7m" }, field: "step", says: "divide an hour" },
    { name: "nothing at all", asked: { step: "0m" }, field: "step", says: "divide an hour" },
    { name: "no duration", asked: { step: "fast" }, field: "step", says: "divide an hour" },
    {
      name: "too many points",
      asked: { ...last(30 * DAY_MS), step: "1m" },
      field: "step",
      says: "ask for 1h or longer",
    },
    {
      name: "minutes that are gone",
      asked: { from: addMs(NOW, -40 * DAY_MS), to: addMs(NOW, -39 * DAY_MS), step: "5m" },
      field: "step",
      says: "whole hours",
    },
    {
      name: "hours that are gone",
      asked: { from: addMs(NOW, -800 * DAY_MS), to: addMs(NOW, -790 * DAY_MS), step: "1h" },
      field: "step",
      says: "whole days",
    },
    { name: "a step of centuries", asked: { step: "99999999d" }, field: "step", says: "366 whole days" },
  ])("$name: refused, with the cure", ({ asked, field, says }) => {
    const fault = plan(asked);
    expect(fault).toMatchObject({ field });
    expect("message" in fault ? fault.message : "").toContain(says);
  });

  test("points cover the question in whole steps, and two answers of the same step line up", () => {
    const steps = fc.constantFrom("1m", "5m", "20m", "1h", "7h", "1d", "7d");
    const range = fc.tuple(fc.integer({ min: 1, max: 30 * DAY_MS }), fc.integer({ min: 0, max: 4 * DAY_MS }));
    fc.assert(
      fc.property(steps, range, (step, [length, ago]) => {
        const to = addMs(NOW, -ago);
        const from = addMs(to, -length);
        const made = plan({ from, to, step });
        if ("field" in made) return;
        expect(made.from).toBeLessThanOrEqual(from);
        expect(made.to).toBeGreaterThanOrEqual(to);
        expect(made.from % made.stepMs).toBe(0);
        expect(made.to - made.from).toBe(made.points * made.stepMs);
        expect(made.points).toBeLessThanOrEqual(MOST_POINTS);
        expect(from - made.from).toBeLessThan(made.stepMs);
      }),
    );
  });

  test("its own step never gives more than 300 points and a few", () => {
    fc.assert(
      fc.property(fc.integer({ min: MINUTE_MS, max: 2_000 * DAY_MS }), (length) => {
        const made = plan(last(length));
        if (!("field" in made)) expect(made.points).toBeLessThanOrEqual(302);
      }),
    );
  });
});
