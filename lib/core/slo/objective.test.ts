import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare, formatFraction, fraction, multiply, parseFraction, subtract, toNumber } from "./fraction.ts";
import { canFire, factorOf, isAbove, isMet, objectiveOfPercent, objectiveOfShare, thresholdOf } from "./objective.ts";

const isAboveFactor = (bad: number, total: number, factor: string, percent: string) =>
  isAbove(bad, total, thresholdOf(factorOf(factor), objectiveOfPercent(percent)));

describe("exact comparison", () => {
  test("a reading exactly on the threshold is not above it, one event more is", () => {
    expect(isAboveFactor(144, 10_000, "14.4", "99.9")).toBe(false);
    expect(isAboveFactor(145, 10_000, "14.4", "99.9")).toBe(true);
    expect(isAboveFactor(1, 10_000, "1", "99.99")).toBe(false);
    expect(isAboveFactor(14, 15_000, "14/15", "99.9")).toBe(false);
    expect(isAboveFactor(15, 15_000, "14/15", "99.9")).toBe(true);
  });

  test("nothing is above a threshold without events", () => {
    expect(isAboveFactor(0, 0, "0.001", "99.9")).toBe(false);
  });

  test("numbers and big integers agree, also past what a double holds", () => {
    const counts = fc.tuple(fc.nat(Number.MAX_SAFE_INTEGER), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
    fc.assert(
      fc.property(
        counts,
        fc.constantFrom("99", "99.9", "99.95", "99.999", "99.99999"),
        fc.constantFrom("14.4", "13.44", "14/15", "1"),
        ([a, b], percent, factor) => {
          const [bad, total] = [Math.min(a, b), Math.max(a, b)];
          const objective = objectiveOfPercent(percent);
          const { numerator, denominator } = multiply(factorOf(factor), objective.budget);
          const due = BigInt(bad) * denominator > BigInt(total) * numerator;
          expect(isAbove(bad, total, thresholdOf(factorOf(factor), objective))).toBe(due);
        },
      ),
    );
  });

  test("an objective is met at exactly its share", () => {
    const objective = objectiveOfPercent("99.9");
    expect(isMet(1, 1_000, objective)).toBe(true);
    expect(isMet(2, 1_999, objective)).toBe(false);
    expect(isMet(0, 0, objective)).toBeNull();
  });
});

test.each(["100", "0", "100.1", "-1", "abc", "", "1e2", "99,9"])("the objective %o is refused", (percent) => {
  expect(() => objectiveOfPercent(percent)).toThrow(RangeError);
});

test("a percentage and its share are the same objective", () => {
  expect(objectiveOfPercent("99.95").budget).toEqual(objectiveOfShare("0.9995").budget);
  expect(() => objectiveOfShare("1")).toThrow(RangeError);
});

test("a factor of 1 / budget or more can never be reached", () => {
  const objective = objectiveOfPercent("99");
  expect(canFire(factorOf("99.99"), objective)).toBe(true);
  expect(canFire(factorOf("100"), objective)).toBe(false);
  expect(() => factorOf("0")).toThrow(RangeError);
});

test("fractions read back what they wrote", () => {
  const fractions = fc
    .tuple(fc.bigInt({ min: -1_000_000n, max: 1_000_000n }), fc.bigInt({ min: 1n, max: 10_000n }))
    .map(([numerator, denominator]) => fraction(numerator, denominator));
  fc.assert(
    fc.property(fractions, fractions, (a, b) => {
      expect(parseFraction(formatFraction(a))).toEqual(a);
      expect(compare(subtract(a, b), fraction(0n, 1n))).toBe(compare(a, b));
      expect(toNumber(a)).toBeCloseTo(Number(formatFraction(a).includes("/") ? toNumber(a) : formatFraction(a)), 9);
    }),
  );
  expect(() => fraction(1n, 0n)).toThrow(RangeError);
  expect(parseFraction("1/0")).toBeNull();
});
