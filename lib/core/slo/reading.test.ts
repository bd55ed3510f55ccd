import fc from "fast-check";
import { expect, test } from "vitest";
import type { SloDefinition } from "../definitions.ts";
import type { EpochMinute } from "../units.ts";
import { DAY_MS, durationMs } from "../units.ts";
import { parseFraction } from "./fraction.ts";
import { objectiveOfPercent } from "./objective.ts";
import { defaultPolicy } from "./policy.ts";
import { budgetReading, compileSlo, countsOver, longestWindow, readingAt } from "./reading.ts";
import type { Counts } from "./series.ts";
import { createSeries, setMinute } from "./series.ts";
import { countSlices, sliceBudgetConsumed } from "./timeslices.ts";

const BASE = 29_000_040;
const minute = (count: number) => (BASE + count) as EpochMinute;
const objective = objectiveOfPercent("99.9");
const one = (bad: number, total: number, expected = total): Counts => ({ bad, total, expected });
const seriesOf = (minutes: readonly Counts[], retain = 2_000) => {
  const series = createSeries(retain);
  for (const [index, counts] of minutes.entries()) setMinute(series, minute(index), counts);
  return series;
};
const definition: Pick<SloDefinition, "objective" | "window" | "burnRateAlerts"> = {
  objective: "99.9",
  window: { kind: "rolling", durationMs: durationMs(28 * DAY_MS) },
  burnRateAlerts: defaultPolicy(durationMs(28 * DAY_MS), { intervalMs: durationMs(30_000) }),
};

const minutes = fc.array(
  fc.tuple(fc.nat(5), fc.nat(20), fc.nat(3)).map(([bad, good, missing]) => one(bad, bad + good, bad + good + missing)),
  { minLength: 1, maxLength: 120 },
);

test("windows are half-open: five minutes at minute 10 are minutes 6 to 10", () => {
  const series = seriesOf(Array.from({ length: 11 }, (_, index) => one(0, 10 ** (index - 5 > 0 ? 1 : 0))));
  expect(countsOver(series, minute(10), 5).total).toBe(50);
  expect(countsOver(series, minute(10), 6).total).toBe(51);
});

test("one more bad event never raises the remaining budget", () => {
  fc.assert(
    fc.property(minutes, fc.nat(119), (list, pick) => {
      const index = pick % list.length;
      const worse = list.map((counts, at) =>
        at === index ? one(counts.bad + 1, counts.total + 1, counts.expected + 1) : counts,
      );
      const last = minute(list.length - 1);
      const before = budgetReading(seriesOf(list), objective, 100, last).remaining;
      const after = budgetReading(seriesOf(worse), objective, 100, last).remaining;
      if (before === null || after === null) return;
      expect(after).toBeLessThanOrEqual(before + Math.abs(before) * 1e-12);
    }),
  );
});

test("taking minutes out and putting them back restores every figure exactly", () => {
  const slo = compileSlo(definition);
  fc.assert(
    fc.property(minutes, fc.nat(119), fc.nat(119), (list, a, b) => {
      const series = seriesOf(list, longestWindow(slo));
      const last = minute(list.length - 1);
      const before = JSON.stringify(readingAt(series, slo, last));
      const [from, until] = [Math.min(a, b), Math.max(a, b)];
      const outside = (index: number): boolean => index < from || index >= until;
      for (const [index] of list.entries()) if (!outside(index)) setMinute(series, minute(index), one(0, 0));
      const excluded = readingAt(series, slo, last);
      const due = list.filter((_, index) => outside(index)).reduce((sum, counts) => sum + counts.total, 0);
      expect(excluded.budget.total).toBe(due);
      for (const [index, counts] of list.entries()) if (!outside(index)) setMinute(series, minute(index), counts);
      expect(JSON.stringify(readingAt(series, slo, last))).toBe(before);
    }),
  );
});

test("a reading is plain JSON and the same minutes give the same bytes", () => {
  const slo = compileSlo(definition);
  fc.assert(
    fc.property(minutes, (list) => {
      const reading = readingAt(seriesOf(list), slo, minute(list.length - 1));
      expect(JSON.parse(JSON.stringify(reading))).toEqual(reading);
      const backwards = createSeries(2_000);
      for (const [index, counts] of [...list.entries()].reverse()) setMinute(backwards, minute(index), counts);
      expect(JSON.stringify(readingAt(backwards, slo, minute(list.length - 1)))).toBe(JSON.stringify(reading));
    }),
  );
});

test("a young series is judged on what exists, and projected over the whole window", () => {
  const budget = budgetReading(seriesOf([one(1, 100), one(0, 100)]), objective, 200, minute(1));
  expect(budget).toMatchObject({ bad: 1, good: 199, total: 200, windowFilling: true, coverage: 1, isMet: false });
  expect(budget.consumed).toBeCloseTo(5, 12);
  expect(budget.projectedConsumed).toBeCloseTo(0.05, 12);
  const full = budgetReading(seriesOf([one(1, 100), one(0, 100)]), objective, 2, minute(1));
  expect(full).toMatchObject({ windowFilling: false, projectedConsumed: full.consumed });
});

test("no data is null everywhere, never 0 or 100 %", () => {
  const budget = budgetReading(seriesOf([one(0, 0, 4)]), objective, 60, minute(0));
  expect(budget).toMatchObject({
    attained: null,
    consumed: null,
    remaining: null,
    burnRate1h: null,
    minutesToExhaustion: null,
    isMet: null,
    coverage: 0,
  });
});

test("time to exhaustion is 0 when nothing remains and null without burn", () => {
  expect(budgetReading(seriesOf([one(5, 100)]), objective, 600, minute(0)).minutesToExhaustion).toBe(0);
  expect(budgetReading(seriesOf([one(0, 100)]), objective, 600, minute(0)).minutesToExhaustion).toBeNull();
  const late = seriesOf(Array.from({ length: 600 }, (_, index) => one(index === 599 ? 1 : 0, 100)));
  const budget = budgetReading(late, objective, 600, minute(599));
  expect(budget.minutesToExhaustion).toBeCloseTo(((1 - 1 / 60) * 600) / (1 / 6), 6);
});

test("slices are judged against their target exactly, and empty ones by policy", () => {
  const target = parseFraction("0.95");
  if (target === null) throw new Error("the test's own target is wrong");
  const series = seriesOf([one(5, 100), one(6, 100), one(0, 0), one(0, 10)]);
  const span = { series, first: minute(0), last: minute(3), sliceMinutes: 1, target };
  const slices = countSlices(span);
  expect(slices).toEqual({ good: 2, bad: 1, empty: 1 });
  expect(sliceBudgetConsumed(slices, objective, "ignore")).toBeCloseTo(1_000 / 3, 9);
  expect(sliceBudgetConsumed(slices, objective, "good")).toBeCloseTo(250, 9);
  expect(sliceBudgetConsumed(slices, objective, "bad")).toBeCloseTo(500, 9);
  expect(sliceBudgetConsumed({ good: 0, bad: 0, empty: 3 }, objective, "ignore")).toBeNull();
});
