import type { ExclusionRow } from "#db/queries/exclusions.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { countMinutes } from "#db/queries/slo-minutes.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import { compileSlo, countsOver, sloBudget } from "#lib/core/slo/reading.ts";
import type { MinuteSeries } from "#lib/core/slo/series.ts";
import { PARTS_A_SLICE } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMinutes, startOfMinute } from "#lib/core/units.ts";

/** The budget at one instant, over the window that ends there; and what was counted since the point before. */
export type BurnDownPoint = {
  readonly at: EpochMs;
  /** Signed share of the budget left; null while nothing was measured since the point before: unknown is not drawn. */
  readonly remaining: number | null;
  /** The same of a whole period of the calendar, as if its rest sees the same traffic; of a rolling window `remaining`. */
  readonly whole: number | null;
  readonly bad: number;
  readonly total: number;
  readonly expected: number;
};

/** Steps between points, in minutes; the finest that gives at most `MOST_POINTS` is taken. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1_440];
const MOST_POINTS = 720;
const LEAST_MINUTES = 60;

export type CountedSeries = {
  readonly series: MinuteSeries;
  /** Slices that are good in part are counted in so many parts. */
  readonly scale: number;
  readonly last: EpochMinute;
};

/**
 * The burn-down of a window up to minute `last`: as far back as the rolling window reaches or the period of the calendar
 * goes, or as there is data. Every point is `sloBudget` of the engine over exact minute counts, so the last one is the
 * reading itself. Counts are those with the exclusions, as they stand now.
 */
export const pointsOfWindow = (
  { series, scale, last }: CountedSeries,
  terms: Pick<SloDefinition, "objective" | "window">,
): readonly BurnDownPoint[] => {
  const slo = compileSlo({ ...terms, burnRateAlerts: [] });
  const { after, until } = slo.windowOf(last);
  const windowMinutes = until - after;
  const oldest = series.firstMinute ?? last;
  const reach = Math.min(windowMinutes, Math.max(LEAST_MINUTES, last - oldest + 1));
  const step = STEPS.find((minutes) => reach / minutes <= MOST_POINTS) ?? 1_440;
  const points: BurnDownPoint[] = [];
  for (let minute = last; minute > last - reach; minute = addMinutes(minute, -step)) {
    const { bad, total, expected } = countsOver(series, minute, Math.min(step, minute - after));
    const { remaining, projectedConsumed } = sloBudget(series, slo, minute);
    const whole = slo.isCalendar && projectedConsumed !== null ? 1 - projectedConsumed : remaining;
    points.push({
      at: startOfMinute(addMinutes(minute, 1)),
      remaining: total > 0 ? remaining : null,
      whole: total > 0 ? whole : null,
      bad: bad / scale,
      total: total / scale,
      expected: expected / scale,
    });
  }
  return points.reverse();
};

/** `pointsOfWindow` of an SLO's own window, from stored hours. */
export const burnDownPoints = (args: {
  hours: readonly SliHour[];
  slo: Pick<SloWithReading, "id" | "serviceId" | "definition">;
  exclusions: readonly ExclusionRow[];
  last: EpochMinute;
}): readonly BurnDownPoint[] => {
  const { hours, slo, exclusions, last } = args;
  const series = countMinutes(hours, { slo, exclusions, until: addMinutes(last, 1) }).events;
  const scale = slo.definition.sli.kind === "ratio_timeslices" ? PARTS_A_SLICE : 1;
  return pointsOfWindow({ series, scale, last }, slo.definition);
};
