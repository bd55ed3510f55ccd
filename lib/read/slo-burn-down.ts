import type { ExclusionRow } from "#db/queries/exclusions.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { countMinutes } from "#db/queries/slo-minutes.ts";
import { compileSlo, countsOver, sloBudget } from "#lib/core/slo/reading.ts";
import { PARTS_A_SLICE } from "#lib/core/slo/track-minutes.ts";
import { longestMinutes } from "#lib/core/slo/window.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMinutes, addMs, durationMs, HOUR_MS, MINUTE_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";
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

/**
 * The burn-down of a window up to minute `last`: as far back as the rolling window reaches or the period of the calendar
 * goes, or as there is data. Every point is `sloBudget` of the engine over exact minute counts, so the last one is the
 * reading itself. Counts are those with the exclusions, as they stand now.
 */
export const burnDownPoints = (args: {
  hours: readonly SliHour[];
  slo: Pick<SloWithReading, "id" | "serviceId" | "definition">;
  exclusions: readonly ExclusionRow[];
  last: EpochMinute;
}): readonly BurnDownPoint[] => {
  const { hours, exclusions, last } = args;
  const { objective, window, sli } = args.slo.definition;
  const slo = compileSlo({ objective, window, burnRateAlerts: [] });
  const series = countMinutes(hours, { slo: args.slo, exclusions, until: addMinutes(last, 1) }).events;
  const scale = sli.kind === "ratio_timeslices" ? PARTS_A_SLICE : 1;
  const { after, until } = slo.windowOf(last);
  const windowMinutes = until - after;
  const oldest = series.firstMinute ?? last;
  const reach = Math.min(windowMinutes, Math.max(LEAST_MINUTES, last - oldest + 1));
  const step = STEPS.find((minutes) => reach / minutes <= MOST_POINTS) ?? 1_440;
  const points: BurnDownPoint[] = [];
  for (let minute = last; minute > last - reach; minute = addMinutes(minute, -step)) {
    const { bad, total, expected } = countsOver(series, minute, Math.min(step, minute - after));
    const { remaining } = sloBudget(series, slo, minute);
    points.push({
      at: startOfMinute(addMinutes(minute, 1)),
      remaining: total > 0 ? remaining : null,
      bad: bad / scale,
      total: total / scale,
      expected: expected / scale,
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
  const { window } = slo.definition;
  const oldest = addMs(evaluatedAt, -durationMs(2 * longestMinutes(window) * MINUTE_MS));
  const ask = { sloId: slo.id, version: slo.version, fromAt: addMs(oldest, -(oldest % HOUR_MS)), toAt: evaluatedAt };
  const { hours, exclusions } = await getWebContext().database.read(
    async (db) => ({
      hours: await readSliHours(db, [ask]),
      exclusions: await readExclusions(db, { endedAfter: ask.fromAt }),
    }),
    { deadlineMs: HOURS_DEADLINE_MS },
  );
  return burnDownPoints({ hours, slo, exclusions, last: addMinutes(minuteOf(evaluatedAt), -1) });
};
