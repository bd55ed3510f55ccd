import type { MetricsPoint, MetricsResource } from "#lib/contracts/metrics.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { voteOfClass } from "#lib/core/outcome.ts";
import type { Heat } from "#lib/read/red-heat.ts";

/** Classes of errors drawn apart; what is left is told together. */
const MOST_CLASSES = 4;

/** Whether anything was recorded in a point: nothing is known of the others. */
export const isMeasured = ({ total }: MetricsPoint): boolean => total > 0;

/** Runs that saw the target. */
export const reportsOf = ({ total, unvoted }: MetricsPoint): number => total - unvoted;

type ErrorClass = { readonly name: OutcomeClass; readonly count: number };

/** Classes of errors of the range, the most frequent first. */
const errorClasses = ({ points }: MetricsResource): ErrorClass[] => {
  const counts = new Map<OutcomeClass, number>();
  for (const { byClass } of points)
    for (const [name, count] of Object.entries(byClass) as [OutcomeClass, number][])
      if (voteOfClass(name) === "bad") counts.set(name, (counts.get(name) ?? 0) + count);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
};

/** Classes that are drawn apart, and how many runs are left for the others. */
export const drawnClasses = (metrics: MetricsResource): { apart: readonly ErrorClass[]; others: number } => {
  const all = errorClasses(metrics);
  const others = all.slice(MOST_CLASSES).reduce((sum, { count }) => sum + count, 0);
  return { apart: all.slice(0, MOST_CLASSES), others };
};

/** Errors of a point by drawn class, the others last, from the ground up. */
export const stackOf = (point: MetricsPoint, apart: readonly ErrorClass[]): number[] => {
  const drawn = apart.map(({ name }) => point.byClass[name] ?? 0);
  return [...drawn, point.errors - drawn.reduce((sum, count) => sum + count, 0)];
};

const RED_HEAD = ["at", "expected", "total", "rate_per_second", "errors", "error_ratio", "unvoted"] as const;

/** The points of a probe as rows of a file, exactly as the API has them; an empty cell is unknown. */
export const redRows = (metrics: MetricsResource): (string | number | null)[][] => {
  const classes = errorClasses(metrics).map(({ name }) => name);
  const head = [...RED_HEAD, "mean_ms", "p50_ms", "p95_ms", "p99_ms", ...classes.map((name) => `class_${name}`)];
  const rows = metrics.points.map((point) => {
    const { at, expected, total, rate, errors, errorRatio, unvoted, durationMs, byClass } = point;
    const { mean, p50, p95, p99 } = durationMs;
    const counts = classes.map((name) => byClass[name] ?? 0);
    return [at, expected, total, rate, errors, errorRatio, unvoted, mean, p50, p95, p99, ...counts];
  });
  return [head, ...rows];
};

/** The heat map as rows of a file; a point of which nothing is known has empty cells. */
export const heatRows = (metrics: MetricsResource, heat: Heat): (string | number | null)[][] => {
  const head = ["at", ...heat.bands.map(({ fromMs, toMs }) => `from_${fromMs}_to_${toMs ?? "more"}_ms`)];
  const rows = metrics.points.map((point, index) => [
    point.at,
    ...(heat.counts[index] ?? []).map((count) => (isMeasured(point) ? count : null)),
  ]);
  return [head, ...rows];
};
