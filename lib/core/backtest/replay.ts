import type { AlertSeverity, SloWindow } from "../definitions.ts";
import type { AlertState, ResolveReason } from "../slo/alert.ts";
import { decideAlert, pairCounts, QUIET } from "../slo/alert.ts";
import { fraction } from "../slo/fraction.ts";
import type { Objective } from "../slo/objective.ts";
import { isAbove, thresholdOf } from "../slo/objective.ts";
import type { CompiledPair } from "../slo/reading.ts";
import type { Counts, MinuteSeries } from "../slo/series.ts";
import { sumOver } from "../slo/series.ts";
import { createWindowOf } from "../slo/window.ts";
import type { EpochMinute } from "../units.ts";

/** One episode of a pair as it would have been; minutes are the last one that was seen when it fired or resolved. */
export type ReplayedEpisode = {
  readonly pairId: string;
  readonly severity: AlertSeverity;
  readonly firedAt: EpochMinute;
  /** Null: still firing at the end. */
  readonly resolvedAt: EpochMinute | null;
  readonly reason: ResolveReason | null;
};

export type Replay = {
  /** By when they fired, then by pair. Those that were over before `from` are left out. */
  readonly episodes: readonly ReplayedEpisode[];
  /** The first minute at which the budget of the window was spent; null: never. */
  readonly exhaustedAt: EpochMinute | null;
  /** The least that was left of the budget, signed, and when; null without data. */
  readonly lowest: { readonly minute: EpochMinute; readonly remaining: number } | null;
  /** The window that ends with the last minute. */
  readonly last: { readonly bad: number; readonly total: number; readonly remaining: number | null };
};

type Watched = { readonly pair: CompiledPair; state: AlertState; open: EpochMinute | null };

const stepPair = (one: Watched, series: MinuteSeries, minute: EpochMinute): ReplayedEpisode | null => {
  const { pair } = one;
  const { next, transition } = decideAlert({ state: one.state, pair: pairCounts(series, pair, minute), minute });
  one.state = next;
  if (transition === null) return null;
  if (transition.kind === "fired") {
    one.open = minute;
    return null;
  }
  const firedAt = one.open ?? minute;
  one.open = null;
  const { id, severity } = pair.definition;
  return { pairId: id, severity, firedAt, resolvedAt: minute, reason: transition.reason };
};

const budgetOver = (args: {
  readonly series: MinuteSeries;
  readonly objective: Objective;
  readonly window: SloWindow;
  readonly from: EpochMinute;
  readonly through: EpochMinute;
}): Omit<Replay, "episodes"> => {
  const { series, objective, window, from, through } = args;
  const windowOf = createWindowOf(window);
  const sumsAt = (minute: EpochMinute): Counts => sumOver(series, windowOf(minute).after, minute);
  const whole = thresholdOf(fraction(1n, 1n), objective);
  const remainingOf = ({ bad, total }: Counts): number => {
    const allowed = whole.numeratorNumber * total;
    return (allowed - bad * whole.denominatorNumber) / allowed;
  };
  let exhaustedAt: EpochMinute | null = null;
  let lowest: Replay["lowest"] = null;
  for (let minute = from; minute <= through; minute = (minute + 1) as EpochMinute) {
    const counts = sumsAt(minute);
    if (counts.total === 0) continue;
    const remaining = remainingOf(counts);
    if (lowest === null || remaining < lowest.remaining) lowest = { minute, remaining };
    if (exhaustedAt === null && isAbove(counts.bad, counts.total, whole)) exhaustedAt = minute;
  }
  const last = sumsAt(through);
  const remaining = last.total === 0 ? null : remainingOf(last);
  return { exhaustedAt, lowest, last: { bad: last.bad, total: last.total, remaining } };
};

/**
 * Plays recorded minutes through the live alert of every pair, and through the budget, as the engine judges them. Alerts
 * are played from `warmFrom` on, so that what fires at `from` is known; nothing fires before `warmFrom`.
 */
export const replayHistory = (args: {
  readonly series: MinuteSeries;
  readonly objective: Objective;
  readonly window: SloWindow;
  readonly pairs: readonly CompiledPair[];
  readonly warmFrom: EpochMinute;
  readonly from: EpochMinute;
  readonly through: EpochMinute;
}): Replay => {
  const { series, pairs, warmFrom, from, through } = args;
  const watched: Watched[] = pairs.map((pair) => ({ pair, state: QUIET, open: null }));
  const episodes: ReplayedEpisode[] = [];
  for (let minute = warmFrom; minute <= through; minute = (minute + 1) as EpochMinute) {
    for (const one of watched) {
      const episode = stepPair(one, series, minute);
      if (episode !== null && minute >= from) episodes.push(episode);
    }
  }
  for (const { pair, open } of watched) {
    if (open === null) continue;
    const { id, severity } = pair.definition;
    episodes.push({ pairId: id, severity, firedAt: open, resolvedAt: null, reason: null });
  }
  episodes.sort((a, b) => a.firedAt - b.firedAt || (a.pairId < b.pairId ? -1 : 1));
  return { episodes, ...budgetOver(args) };
};

type Spell = { readonly severity: AlertSeverity; readonly firedAt: number; readonly resolvedAt: number | null };

/** How two histories of alerts of one severity meet. */
export type Comparison = {
  readonly severity: AlertSeverity;
  /** Episodes that would have been. */
  readonly would: number;
  /** Episodes that were. */
  readonly did: number;
  /** Of those that would have been: how many no episode that was overlaps. */
  readonly onlyWould: number;
  /** Of those that were: how many no episode that would have been overlaps. */
  readonly onlyDid: number;
};

const overlaps = (a: Spell, b: Spell): boolean =>
  a.firedAt <= (b.resolvedAt ?? Number.POSITIVE_INFINITY) && b.firedAt <= (a.resolvedAt ?? Number.POSITIVE_INFINITY);

/** Compares what would have been with what was, by severity; instants of both in the same unit. */
export const compareAlerts = (would: readonly Spell[], did: readonly Spell[]): Comparison[] =>
  (["page", "ticket"] as const).map((severity) => {
    const [a, b] = [would, did].map((list) => list.filter((one) => one.severity === severity)) as [Spell[], Spell[]];
    return {
      severity,
      would: a.length,
      did: b.length,
      onlyWould: a.filter((one) => !b.some((other) => overlaps(one, other))).length,
      onlyDid: b.filter((one) => !a.some((other) => overlaps(one, other))).length,
    };
  });
