import type { Database } from "#db/database.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { countMinutes, readHoursOf } from "#db/queries/slo-minutes.ts";
import { decimalText, instantText } from "#lib/contracts/api.ts";
import type { ForecastResource } from "#lib/contracts/slo-analyses.ts";
import { AppError } from "#lib/core/errors.ts";
import { forecast, paceOf } from "#lib/core/slo/forecast.ts";
import { forecastSummary } from "#lib/core/slo/forecast-words.ts";
import type { BudgetReading } from "#lib/core/slo/reading.ts";
import { compileSlo, countsOver, sloBudget } from "#lib/core/slo/reading.ts";
import type { MinuteSeries } from "#lib/core/slo/series.ts";
import { PARTS_A_SLICE } from "#lib/core/slo/track-minutes.ts";
import { windowAt } from "#lib/core/slo/window.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMinutes, addMs, MINUTE_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";
import { answersFrom } from "../answer-cache.ts";

/** The last hour stands for what is to come. */
const PACE_MINUTES = 60;
const DEADLINE_MS = 10_000;

export type SloForecast = {
  readonly budget: BudgetReading;
  readonly pace: { readonly bad: number; readonly total: number };
  readonly exhaustedIn: number | null;
  readonly recoveredIn: number | null;
  /** One sentence for people. */
  readonly summary: string;
};

/** What becomes of the budget at the end of minute `last`, by minutes as they are counted. */
export const forecastOf = (
  { definition }: Pick<SloWithReading, "definition">,
  series: MinuteSeries,
  last: EpochMinute,
): SloForecast => {
  const compiled = compileSlo({ ...definition, burnRateAlerts: [] });
  const window = compiled.windowOf(last);
  const scale = definition.sli.kind === "ratio_timeslices" ? PARTS_A_SLICE : 1;
  const lastHour = countsOver(series, last, PACE_MINUTES);
  const { objective } = compiled;
  const kind = compiled.isCalendar ? "calendar" : "rolling";
  const ahead = forecast({ series, objective, window, kind, pace: paceOf(lastHour, PACE_MINUTES) });
  const budget = sloBudget(series, compiled, last);
  const summary = forecastSummary({ ...ahead, kind, remaining: budget.remaining });
  return { budget, pace: { bad: lastHour.bad / scale, total: lastHour.total / scale }, ...ahead, summary };
};

/** What becomes of the budget, by the minutes with exclusions up to the newest evaluated one; null before that. */
export const loadForecast = (database: Database, slo: SloWithReading): Promise<SloForecast | null> =>
  database.read(
    async (db) => {
      const { evaluatedAt, definition } = slo;
      if (evaluatedAt === null) return null;
      const until = minuteOf(evaluatedAt);
      const last = addMinutes(until, -1);
      const from = Math.min(windowAt(definition.window, last).after + 1, until - PACE_MINUTES) as EpochMinute;
      const hours = await readHoursOf(db, { sloId: slo.id, version: slo.version }, { from, until });
      const exclusions = await readExclusions(db, { endedAfter: startOfMinute(from) });
      return forecastOf(slo, countMinutes(hours, { slo, exclusions, until }).events, last);
    },
    { deadlineMs: DEADLINE_MS },
  );

const momentOf = (evaluatedAt: EpochMs, minutes: number | null) =>
  minutes === null ? null : { inSeconds: minutes * 60, at: instantText(addMs(evaluatedAt, minutes * MINUTE_MS)) };

const resourceOf = (slo: SloWithReading, found: SloForecast | null): ForecastResource => {
  const { evaluatedAt } = slo;
  if (found === null || evaluatedAt === null) {
    return {
      sloId: slo.id,
      evaluatedAt: null,
      remainingRatio: null,
      pace: null,
      exhausted: null,
      recovered: null,
      simple: null,
      summary: null,
    };
  }
  const { budget, pace, exhaustedIn, recoveredIn, summary } = found;
  const simple = budget.minutesToExhaustion;
  return {
    sloId: slo.id,
    evaluatedAt: instantText(evaluatedAt),
    remainingRatio: decimalText(budget.remaining),
    pace: { ...pace, seconds: PACE_MINUTES * 60, burnRate: decimalText(budget.burnRate1h) },
    exhausted: momentOf(evaluatedAt, exhaustedIn),
    recovered: momentOf(evaluatedAt, recoveredIn),
    simple: momentOf(evaluatedAt, simple === null ? null : Math.max(0, Math.round(simple))),
    summary,
  };
};

/** When the budget of an SLO is spent and when it is back. @throws AppError NOT_FOUND, NOT_READY */
export const getForecast = async (database: Database, id: string, now: EpochMs): Promise<ForecastResource> => {
  const [slo] = await database.read((db) => readSlosWithReadings(db, id));
  if (slo === undefined) throw new AppError("NOT_FOUND", "there is no SLO with this id");
  const key = `forecast ${id} ${slo.version} ${slo.evaluatedAt}`;
  return answersFrom(database).answer({ key, cost: 1, now }, async () =>
    resourceOf(slo, await loadForecast(database, slo)),
  );
};
