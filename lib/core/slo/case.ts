import type { AlertSeverity } from "../definitions.ts";
import type { EpochMinute } from "../units.ts";
import { DAY_MS, durationMs } from "../units.ts";
import type { AlertState } from "./alert.ts";
import { decideAlert, pairCounts, QUIET } from "./alert.ts";
import type { Fraction } from "./fraction.ts";
import type { Objective } from "./objective.ts";
import { defaultPolicy } from "./policy.ts";
import type { CompiledPair } from "./reading.ts";
import { budgetReading, compilePair, countsOver, windowReading } from "./reading.ts";
import type { MinuteSeries } from "./series.ts";
import { createSeries, setMinute } from "./series.ts";
import { countSlices, sliceBudgetConsumed } from "./timeslices.ts";

/** A recorded series of minutes and what to work out from it (slo-semantics, "Case format"). */
export type SloCase = {
  readonly name: string;
  readonly objective: Objective;
  readonly firstMinute: number;
  readonly endMinute: number;
  /** start, run length, good per minute, total per minute. Minutes not covered have no sample. */
  readonly series: readonly (readonly [number, number, number, number])[];
  /** Half-open spans of minutes that are dropped everywhere. */
  readonly exclusions: readonly (readonly [number, number])[];
  readonly sampleMinutes: readonly number[];
  readonly budgets: readonly { readonly minute: number; readonly windowDays: number }[];
  readonly timeslices: readonly {
    readonly sliceMinutes: number;
    /** As written in the file, for the answer. */
    readonly targetNumber: number;
    readonly target: Fraction;
  }[];
  readonly guards: readonly number[];
};

type Episode = { fires_at_minute: number; resolves_at_minute: number | null };
export type CaseAlerts = Record<string, Episode[]>;

/** The answer: the keys of a case's `expected`, which are a published format. */
export type CaseResult = {
  readonly name: string;
  readonly alerts: CaseAlerts;
  readonly alerts_28d_policy: CaseAlerts;
  readonly alerts_guarded?: readonly { min_bad_events_in_long_window: number; alerts: CaseAlerts }[];
  readonly samples: readonly object[];
  readonly budgets: readonly object[];
  readonly timeslice_budget: readonly object[];
};

const SAMPLE_WINDOWS = { "5m": 5, "30m": 30, "1h": 60, "2h": 120, "6h": 360, "1d": 1_440, "3d": 4_320 } as const;
const SLICE_WINDOW_MINUTES = 30 * 1_440;
const SEVERITIES: readonly AlertSeverity[] = ["page", "ticket"];

const minuteAt = (value: number): EpochMinute => value as EpochMinute;

/** The minutes of a case without the excluded ones. No rate is expected, so coverage plays no part. */
const seriesOfCase = (slo: SloCase): MinuteSeries => {
  const series = createSeries(slo.endMinute + 1);
  const isExcluded = (minute: number): boolean =>
    slo.exclusions.some(([from, until]) => minute >= from && minute < until);
  for (const [start, length, good, total] of slo.series) {
    for (let minute = start; minute < start + length && minute <= slo.endMinute; minute += 1) {
      if (!isExcluded(minute)) setMinute(series, minuteAt(minute), { bad: total - good, total, expected: 0 });
    }
  }
  return series;
};

/** The workbook's pairs for a window, compiled for a case: no guard in the short window, `minBadLong` as asked. */
const casePairs = (objective: Objective, windowDays: number, minBadLong: number): CompiledPair[] =>
  defaultPolicy(durationMs(windowDays * DAY_MS), { intervalMs: durationMs(0) }).map((pair) =>
    compilePair({ ...pair, minBadLong, minBadShort: 0 }, objective),
  );

/** Appends to a list of episodes when something starts or stops. */
const note = (episodes: Episode[], isFiring: boolean, minute: number): void => {
  const open = episodes.at(-1)?.resolves_at_minute === null;
  if (isFiring && !open) episodes.push({ fires_at_minute: minute, resolves_at_minute: null });
  const last = episodes.at(-1);
  if (!isFiring && open && last !== undefined) last.resolves_at_minute = minute;
};

/** Steps the live alert of each pair through all minutes of a case. */
const replayAlerts = (slo: SloCase, series: MinuteSeries, pairs: readonly CompiledPair[]): CaseAlerts => {
  const states = new Map<CompiledPair, AlertState>(pairs.map((pair) => [pair, QUIET]));
  const byPair = new Map<CompiledPair, Episode[]>(pairs.map((pair) => [pair, []]));
  const bySeverity = new Map<AlertSeverity, Episode[]>(SEVERITIES.map((severity) => [severity, []]));
  for (let minute = slo.firstMinute; minute <= slo.endMinute; minute += 1) {
    const firing = new Set<AlertSeverity>();
    for (const [pair, state] of states) {
      const counts = pairCounts(series, pair, minuteAt(minute));
      const { next } = decideAlert({ state, pair: counts, minute: minuteAt(minute) });
      states.set(pair, next);
      note(byPair.get(pair) as Episode[], next.kind === "firing", minute);
      if (next.kind === "firing") firing.add(pair.definition.severity);
    }
    for (const [severity, episodes] of bySeverity) note(episodes, firing.has(severity), minute);
  }
  return Object.fromEntries([
    ...pairs.map((pair) => [pair.definition.id, byPair.get(pair)] as const),
    ...bySeverity.entries(),
  ]) as CaseAlerts;
};

const sampleAt = (slo: SloCase, series: MinuteSeries, minute: number): object => ({
  minute,
  windows: Object.fromEntries(
    Object.entries(SAMPLE_WINDOWS).map(([name, minutes]) => {
      const { bad, total, errorRatio, burnRate } = windowReading(
        countsOver(series, minuteAt(minute), minutes),
        minutes,
        slo.objective,
      );
      return [name, { bad, total, error_ratio: errorRatio, burn_rate: burnRate }];
    }),
  ),
});

const budgetAt = (slo: SloCase, series: MinuteSeries, ask: SloCase["budgets"][number]): object => {
  const windowMinutes = Math.round(ask.windowDays * 1_440);
  const reading = budgetReading(series, slo.objective, windowMinutes, minuteAt(ask.minute));
  const answer = {
    minute: ask.minute,
    window_days: ask.windowDays,
    bad: reading.bad,
    total: reading.total,
    sli: reading.attained,
    allowed_bad: reading.allowedBad,
    consumed_fraction: reading.consumed,
    remaining_fraction: reading.remaining,
  };
  // A window without any event has no burn either; the format leaves those keys out.
  if (reading.total === 0) return answer;
  return {
    ...answer,
    burn_rate_1h: reading.burnRate1h,
    time_to_exhaustion_minutes_at_1h_burn: reading.minutesToExhaustion,
  };
};

const timesliceBudget = (slo: SloCase, series: MinuteSeries, ask: SloCase["timeslices"][number]): object => {
  const slices = countSlices({
    series,
    first: minuteAt(Math.max(0, slo.firstMinute, slo.endMinute - SLICE_WINDOW_MINUTES + 1)),
    last: minuteAt(slo.endMinute),
    sliceMinutes: ask.sliceMinutes,
    target: ask.target,
  });
  return {
    slice_minutes: ask.sliceMinutes,
    slice_target: ask.targetNumber,
    good_slices: slices.good,
    bad_slices: slices.bad,
    empty_slices: slices.empty,
    consumed_fraction_if_empty_ignored: sliceBudgetConsumed(slices, slo.objective, "ignore"),
    consumed_fraction_if_empty_good: sliceBudgetConsumed(slices, slo.objective, "good"),
    consumed_fraction_if_empty_bad: sliceBudgetConsumed(slices, slo.objective, "bad"),
  };
};

/** Works a case out through the functions that the engine uses. */
export const evaluateCase = (slo: SloCase): CaseResult => {
  const series = seriesOfCase(slo);
  const replay = (windowDays: number, minBadLong: number): CaseAlerts =>
    replayAlerts(slo, series, casePairs(slo.objective, windowDays, minBadLong));
  const guarded = slo.guards.map((guard) => ({ min_bad_events_in_long_window: guard, alerts: replay(30, guard) }));
  return {
    name: slo.name,
    alerts: replay(30, 0),
    alerts_28d_policy: replay(28, 0),
    ...(guarded.length > 0 ? { alerts_guarded: guarded } : {}),
    samples: slo.sampleMinutes.map((minute) => sampleAt(slo, series, minute)),
    budgets: slo.budgets.map((ask) => budgetAt(slo, series, ask)),
    timeslice_budget: slo.timeslices.map((ask) => timesliceBudget(slo, series, ask)),
  };
};
