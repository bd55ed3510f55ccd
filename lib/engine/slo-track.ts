import type { SloRow } from "#db/queries/config.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import type { AlertState, AlertTransition } from "#lib/core/slo/alert.ts";
import { decideAlert, pairCounts, QUIET } from "#lib/core/slo/alert.ts";
import type { BudgetReading, CompiledPair, CompiledSlo, PairReading, Reading } from "#lib/core/slo/reading.ts";
import { budgetReading, compileSlo, longestWindow, pairReading, readingAt } from "#lib/core/slo/reading.ts";
import type { BlockPool, Counts, MinuteSeries } from "#lib/core/slo/series.ts";
import { appendHour, countsAt, createSeries, setMinute } from "#lib/core/slo/series.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { minuteOf } from "#lib/core/units.ts";

/** At most this many minutes are evaluated in one transaction. */
export const CHUNK_MINUTES = 1_440;

/** What is held in memory of one SLO: its minutes, how far it was evaluated, and the state of each pair. */
export type SloTrack = {
  slo: SloRow;
  readonly compiled: CompiledSlo;
  readonly series: MinuteSeries;
  /** The newest minute that the series holds; null before any was read. */
  loadedThrough: EpochMinute | null;
  /** The newest minute that was evaluated and committed; null before the first. */
  through: EpochMinute | null;
  /** True once the SLO has any hour: before that its past may still have to be counted. */
  isStarted: boolean;
  /** The SLO counts other slots than when it was evaluated last. */
  isPolicyNew: boolean;
  /** By pair id. */
  alerts: ReadonlyMap<string, AlertState>;
};

/** A transition with all numbers that explain it. */
export type ExplainedTransition = {
  readonly pair: CompiledPair;
  readonly transition: AlertTransition;
  readonly reading: PairReading;
  readonly budget: BudgetReading;
};

/** What one minute of an SLO brought. */
export type MinuteOutcome = {
  readonly minute: EpochMinute;
  readonly transitions: readonly ExplainedTransition[];
  /** Whether a page of the SLO fires at the end of the minute. */
  readonly isPageFiring: boolean;
  /** Tickets that fire on while the last page of the SLO resolved: their muted events are due now. */
  readonly unmuted: readonly { readonly pair: CompiledPair; readonly number: number }[];
};

/** The outcome of evaluating an SLO up to a minute, not yet committed. */
export type Evaluation = {
  readonly track: SloTrack;
  readonly through: EpochMinute;
  readonly reading: Reading;
  readonly alerts: ReadonlyMap<string, AlertState>;
  /** Minutes with a transition, in order. */
  readonly outcomes: readonly MinuteOutcome[];
};

export const createTrack = (args: {
  slo: SloRow;
  pool: BlockPool;
  through: EpochMinute | null;
  isPolicyNew: boolean;
  alerts: ReadonlyMap<string, AlertState>;
}): SloTrack => {
  const compiled = compileSlo(args.slo.definition);
  const series = createSeries(longestWindow(compiled) + CHUNK_MINUTES, args.pool);
  const { slo, through, isPolicyNew, alerts } = args;
  return { slo, compiled, series, loadedThrough: null, through, isStarted: false, isPolicyNew, alerts };
};

/** The first minute that is still to be evaluated: nothing that happened before the SLO came into force. */
export const nextMinuteOf = (track: SloTrack): EpochMinute =>
  track.through === null ? minuteOf(track.slo.activeFrom) : ((track.through + 1) as EpochMinute);

const isEqual = (a: Counts, b: Counts): boolean => a.bad === b.bad && a.total === b.total && a.expected === b.expected;

/**
 * Puts stored hours into the series, up to and with `through`. Known minutes are looked at again in changed hours only.
 * Returns whether any minute is new or differs.
 */
export const loadHours = (
  track: SloTrack,
  hours: readonly SliHour[],
  through: EpochMinute,
  changedHours: ReadonlySet<EpochMs>,
): boolean => {
  const known = track.loadedThrough ?? -1;
  let isChanged = through > known;
  for (const hour of hours) {
    const first = minuteOf(hour.hourAt);
    if (appendHour(track.series, first, hour, Math.min(60, through - first + 1))) {
      isChanged = true;
      continue;
    }
    const from = changedHours.has(hour.hourAt) ? 0 : Math.max(0, known + 1 - first);
    for (let index = from; index < 60 && first + index <= through; index += 1) {
      const [good, total, expected] = [hour.good[index] ?? 0, hour.total[index] ?? 0, hour.expected[index] ?? 0];
      const [minute, counts] = [(first + index) as EpochMinute, { bad: total - good, total, expected }];
      isChanged ||= !isEqual(countsAt(track.series, minute), counts);
      setMinute(track.series, minute, counts);
    }
  }
  if (through > known) track.loadedThrough = through;
  return isChanged;
};

const isPage = (pair: CompiledPair, state: AlertState | undefined): boolean =>
  pair.definition.severity === "page" && state?.kind === "firing";

/** Judges every pair at the end of one minute. */
const judgeMinute = (
  track: SloTrack,
  alerts: ReadonlyMap<string, AlertState>,
  minute: EpochMinute,
  isPolicyNew: boolean,
): { next: Map<string, AlertState>; outcome: MinuteOutcome | null } => {
  const { compiled, series } = track;
  const next = new Map(alerts);
  const transitions: ExplainedTransition[] = [];
  let wasPageFiring = false;
  for (const pair of compiled.pairs) {
    const state = alerts.get(pair.definition.id) ?? QUIET;
    if (isPage(pair, state)) wasPageFiring = true;
    const decision = decideAlert({ state, pair: pairCounts(series, pair, minute), minute, isPolicyNew });
    if (decision.next !== state) next.set(pair.definition.id, decision.next);
    if (decision.transition === null) continue;
    const reading = pairReading(series, pair, compiled.objective, minute);
    const budget = budgetReading(series, compiled.objective, compiled.windowMinutes, minute);
    transitions.push({ pair, transition: decision.transition, reading, budget });
  }
  if (transitions.length === 0) return { next, outcome: null };
  const isPageFiring = compiled.pairs.some((pair) => isPage(pair, next.get(pair.definition.id)));
  const unmuted = compiled.pairs.flatMap((pair) => {
    const state = next.get(pair.definition.id);
    const isOpenTicket = pair.definition.severity === "ticket" && state?.kind === "firing";
    return isOpenTicket && wasPageFiring && !isPageFiring ? [{ pair, number: state.number }] : [];
  });
  return { next, outcome: { minute, transitions, isPageFiring, unmuted } };
};

/**
 * Evaluates every minute from the next one to `through` in order, or the newest one again when it was evaluated before
 * and its data changed. Changes nothing but the series' own memory: the caller commits the result.
 */
export const evaluateTrack = (track: SloTrack, through: EpochMinute): Evaluation => {
  const outcomes: MinuteOutcome[] = [];
  let alerts = track.alerts;
  let isPolicyNew = track.isPolicyNew;
  const first = Math.min(nextMinuteOf(track), through);
  for (let minute = first as EpochMinute; minute <= through; minute = (minute + 1) as EpochMinute) {
    const { next, outcome } = judgeMinute(track, alerts, minute, isPolicyNew);
    alerts = next;
    isPolicyNew = false;
    if (outcome !== null) outcomes.push(outcome);
  }
  return { track, through, reading: readingAt(track.series, track.compiled, through), alerts, outcomes };
};
