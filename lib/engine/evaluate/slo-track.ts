import type { SloRow } from "#db/queries/config.ts";
import type { SloDefinition } from "#lib/core/definitions.ts";
import type { AlertState, AlertTransition } from "#lib/core/slo/alert.ts";
import { decideAlert, pairCounts, QUIET } from "#lib/core/slo/alert.ts";
import type { BudgetReading, CompiledPair, CompiledSlo, PairReading, Reading } from "#lib/core/slo/reading.ts";
import { compileSlo, longestWindow, pairReading, readingAt, sloBudget } from "#lib/core/slo/reading.ts";
import type { BlockPool } from "#lib/core/slo/series.ts";
import { badOver } from "#lib/core/slo/series.ts";
import type { TrackMinutes } from "#lib/core/slo/track-minutes.ts";
import { createTrackMinutes, PARTS_A_SLICE } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { minuteOf } from "#lib/core/units.ts";

/** At most this many minutes are evaluated in one transaction. */
export const CHUNK_MINUTES = 1_440;
const MOST_COMPILED = 1_000;

/** What is held in memory of one SLO: its minutes, how far it was evaluated, and the state of each pair. */
export type SloTrack = {
  slo: SloRow;
  readonly compiled: CompiledSlo;
  readonly minutes: TrackMinutes;
  /** How many parts an event is counted in: 1, but for ratios of slices. */
  readonly scale: number;
  /** The newest minute that is held; null before any was read. */
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
};

/** A reading as it is stored: with exclusions, and beside it the budget as if there were none. */
export type StoredReading = Reading & {
  /** Null while no exclusion changes anything within the window. */
  readonly raw: BudgetReading | null;
};

/** The outcome of evaluating an SLO up to a minute, not yet committed. */
export type Evaluation = {
  readonly track: SloTrack;
  readonly through: EpochMinute;
  readonly alerts: ReadonlyMap<string, AlertState>;
  /** Minutes with a transition, in order. */
  readonly outcomes: readonly MinuteOutcome[];
};

/** Guards count events; where an event is counted in parts, they do too. */
const withScale = (pair: CompiledPair, scale: number): CompiledPair => ({
  ...pair,
  definition: {
    ...pair.definition,
    minBadLong: pair.definition.minBadLong * scale,
    minBadShort: pair.definition.minBadShort * scale,
  },
});

/** SLOs that promise the same are compiled once: ten thousand copies would push each other out of the processor's cache. */
const compiledOf = new WeakMap<BlockPool, Map<string, CompiledSlo>>();

/** @throws RangeError when the definition cannot be evaluated. */
const compileOnce = (
  pool: BlockPool,
  { objective, window, burnRateAlerts }: SloDefinition,
  scale: number,
): CompiledSlo => {
  const known = compiledOf.get(pool) ?? new Map<string, CompiledSlo>();
  compiledOf.set(pool, known);
  const key = JSON.stringify([objective, window, burnRateAlerts, scale]);
  const found = known.get(key);
  if (found !== undefined) return found;
  const plain = compileSlo({ objective, window, burnRateAlerts });
  const compiled = scale === 1 ? plain : { ...plain, pairs: plain.pairs.map((pair) => withScale(pair, scale)) };
  if (known.size >= MOST_COMPILED) known.clear();
  known.set(key, compiled);
  return compiled;
};

/** @throws RangeError when the definition cannot be evaluated. */
export const createTrack = (args: {
  slo: SloRow;
  pool: BlockPool;
  through: EpochMinute | null;
  isPolicyNew: boolean;
  alerts: ReadonlyMap<string, AlertState>;
}): SloTrack => {
  const { slo, pool, through, isPolicyNew, alerts } = args;
  const scale = slo.definition.sli.kind === "ratio_timeslices" ? PARTS_A_SLICE : 1;
  const compiled = compileOnce(pool, slo.definition, scale);
  const minutes = createTrackMinutes(slo.definition.sli, longestWindow(compiled) + CHUNK_MINUTES, pool);
  return { slo, compiled, minutes, scale, loadedThrough: null, through, isStarted: false, isPolicyNew, alerts };
};

/** The first minute that is still to be evaluated: nothing that happened before the SLO came into force. */
export const nextMinuteOf = (track: SloTrack): EpochMinute =>
  track.through === null ? minuteOf(track.slo.activeFrom) : ((track.through + 1) as EpochMinute);

/** True when the pair's condition holds on what was measured: then it is an exclusion that ended the alert. */
const holdsWithoutExclusions = (track: SloTrack, pair: CompiledPair, minute: EpochMinute): boolean =>
  track.minutes.events !== track.minutes.rawEvents &&
  pairReading(track.minutes.rawEvents, pair, track.compiled.objective, minute).holds;

const explainedEnd = (track: SloTrack, pair: CompiledPair, transition: AlertTransition): AlertTransition => {
  if (transition.kind !== "resolved" || transition.reason === "policy_changed") return transition;
  return holdsWithoutExclusions(track, pair, transition.minute) ? { ...transition, reason: "excluded" } : transition;
};

type Counted = { readonly bad: number; readonly total: number; readonly expected: number };

/** Counts as events again, where they were counted in parts. */
const inEvents = <T extends Counted>(counts: T, scale: number): T =>
  scale === 1
    ? counts
    : { ...counts, bad: counts.bad / scale, total: counts.total / scale, expected: counts.expected / scale };

const budgetInEvents = (budget: BudgetReading, scale: number): BudgetReading =>
  scale === 1
    ? budget
    : {
        ...inEvents(budget, scale),
        good: budget.good / scale,
        allowedBad: budget.allowedBad === null ? null : budget.allowedBad / scale,
      };

const pairInEvents = (pair: PairReading, scale: number): PairReading =>
  scale === 1 ? pair : { ...pair, long: inEvents(pair.long, scale), short: inEvents(pair.short, scale) };

const explain = (track: SloTrack, pair: CompiledPair, transition: AlertTransition): ExplainedTransition => {
  const { events } = track.minutes;
  const { minute } = transition;
  const reading = pairReading(events, pair, track.compiled.objective, minute);
  const budget = sloBudget(events, track.compiled, minute);
  const { scale } = track;
  return {
    pair,
    transition: explainedEnd(track, pair, transition),
    reading: pairInEvents(reading, scale),
    budget: budgetInEvents(budget, scale),
  };
};

/**
 * True when nothing fires and nothing can begin to: no ratio without bad events is above a threshold, and every pair needs
 * some in its short window. Nearly all SLOs are so at nearly all times, and one sum tells.
 */
const isCalm = (
  { compiled, minutes }: SloTrack,
  alerts: ReadonlyMap<string, AlertState>,
  minute: EpochMinute,
): boolean => {
  if (badOver(minutes.events, (minute - compiled.longestShortMinutes) as EpochMinute, minute) > 0) return false;
  for (const state of alerts.values()) if (state.kind === "firing") return false;
  return true;
};

/** Judges every pair at the end of one minute. */
const judgeMinute = (
  track: SloTrack,
  alerts: ReadonlyMap<string, AlertState>,
  minute: EpochMinute,
  isPolicyNew: boolean,
): { next: ReadonlyMap<string, AlertState>; outcome: MinuteOutcome | null } => {
  const { compiled } = track;
  if (isCalm(track, alerts, minute)) return { next: alerts, outcome: null };
  const series = track.minutes.events;
  // Nearly always nothing changes: then nothing is copied.
  let next: Map<string, AlertState> | null = null;
  const transitions: ExplainedTransition[] = [];
  for (const pair of compiled.pairs) {
    const state = alerts.get(pair.definition.id) ?? QUIET;
    const from = (minute - pair.shortMinutes) as EpochMinute;
    if (state.kind === "quiet" && badOver(series, from, minute) === 0) continue;
    const decision = decideAlert({ state, pair: pairCounts(series, pair, minute), minute, isPolicyNew });
    if (decision.next !== state) {
      next ??= new Map(alerts);
      next.set(pair.definition.id, decision.next);
    }
    if (decision.transition === null) continue;
    transitions.push(explain(track, pair, decision.transition));
  }
  const states = next ?? alerts;
  return { next: states, outcome: transitions.length === 0 ? null : { minute, transitions } };
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
  return { track, through, alerts, outcomes };
};

/** The reading of an evaluation, in the form that is stored. */
export const readingOf = ({ track, through }: Evaluation): StoredReading => {
  const { compiled, minutes, scale } = track;
  const plain = readingAt(minutes.events, compiled, through);
  const budget = budgetInEvents(plain.budget, scale);
  const pairs = scale === 1 ? plain.pairs : plain.pairs.map((pair) => pairInEvents(pair, scale));
  const reading = { ...plain, budget, pairs };
  if (minutes.events === minutes.rawEvents) return { ...reading, raw: null };
  const raw = budgetInEvents(sloBudget(minutes.rawEvents, compiled, through), scale);
  const isSame = raw.bad === budget.bad && raw.total === budget.total;
  return { ...reading, raw: isSame ? null : raw };
};
