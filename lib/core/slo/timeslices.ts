import type { NoDataPolicy } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";
import type { Fraction } from "./fraction.ts";
import type { Objective } from "./objective.ts";
import { countsOver } from "./reading.ts";
import type { MinuteSeries } from "./series.ts";

export type SliceCounts = { readonly good: number; readonly bad: number; readonly empty: number };

export type { NoDataPolicy } from "../slo-definitions.ts";

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

/** Calls `look` with the last minute of each complete slice that lies inside `[first, last]`. */
export const eachSlice = ({ first, last, sliceMinutes }: SliceSpan, look: (end: EpochMinute) => void): void => {
  const start = Math.ceil(first / sliceMinutes) * sliceMinutes;
  for (let end = start + sliceMinutes - 1; end <= last; end += sliceMinutes) look(end as EpochMinute);
};

/** How many of the complete slices inside a stretch are of each kind. */
export const tallySlices = (span: SliceSpan, judge: (end: EpochMinute) => keyof SliceCounts): SliceCounts => {
  const counts = { good: 0, bad: 0, empty: 0 };
  eachSlice(span, (end) => {
    counts[judge(end)] += 1;
  });
  return counts;
};

/** Judges the complete slices of one series. */
export const countSlices = (
  args: SliceSpan & { readonly series: MinuteSeries; readonly target: Fraction },
): SliceCounts =>
  tallySlices(args, (end) => {
    const { bad, total } = countsOver(args.series, end, args.sliceMinutes);
    if (total === 0) return "empty";
    return isBadSlice(bad, total, args.target) ? "bad" : "good";
  });

/** consumed = bad slices / (budget * counted slices); null when no slice counts. */
export const sliceBudgetConsumed = (slices: SliceCounts, objective: Objective, noData: NoDataPolicy): number | null => {
  const bad = slices.bad + (noData === "bad" ? slices.empty : 0);
  const counted = slices.good + slices.bad + (noData === "ignore" ? 0 : slices.empty);
  if (counted === 0) return null;
  return (bad * Number(objective.budget.denominator)) / (counted * Number(objective.budget.numerator));
};

/** The sum of the shares of bad events over the slices that have any, as a double, and how many slices there are of each kind. */
export type SliceShares = { readonly badShares: number; readonly counted: number; readonly empty: number };

/** The complete slices, aligned to minute 0, that lie inside `[first, last]`, each with its share of bad events. */
export const sumSliceShares = (args: SliceSpan & { readonly series: MinuteSeries }): SliceShares => {
  let [badShares, counted, empty] = [0, 0, 0];
  eachSlice(args, (end) => {
    const { bad, total } = countsOver(args.series, end, args.sliceMinutes);
    if (total === 0) {
      empty += 1;
      return;
    }
    badShares += bad / total;
    counted += 1;
  });
  return { badShares, counted, empty };
};

/** consumed = mean(1 - good / total) / budget over the slices; null when no slice counts. */
export const ratioSliceBudgetConsumed = (
  { badShares, counted, empty }: SliceShares,
  objective: Objective,
  noData: NoDataPolicy,
): number | null => {
  const shares = badShares + (noData === "bad" ? empty : 0);
  const slices = counted + (noData === "ignore" ? 0 : empty);
  if (slices === 0) return null;
  return (shares * Number(objective.budget.denominator)) / (slices * Number(objective.budget.numerator));
};
