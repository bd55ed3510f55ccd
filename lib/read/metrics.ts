import type { Database, Db } from "#db/database.ts";
import type { MetricsAsk, MetricsProbe } from "#db/queries/metrics.ts";
import {
  readMetricsProbe,
  readOldestBucketDay,
  readRunDurations,
  readRunHistograms,
  readRunQuantiles,
  readStepHistograms,
} from "#db/queries/metrics.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { MetricsPoint, MetricsResource, MetricsTotals } from "#lib/contracts/metrics.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Histogram } from "#lib/core/histogram.ts";
import { histogramOf, mergeHistograms, NO_DURATIONS, quantilesOf, quantilesOfSorted } from "#lib/core/histogram.ts";
import type { MetricsPlan } from "#lib/core/metrics-plan.ts";
import { planMetrics } from "#lib/core/metrics-plan.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, startOfMinute } from "#lib/core/units.ts";
import type { Cell, Cells } from "./metrics-cells.ts";
import { readCells } from "./metrics-cells.ts";

const SHARES = [0.5, 0.95, 0.99] as const;
const KEPT_MINUTES_MS = 35 * DAY_MS;
const KEPT_HOURS_MS = 731 * DAY_MS;
/** A half of 1/32: see lib/core/histogram.ts. */
const HISTOGRAM_ERROR = 1 / 64;
/** Quantiles of more runs than this at once would take seconds. */
const MOST_RUNS = 300_000;
/** The durations of so few are sent as they are: one read then gives quantiles and histograms. */
const FEW_RUNS = 20_000;
const DEADLINE_MS = 5_000;

export type MetricsQuestion = {
  readonly probe: string;
  readonly location?: string | undefined;
  readonly from?: EpochMs | undefined;
  readonly to?: EpochMs | undefined;
  readonly step?: string | undefined;
};

type Locations = MetricsProbe["locations"];
/** Microseconds by step, in the order of `SHARES`. */
type Quantiles = ReadonlyMap<number, readonly (number | null)[]>;

const dayStart = (at: number): EpochMs => epochMs(Math.floor(at / DAY_MS) * DAY_MS);

const planOf = async (db: Db, { from, to, step }: MetricsQuestion, now: EpochMs): Promise<MetricsPlan> => {
  const surely = dayStart(now - KEPT_MINUTES_MS);
  // Longer SLO windows keep more; asked only when it matters.
  const older = from !== undefined && from < surely ? await readOldestBucketDay(db) : null;
  const plan = planMetrics(
    {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(step === undefined ? {} : { step }),
    },
    { now, minutesSince: epochMs(Math.min(surely, older ?? surely)), hoursSince: dayStart(now - KEPT_HOURS_MS) },
  );
  if ("field" in plan) throw new AppError("INVALID_REQUEST", `${plan.field}: ${plan.message}`);
  return plan;
};

const locationsOf = (probe: MetricsProbe, locationId: string | undefined): Locations => {
  if (locationId === undefined) return probe.locations;
  if (!probe.locations.some(({ id }) => id === locationId) && !probe.definition.locations.includes(locationId))
    throw new AppError("NOT_FOUND", "this probe does not run at this location");
  return probe.locations.filter(({ id }) => id === locationId);
};

const fromHistograms = (cells: Cells): Quantiles =>
  new Map([...cells].map(([step, cell]) => [step, quantilesOf(mergeHistograms(cell.histograms), SHARES)]));

/** Histograms of raw runs by step; null where they come from buckets, or are read by themselves. */
type OfRuns = ReadonlyMap<number, Histogram> | null;

/** Quantiles of a question that minutes answer: from their histograms where all have one, else from the runs themselves. */
const minuteQuantiles = async (
  db: Db,
  ask: MetricsAsk,
  cells: Cells,
): Promise<{ quantiles: Quantiles; isExact: boolean; ofRuns: OfRuns }> => {
  if ([...cells.values()].every(({ withoutHistogram }) => withoutHistogram === 0)) {
    for (const { step, histogram } of await readStepHistograms(db, "minute", ask))
      cells.get(step)?.histograms.push(histogram);
    return { quantiles: fromHistograms(cells), isExact: false, ofRuns: null };
  }
  const runs = [...cells.values()].reduce((sum, { total }) => sum + total, 0);
  if (runs > MOST_RUNS)
    throw new AppError(
      "INVALID_REQUEST",
      `step: ${runs} runs are too many for quantiles by the minute: ask for 1h or longer`,
    );
  if (runs <= FEW_RUNS) {
    const durations = [...(await readRunDurations(db, ask))];
    return {
      quantiles: new Map(durations.map(([step, us]) => [step, quantilesOfSorted(us, SHARES)])),
      isExact: true,
      ofRuns: new Map(durations.map(([step, us]) => [step, histogramOf(us)])),
    };
  }
  const found = await readRunQuantiles(db, ask, SHARES);
  return { quantiles: new Map(found.map(({ step, us }) => [step, us])), isExact: true, ofRuns: null };
};

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
const msOf = (us: number | null | undefined): number | null =>
  us === null || us === undefined ? null : round(us / 1_000, 3);

const someOf = <Name extends string>(counts: Iterable<readonly [Name, number]>): Partial<Record<Name, number>> =>
  Object.fromEntries([...counts].filter(([, count]) => count > 0)) as Partial<Record<Name, number>>;

const pointOf = (
  at: EpochMs,
  cell: Cell | undefined,
  us: readonly (number | null)[],
  seconds: number,
): MetricsPoint => {
  const { expected = 0, total = 0, good = 0, bad = 0, unvoted = 0, durationSumUs = 0, bytesRead = 0 } = cell ?? {};
  const others = cell === undefined ? [] : [...cell.byClass];
  const ok = others.reduce((left, [, count]) => left - count, total);
  return {
    at: instantText(at),
    expected,
    total,
    rate: total === 0 || seconds <= 0 ? null : round(total / seconds, 6),
    errors: bad,
    errorRatio: good + bad === 0 ? null : round(bad / (good + bad), 9),
    unvoted,
    byClass: someOf([["ok", ok] as const, ...others]),
    byStatus: cell === undefined ? {} : someOf(Object.entries(cell.byStatus)),
    bytesRead,
    durationMs: {
      mean: good === 0 ? null : msOf(durationSumUs / good),
      p50: msOf(us[0]),
      p95: msOf(us[1]),
      p99: msOf(us[2]),
    },
  };
};

/** Every step of the plan. A rate is over the part of the step that is closed and not before the first run. */
const pointsOf = (
  plan: MetricsPlan,
  args: { cells: Cells; quantiles: Quantiles; firstRunAt: EpochMs; closedUntil: EpochMs },
): MetricsPoint[] =>
  Array.from({ length: plan.points }, (_, step) => {
    const at = addMs(plan.from, step * plan.stepMs);
    const start = Math.max(at, Math.floor(args.firstRunAt / 60_000) * 60_000);
    const seconds = (Math.min(at + plan.stepMs, args.closedUntil) - start) / 1_000;
    return pointOf(at, args.cells.get(step), args.quantiles.get(step) ?? [], seconds);
  });

type MetricsWithHistograms = {
  readonly metrics: MetricsResource & { readonly totals: MetricsTotals };
  readonly histograms: readonly Histogram[];
};

type Measured = {
  readonly resource: MetricsResource;
  readonly cells: Cells;
  /** What was asked of closed minutes. */
  readonly closed: MetricsAsk;
  readonly ofRuns: OfRuns;
};

const measure = async (db: Db, question: MetricsQuestion, now: EpochMs): Promise<Measured> => {
  const probe = await readMetricsProbe(db, question.probe);
  if (probe === null) throw new AppError("NOT_FOUND", "there is no probe with this id");
  const locations = locationsOf(probe, question.location);
  const plan = await planOf(db, question, now);
  const closedMinute = await readClosedUntil(db);
  const closedUntil = closedMinute === null ? null : startOfMinute(closedMinute);
  const ask: MetricsAsk = {
    probeNo: probe.no,
    locationNos: locations.map(({ no }) => no),
    from: plan.from,
    until: plan.to,
    origin: plan.from,
    stepMs: plan.stepMs,
  };
  const cells: Cells = new Map();
  await readCells(db, plan.level, ask, cells);
  // Runs of a minute that is still open are in no bucket yet: they must not be in a quantile either.
  const closed = { ...ask, until: epochMs(Math.min(plan.to, closedUntil ?? 0)) };
  const { quantiles, isExact, ofRuns } =
    plan.level === "minute"
      ? await minuteQuantiles(db, closed, cells)
      : { quantiles: fromHistograms(cells), isExact: false, ofRuns: null };
  const firstRunAt = epochMs(Math.min(...locations.map((one) => one.firstRunAt), plan.to));
  const resource: MetricsResource = {
    probeId: probe.definition.id,
    locations: locations.map(({ id }) => id),
    from: instantText(plan.from),
    to: instantText(plan.to),
    step: formatDuration(plan.stepMs),
    dataUntil: closedUntil === null ? null : instantText(closedUntil),
    source: {
      counts: `${plan.level}s` as const,
      durations: isExact ? "runs" : "histograms",
      maxRelativeError: isExact ? 0 : HISTOGRAM_ERROR,
    },
    points: pointsOf(plan, { cells, quantiles, firstRunAt, closedUntil: closedUntil ?? plan.from }),
  };
  return { resource, cells, closed, ofRuns };
};

/** All points together, with quantiles of the merged histograms: an average of quantiles would be none. */
const totalsOf = (points: readonly MetricsPoint[], histograms: readonly Histogram[]): MetricsTotals => {
  const sum = (of: (point: MetricsPoint) => number): number => points.reduce((total, point) => total + of(point), 0);
  const [total, errors] = [sum((at) => at.total), sum((at) => at.errors)];
  const reports = total - sum((at) => at.unvoted);
  const [p50, p95, p99] = quantilesOf(mergeHistograms(histograms), SHARES);
  return {
    expected: sum((at) => at.expected),
    total,
    errors,
    errorRatio: reports === 0 ? null : round(errors / reports, 9),
    durationMs: { p50: msOf(p50), p95: msOf(p95), p99: msOf(p99) },
  };
};

/**
 * Rate, errors and duration of a probe over closed minutes, from the level that suits the step; never its address.
 * Counts are exact; quantiles are exact or within 1.6 %, as `source` says.
 * @throws AppError NOT_FOUND, INVALID_REQUEST; errors of the database.
 */
export const getMetrics = async (
  database: Database,
  question: MetricsQuestion & { readonly totals?: boolean | undefined },
  now: EpochMs,
): Promise<MetricsResource> => {
  if (question.totals === true) return (await getMetricsWithHistograms(database, question, now)).metrics;
  return database.read(async (db) => (await measure(db, question, now)).resource, { deadlineMs: DEADLINE_MS });
};

/**
 * As `getMetrics` with the totals, and with the durations of good runs of each point, in their order. Where minutes have no histogram the server
 * counts the runs of the question by the primary key: ask for few minutes then.
 */
export const getMetricsWithHistograms = (
  database: Database,
  question: MetricsQuestion,
  now: EpochMs,
): Promise<MetricsWithHistograms> =>
  database.read(
    async (db) => {
      const { resource, cells, closed, ofRuns: known } = await measure(db, question, now);
      const isOfRuns = resource.source.durations === "runs";
      const counted = isOfRuns && known === null ? await readRunHistograms(db, closed) : [];
      const ofRuns = known ?? new Map(counted.map(({ step, histogram }) => [step, histogram]));
      const histogramOf = (step: number): Histogram =>
        isOfRuns ? (ofRuns.get(step) ?? NO_DURATIONS) : mergeHistograms(cells.get(step)?.histograms ?? []);
      const histograms = resource.points.map((_, step) => histogramOf(step));
      return { metrics: { ...resource, totals: totalsOf(resource.points, histograms) }, histograms };
    },
    { deadlineMs: DEADLINE_MS },
  );
