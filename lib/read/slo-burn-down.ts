import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { budgetReading, countsOver } from "#lib/core/slo/reading.ts";
import type { MinuteSeries } from "#lib/core/slo/series.ts";
import { createSeries, setMinute } from "#lib/core/slo/series.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMinutes, addMs, HOUR_MS, MINUTE_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";
import { requireSession } from "./require-session.ts";
import { getWebContext } from "./web-context.ts";

/** The budget at one instant, over the window that ends there; and what was counted since the point before. */
export type BurnDownPoint = {
  readonly at: EpochMs;
  /** Signed share of the budget left; null while nothing was measured since the point before: unknown is not drawn. */
  readonly remaining: number | null;
  readonly bad: number;
  readonly total: number;
  readonly expected: number;
};

/** Steps between points, in minutes; the finest that gives at most `MOST_POINTS` is taken. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1_440];
const MOST_POINTS = 720;
const LEAST_MINUTES = 60;
const HOURS_DEADLINE_MS = 10_000;

const seriesOf = (hours: readonly SliHour[], retainMinutes: number): MinuteSeries => {
  const series = createSeries(retainMinutes);
  for (const hour of hours) {
    hour.total.forEach((total, index) => {
      const expected = hour.expected[index] ?? 0;
      if (total === 0 && expected === 0) return;
      setMinute(series, addMinutes(minuteOf(hour.hourAt), index), {
        bad: total - (hour.good[index] ?? 0),
        total,
        expected,
      });
    });
  }
  return series;
};

/**
 * The burn-down of a rolling window that ends with minute `last`: as far back as the window reaches, or as there is
 * data. Every point is `budgetReading` of the engine over exact minute counts, so the last one is the reading itself.
 */
export const burnDownPoints = (args: {
  hours: readonly SliHour[];
  objective: string;
  windowMinutes: number;
  last: EpochMinute;
}): readonly BurnDownPoint[] => {
  const { hours, windowMinutes, last } = args;
  const objective = objectiveOfPercent(args.objective);
  const series = seriesOf(hours, 2 * windowMinutes + LEAST_MINUTES);
  const oldest = series.firstMinute ?? last;
  const reach = Math.min(windowMinutes, Math.max(LEAST_MINUTES, last - oldest + 1));
  const step = STEPS.find((minutes) => reach / minutes <= MOST_POINTS) ?? 1_440;
  const points: BurnDownPoint[] = [];
  for (let minute = last; minute > last - reach; minute = addMinutes(minute, -step)) {
    const { bad, total, expected } = countsOver(series, minute, step);
    const { remaining } = budgetReading(series, objective, windowMinutes, minute);
    points.push({
      at: startOfMinute(addMinutes(minute, 1)),
      remaining: total > 0 ? remaining : null,
      bad,
      total,
      expected,
    });
  }
  return points.reverse();
};

/** The burn-down of one SLO from `sli_hours`. Empty before its first evaluation. @throws Error "NotSignedIn" without a session. */
export const loadSloBurnDown = async (
  cookieHeader: string | null,
  slo: SloWithReading,
): Promise<readonly BurnDownPoint[]> => {
  await requireSession(cookieHeader);
  const { evaluatedAt } = slo;
  if (evaluatedAt === null) return [];
  const { durationMs } = slo.definition.window;
  const oldest = addMs(evaluatedAt, -2 * durationMs);
  const ask = { sloId: slo.id, version: slo.version, fromAt: addMs(oldest, -(oldest % HOUR_MS)), toAt: evaluatedAt };
  const hours = await getWebContext().database.read((db) => readSliHours(db, [ask]), { deadlineMs: HOURS_DEADLINE_MS });
  return burnDownPoints({
    hours,
    objective: slo.definition.objective,
    windowMinutes: Math.ceil(durationMs / MINUTE_MS),
    last: addMinutes(minuteOf(evaluatedAt), -1),
  });
};
