import type { AssertionOp, AssertionValue } from "./definitions.ts";

/** Linear-time matching of a pattern that a user wrote. Null: the pattern is not valid. */
export type PatternEngine = (pattern: string, text: string) => boolean | null;

type Comparison = {
  readonly op: AssertionOp;
  readonly expected: AssertionValue;
  readonly matches: PatternEngine;
};

const toNumber = (value: unknown): number | null => {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
};

const isEqual = (seen: unknown, expected: unknown): boolean => {
  if (seen === expected) return true;
  // Header and body are text: a number in the configuration is meant as a number there too.
  if (typeof expected === "number" && typeof seen === "string") return toNumber(seen) === expected;
  return false;
};

const isOrdered = (op: "lt" | "le" | "gt" | "ge", seen: unknown, expected: unknown): boolean => {
  const [left, right] = [toNumber(seen), toNumber(expected)];
  if (left === null || right === null) return false;
  switch (op) {
    case "lt":
      return left < right;
    case "le":
      return left <= right;
    case "gt":
      return left > right;
    case "ge":
      return left >= right;
  }
};

const contains = (seen: unknown, expected: AssertionValue): boolean => {
  if (Array.isArray(seen)) return seen.some((member) => isEqual(member, expected));
  return typeof seen === "string" && seen.includes(String(expected));
};

/** Characters of a text that a pattern is tried on: matching is linear, and bounded besides. */
const MAX_MATCHED_CHARACTERS = 65_536;

/** Whether one value holds against `op`. Null: it cannot be judged, because the pattern is not valid. */
const holdsFor = (seen: unknown, { op, expected, matches }: Comparison): boolean | null => {
  switch (op) {
    case "eq":
    case "ne":
      return isEqual(seen, expected);
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return isOrdered(op, seen, expected);
    case "in":
      return Array.isArray(expected) && expected.some((member) => isEqual(seen, member));
    case "contains":
      return contains(seen, expected);
    case "matches":
      return typeof seen === "string" ? matches(String(expected), seen.slice(0, MAX_MATCHED_CHARACTERS)) : false;
    case "exists":
      return true;
  }
};

/**
 * Judges the values that were found. `quantifier` says how many of them must hold: all nodes of a JSON path, any of the
 * headers of one name. `ne` holds when none is equal, `exists` by there being one; all else fails when nothing was found.
 */
export const compareValues = (
  seen: readonly unknown[],
  comparison: Comparison,
  quantifier: "all" | "any",
): boolean | null => {
  const { op, expected } = comparison;
  if (op === "exists") return seen.length > 0 === (expected !== false);
  const verdicts = seen.map((value) => holdsFor(value, comparison));
  if (verdicts.includes(null)) return null;
  if (op === "ne") return !verdicts.includes(true);
  if (verdicts.length === 0) return false;
  return quantifier === "all" ? !verdicts.includes(false) : verdicts.includes(true);
};
