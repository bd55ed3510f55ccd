import type { Db } from "#db/database.ts";
import { LEVEL_MS, readMarked } from "#db/queries/bucket-levels.ts";
import type { MetricsAsk, StepHistogram, StepSums } from "#db/queries/metrics.ts";
import { readRunHistograms, readStepClasses, readStepHistograms, readStepSums } from "#db/queries/metrics.ts";
import type { Histogram } from "#lib/core/histogram.ts";
import type { MetricsLevel } from "#lib/core/metrics-plan.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import type { StatusFamily } from "#lib/core/red.ts";
import { noStatuses, STATUS_FAMILIES } from "#lib/core/red.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** All that is known of one step. */
export type Cell = {
  expected: number;
  total: number;
  good: number;
  bad: number;
  unvoted: number;
  durationSumUs: number;
  bytesRead: number;
  withoutHistogram: number;
  readonly byStatus: Record<StatusFamily, number>;
  /** Classes other than `ok`. */
  readonly byClass: Map<OutcomeClass, number>;
  readonly histograms: Histogram[];
};

/** By the number of the step. */
export type Cells = Map<number, Cell>;

const emptyCell = (): Cell => ({
  expected: 0,
  total: 0,
  good: 0,
  bad: 0,
  unvoted: 0,
  durationSumUs: 0,
  bytesRead: 0,
  withoutHistogram: 0,
  byStatus: noStatuses(),
  byClass: new Map(),
  histograms: [],
});

const cellOf = (cells: Cells, step: number): Cell => {
  const cell = cells.get(step) ?? emptyCell();
  cells.set(step, cell);
  return cell;
};

const addSums = (cells: Cells, sums: StepSums): void => {
  const cell = cellOf(cells, sums.step);
  for (const name of ["expected", "total", "good", "bad", "unvoted", "durationSumUs", "bytesRead"] as const)
    cell[name] += sums[name];
  cell.withoutHistogram += sums.withoutHistogram;
  for (const family of STATUS_FAMILIES) cell.byStatus[family] += sums.byStatus[family];
};

const addHistograms = (cells: Cells, found: readonly StepHistogram[]): void => {
  for (const { step, histogram } of found) cellOf(cells, step).histograms.push(histogram);
};

const readLevel = async (db: Db, level: MetricsLevel, ask: MetricsAsk, cells: Cells): Promise<void> => {
  for (const sums of await readStepSums(db, level, ask)) addSums(cells, sums);
  for (const { step, class: name, count } of await readStepClasses(db, level, ask)) {
    const { byClass } = cellOf(cells, step);
    byClass.set(name, (byClass.get(name) ?? 0) + count);
  }
};

/** Neighbours together, so that a long stretch of marks is one question. */
const spansOf = (starts: readonly EpochMs[], lengthMs: number): { from: EpochMs; until: EpochMs }[] => {
  const spans: { from: EpochMs; until: EpochMs }[] = [];
  for (const at of starts) {
    const last = spans.at(-1);
    const until = epochMs(at + lengthMs);
    if (last?.until === at) spans[spans.length - 1] = { from: last.from, until };
    else spans.push({ from: at, until });
  }
  return spans;
};

/**
 * The cells of a level. What is marked there, because its row is missing or out of date, comes from the level below, down
 * to minutes and runs: so the answer is what all closed minutes say, whatever has been rolled up.
 */
export const readCells = async (db: Db, level: MetricsLevel, ask: MetricsAsk, cells: Cells): Promise<void> => {
  if (level === "minute") {
    await readLevel(db, level, ask, cells);
    return;
  }
  const except = await readMarked(db, level, { from: ask.from, before: ask.until });
  await readLevel(db, level, { ...ask, except }, cells);
  addHistograms(cells, await readStepHistograms(db, level, { ...ask, except }));
  for (const span of spansOf(except, LEVEL_MS[level])) {
    const below = { ...ask, ...span };
    await readCells(db, level === "day" ? "hour" : "minute", below, cells);
    if (level === "hour") addHistograms(cells, await readRunHistograms(db, below));
  }
};
