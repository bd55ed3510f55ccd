import type { Fraction } from "./fraction.ts";
import { compare, fraction, multiply, parseFraction, subtract, toNumber } from "./fraction.ts";

/**
 * An objective as exact fractions of 1: the promised share of good events, and its complement, the budget.
 * Doubles are never compared: `1 - 0.9999` is too small, and a reading exactly on a threshold must not fire.
 */
export type Objective = {
  readonly good: Fraction;
  readonly budget: Fraction;
  /** The nearest double of `budget`, for figures that are shown. */
  readonly budgetNumber: number;
};

/** `factor * budget` as integers: a window is above it when `bad * denominator > total * numerator`. */
export type Threshold = {
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** Counts up to this many are compared in plain numbers without loss. */
  readonly exactUpTo: number;
  readonly numeratorNumber: number;
  readonly denominatorNumber: number;
};

const ONE = fraction(1n, 1n);
const ZERO = fraction(0n, 1n);

const objectiveOf = (good: Fraction): Objective => {
  if (compare(good, ZERO) <= 0 || compare(good, ONE) >= 0) {
    throw new RangeError("an objective must be above 0 % and below 100 %: 100 % leaves no budget to burn");
  }
  const budget = subtract(ONE, good);
  return { good, budget, budgetNumber: toNumber(budget) };
};

/** Reads a percentage such as "99.9". @throws RangeError when it is no decimal or not between 0 and 100 exclusive. */
export const objectiveOfPercent = (percent: string): Objective => {
  const value = parseFraction(percent);
  if (value === null) throw new RangeError(`an objective must be a decimal percentage such as 99.9, got ${percent}`);
  return objectiveOf(multiply(value, fraction(1n, 100n)));
};

/** Reads a share such as "0.999". @throws RangeError when it is no decimal or not between 0 and 1 exclusive. */
export const objectiveOfShare = (share: string): Objective => {
  const value = parseFraction(share);
  if (value === null) throw new RangeError(`an objective must be a decimal share such as 0.999, got ${share}`);
  return objectiveOf(value);
};

/** Reads "14.4" or "14/15". @throws RangeError when it is neither, or not above zero. */
export const factorOf = (text: string): Fraction => {
  const value = parseFraction(text);
  if (value === null || compare(value, ZERO) <= 0) {
    throw new RangeError(`a burn-rate factor must be a decimal or a fraction above zero, got ${text}`);
  }
  return value;
};

/** False when a burn of `factor` needs an error ratio of 1 or more: such a pair never fires. */
export const canFire = (factor: Fraction, objective: Objective): boolean =>
  compare(multiply(factor, objective.budget), ONE) < 0;

/** factor * (1 - objective), exactly, prepared for comparing many counts with it. */
export const thresholdOf = (factor: Fraction, objective: Objective): Threshold => {
  const { numerator, denominator } = multiply(factor, objective.budget);
  const largest = Number(numerator > denominator ? numerator : denominator);
  return {
    numerator,
    denominator,
    exactUpTo: Math.floor(Number.MAX_SAFE_INTEGER / largest),
    numeratorNumber: Number(numerator),
    denominatorNumber: Number(denominator),
  };
};

/** Whether `bad / total` is strictly above the threshold, exactly. False without events: a null ratio never holds. */
export const isAbove = (bad: number, total: number, threshold: Threshold): boolean => {
  if (total <= 0) return false;
  if (bad <= threshold.exactUpTo && total <= threshold.exactUpTo) {
    return bad * threshold.denominatorNumber > total * threshold.numeratorNumber;
  }
  return BigInt(bad) * threshold.denominator > BigInt(total) * threshold.numerator;
};

/** Whether good / total is at least the objective, exactly. Null without events. */
export const isMet = (bad: number, total: number, objective: Objective): boolean | null =>
  total <= 0 ? null : !isAbove(bad, total, thresholdOf(ONE, objective));
