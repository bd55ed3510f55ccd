import type { NoDataPolicy } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";
import type { Fraction } from "./fraction.ts";
import type { Objective } from "./objective.ts";
import { countsOver } from "./reading.ts";
import type { MinuteSeries } from "./series.ts";

export type SliceCounts = { readonly good: number; readonly bad: number; readonly empty: number };

/** A slice is bad when good / total is strictly below the target, compared exactly; never without events. */
export const isBadSlice = (bad: number, total: number, target: Fraction): boolean =>
  BigInt(total - bad) * target.denominator < BigInt(total) * target.numerator;

/** A stretch of whole slices, aligned to minute 0. */
export type SliceSpan = {
  readonly first: EpochMinute;
  readonly last: EpochMinute;
  /** Whole minutes, at least 1. */
  readonly sliceMinutes: number;
};

/** Judges the complete slices of a series that lie inside `[first, last]`. */
export const countSlices = (
  args: SliceSpan & { readonly series: MinuteSeries; readonly target: Fraction },
): SliceCounts => {
  const { first, last, sliceMinutes, series, target } = args;
  const counts = { good: 0, bad: 0, empty: 0 };
  const start = Math.ceil(first / sliceMinutes) * sliceMinutes;
  for (let end = start + sliceMinutes - 1; end <= last; end += sliceMinutes) {
    const { bad, total } = countsOver(series, end as EpochMinute, sliceMinutes);
    if (total === 0) counts.empty += 1;
    else if (isBadSlice(bad, total, target)) counts.bad += 1;
    else counts.good += 1;
  }
  return counts;
};

/** consumed = bad slices / (budget * counted slices); null when no slice counts. */
export const sliceBudgetConsumed = (slices: SliceCounts, objective: Objective, noData: NoDataPolicy): number | null => {
  const bad = slices.bad + (noData === "bad" ? slices.empty : 0);
  const counted = slices.good + slices.bad + (noData === "ignore" ? 0 : slices.empty);
  if (counted === 0) return null;
  return (bad * Number(objective.budget.denominator)) / (counted * Number(objective.budget.numerator));
};
