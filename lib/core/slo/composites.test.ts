import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SlotCounts } from "../bucket.ts";
import type { Combination } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";
import type { MinuteCounts } from "./composites.ts";
import { combineMinutes, countAnyBadSlices, independentProduct } from "./composites.ts";
import { fraction, parseFraction, toNumber } from "./fraction.ts";
import { objectiveOfPercent } from "./objective.ts";
import { createSeries, setMinute } from "./series.ts";
import { countSlices, ratioSliceBudgetConsumed, sliceBudgetConsumed, sumSliceShares } from "./timeslices.ts";

const counts = fc
  .tuple(fc.nat(4), fc.nat(4), fc.nat(2))
  .map(([bad, good, missing]): SlotCounts => ({ good, total: bad + good, expected: bad + good + missing }));
const probe = fc
  .array(fc.tuple(fc.nat(9), counts), { maxLength: 8 })
  .map((list) => new Map(list) as unknown as MinuteCounts);
const probes = fc
  .array(probe, { minLength: 1, maxLength: 4 })
  .map((list) => list.map((one, i) => [`p${i}`, one] as const));
const combinations: Combination[] = [
  { kind: "sum" },
  { kind: "any_bad" },
  { kind: "weighted", weights: { p0: 3, p2: 7 } },
];
const sorted = (minutes: MinuteCounts) => [...minutes].sort(([a], [b]) => a - b);

describe("several probes as one SLI", () => {
  test.each(combinations)("the order of the probes does not matter: $kind", (combination) => {
    fc.assert(
      fc.property(probes, (byProbe) => {
        expect(sorted(combineMinutes(byProbe.toReversed(), combination))).toEqual(
          sorted(combineMinutes(byProbe, combination)),
        );
      }),
    );
  });

  test.each(combinations)("good <= total, and both stay within what is expected: $kind", (combination) => {
    fc.assert(
      fc.property(probes, (byProbe) => {
        for (const { good, total, expected } of combineMinutes(byProbe, combination).values()) {
          expect(good).toBeLessThanOrEqual(total);
          expect(total).toBeLessThanOrEqual(expected);
        }
      }),
    );
  });

  test("weights of one are the sum, and a weight counts a probe so many times", () => {
    fc.assert(
      fc.property(probes, (byProbe) => {
        const plain = combineMinutes(byProbe, { kind: "sum" });
        expect(combineMinutes(byProbe, { kind: "weighted", weights: {} })).toEqual(plain);
        const [first] = byProbe;
        if (first === undefined) return;
        const twice = combineMinutes([...byProbe, ["again", first[1]]], { kind: "sum" });
        expect(sorted(combineMinutes(byProbe, { kind: "weighted", weights: { p0: 2 } }))).toEqual(sorted(twice));
      }),
    );
  });

  test("any bad slot makes the minute bad, a probe without slots does not", () => {
    const minute = 5 as EpochMinute;
    const of = (good: number, total: number): MinuteCounts => new Map([[minute, { good, total, expected: 2 }]]);
    const judged = (...all: MinuteCounts[]) =>
      combineMinutes(
        all.map((one, i) => [`p${i}`, one] as const),
        { kind: "any_bad" },
      ).get(minute);
    expect(judged(of(2, 2), of(1, 2))).toEqual({ good: 0, total: 1, expected: 1 });
    expect(judged(of(2, 2), of(0, 0))).toEqual({ good: 1, total: 1, expected: 1 });
    expect(judged(of(0, 0))).toEqual({ good: 0, total: 0, expected: 1 });
  });
});

test("the product of independent parts is exact, never better than the worst, and unknown without data", () => {
  expect(
    independentProduct([
      { bad: 1, total: 10, expected: 0 },
      { bad: 1, total: 100, expected: 0 },
    ]),
  ).toEqual(parseFraction("0.891"));
  expect(independentProduct([{ bad: 0, total: 0, expected: 0 }])).toBeNull();
  const part = fc
    .tuple(fc.nat(99), fc.integer({ min: 1, max: 99 }))
    .map(([bad, good]) => ({ bad, total: bad + good, expected: 0 }));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const product = independentProduct(parts);
      const worst = Math.min(...parts.map(({ bad, total }) => (total - bad) / total));
      expect(product === null ? 2 : toNumber(product)).toBeLessThanOrEqual(worst + 1e-12);
    }),
  );
});

describe("slices", () => {
  const minute = fc.tuple(fc.nat(2), fc.nat(3));
  const minutes = fc.array(minute, { minLength: 1, maxLength: 60 });
  const seriesOf = (list: readonly (readonly [number, number])[]) => {
    const series = createSeries(200);
    for (const [at, [bad, good]] of list.entries()) {
      setMinute(series, at as EpochMinute, { bad, total: bad + good, expected: bad + good });
    }
    return series;
  };
  const target = fraction(3n, 4n);
  const span = (length: number) => ({ first: 0 as EpochMinute, last: (length - 1) as EpochMinute, sliceMinutes: 5 });

  test("any-bad slices of one series are its slices; another series never makes one better", () => {
    fc.assert(
      fc.property(minutes, minutes, (a, b) => {
        const length = Math.max(a.length, b.length);
        const alone = countSlices({ series: seriesOf(a), target, ...span(length) });
        expect(countAnyBadSlices({ series: [seriesOf(a)], target, ...span(length) })).toEqual(alone);
        const both = countAnyBadSlices({ series: [seriesOf(a), seriesOf(b)], target, ...span(length) });
        expect(both.bad).toBeGreaterThanOrEqual(alone.bad);
        expect(both.empty).toBeLessThanOrEqual(alone.empty);
        expect(both.good + both.bad + both.empty).toBe(alone.good + alone.bad + alone.empty);
      }),
    );
  });

  test("shares of slices spend no more than bad slices of the target 100 %, and as much where slices fail whole", () => {
    const objective = objectiveOfPercent("99");
    const whole = fraction(1n, 1n);
    fc.assert(
      fc.property(minutes, fc.constantFrom("ignore", "good", "bad"), (list, noData) => {
        const series = seriesOf(list);
        const shares = ratioSliceBudgetConsumed(sumSliceShares({ series, ...span(list.length) }), objective, noData);
        const slices = countSlices({ series, target: whole, ...span(list.length) });
        const strict = sliceBudgetConsumed(slices, objective, noData);
        expect(shares === null).toBe(strict === null);
        expect(shares ?? 0).toBeLessThanOrEqual((strict ?? 0) + 1e-9);
        const extreme = seriesOf(list.map(([bad], at) => (at % 10 < 5 ? [0, 1] : [bad + 1, 0])));
        expect(
          ratioSliceBudgetConsumed(sumSliceShares({ series: extreme, ...span(list.length) }), objective, noData),
        ).toEqual(
          sliceBudgetConsumed(countSlices({ series: extreme, target, ...span(list.length) }), objective, noData),
        );
      }),
    );
  });
});
