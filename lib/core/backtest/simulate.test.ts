import { describe, expect, test } from "vitest";
import { objectiveOfPercent } from "../slo/objective.ts";
import { defaultPolicy } from "../slo/policy.ts";
import { compilePair } from "../slo/reading.ts";
import { DAY_MS, durationMs, HOUR_MS, SECOND_MS } from "../units.ts";
import { FALSE_PAGES_GOAL, simulateFalsePages } from "./false-pages.ts";
import { seededRandom } from "./seeded-random.ts";
import { pageAtFailure, simulateFalseAlerts } from "./simulate.ts";

const YEAR_MS = 13 * 28 * DAY_MS;
const WINDOW_MS = durationMs(28 * DAY_MS);

const cell = (
  seconds: number,
  objective: string,
  years: number,
  minBad: { long: number; short: number } | null = null,
) =>
  simulateFalsePages({
    intervalMs: durationMs(seconds * SECOND_MS),
    objective,
    windowMs: WINDOW_MS,
    minBad,
    failureRate: 0.001,
    spanMs: years * YEAR_MS,
    random: seededRandom(7),
  });

const compiled = (seconds: number, objective: string) => {
  const exact = objectiveOfPercent(objective);
  const pairs = defaultPolicy(WINDOW_MS, { intervalMs: durationMs(seconds * SECOND_MS), objective: exact });
  return pairs.map((pair) => compilePair(pair, exact));
};

describe("the default policy, one location, one run of a thousand failing by chance", () => {
  test.each(
    [30, 45, 60, 90, 300, 900, 1_800, 3_600].flatMap((seconds) =>
      ["99", "99.5", "99.9"].map((o) => [seconds, o] as const),
    ),
  )("pages at most 0.2 times in 28 days for nothing: every %d s at %s %%", (seconds, objective) => {
    const found = cell(seconds, objective, objective === "99.9" && seconds <= 90 ? 5 : 0.5);
    expect(found.pagesIn28d).toBeLessThanOrEqual(FALSE_PAGES_GOAL);
    expect(found.isGoalMet).toBe(true);
  });

  test.each([120, 300, 420, 900, 1_140, 1_800, 3_599, 3_600])(
    "pages for every outage of five intervals of %d s, at 99, 99.5 and 99.9 %",
    (seconds) => {
      for (const objective of ["99", "99.5", "99.9"])
        expect(cell(seconds, objective, 0.01).isShortOutagePaged).toBe(true);
    },
  );

  test("where five failures do not page, they are below the burn rate of every page, with or without a guard", () => {
    for (const seconds of [30, 60]) {
      const found = cell(seconds, "99", 0.01);
      expect([found.isShortOutagePaged, found.wouldPageWithoutGuard, found.pageAtFailure !== null]).toEqual([
        false,
        false,
        true,
      ]);
    }
  });

  test("the third failure in a row pages from 5 minutes on, as the warning of check says", () => {
    for (const seconds of [300, 900, 3_600]) expect(cell(seconds, "99.9", 0.01).pageAtFailure).toBe(3);
  });

  test("two bad events in a short window of many slots would miss the goal: that is why it is three", () => {
    const found = cell(45, "99.9", 10, { long: 3, short: 2 });
    expect(found.pagesIn28d).toBeGreaterThan(FALSE_PAGES_GOAL);
    expect(found.isGoalMet).toBe(false);
  });
});

describe("the simulation", () => {
  test("is the same for the same seed, and another one for another", () => {
    const probe = { id: "p", intervalMs: durationMs(30 * SECOND_MS) };
    const alerts = (seed: number) =>
      simulateFalseAlerts({
        probe,
        pairs: compiled(30, "99.9"),
        failureRate: 0.002,
        hours: 28 * 24,
        random: seededRandom(seed),
      });
    expect(alerts(1)).toEqual(alerts(1));
    expect(alerts(1)).not.toEqual(alerts(2));
  });

  test("draws failures at the rate that was asked for", () => {
    const random = seededRandom(3);
    const mean = Array.from({ length: 100_000 }, random).reduce((sum, value) => sum + value, 0) / 100_000;
    expect(mean).toBeCloseTo(0.5, 2);
  });

  test("a probe that always fails pages once and does not stop", () => {
    const probe = { id: "p", intervalMs: durationMs(60 * SECOND_MS) };
    const pairs = compiled(60, "99.9");
    const hours = (2 * DAY_MS) / HOUR_MS;
    const { pages } = simulateFalseAlerts({ probe, pairs, failureRate: 0.999_999, hours, random: seededRandom(1) });
    expect(pages).toBe(0);
    expect(pageAtFailure({ probe, pairs, failures: 100 })).toBe(3);
  });
});
