import type { Database } from "#db/database.ts";
import type { PastAlert } from "#db/queries/backtest.ts";
import { readAlertsWithin, readOldestSliHour, readSlowestInterval } from "#db/queries/backtest.ts";
import { readExclusions } from "#db/queries/exclusions.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import type { SloWithReading } from "#db/queries/slo-dashboard.ts";
import { readSlosWithReadings } from "#db/queries/slo-dashboard.ts";
import { countMinutes } from "#db/queries/slo-minutes.ts";
import type { Comparison, Replay } from "#lib/core/backtest/replay.ts";
import { compareAlerts, replayHistory } from "#lib/core/backtest/replay.ts";
import type { AlertSeverity, BurnRatePair, SloWindow } from "#lib/core/definitions.ts";
import type { Objective } from "#lib/core/slo/objective.ts";
import { canFire, factorOf, objectiveOfPercent } from "#lib/core/slo/objective.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import type { CompiledPair } from "#lib/core/slo/reading.ts";
import { compilePair } from "#lib/core/slo/reading.ts";
import { PARTS_A_SLICE } from "#lib/core/slo/track-minutes.ts";
import { longestMinutes } from "#lib/core/slo/window.ts";
import type { DurationMs, EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, durationMs, epochMs, HOUR_MS, MINUTE_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";

const DEFAULT_SPAN_MS = 28 * DAY_MS;
const HOURS_DEADLINE_MS = 10_000;
const HOUR_MINUTES = 60;

/** What to try. What is left out stays as the SLO has it. */
export type BacktestAsk = {
  readonly sloId: string;
  /** Percent as a decimal string. */
  readonly objective?: string;
  /** Length of a rolling window. */
  readonly windowMs?: DurationMs;
  /** Pairs for probes of this interval (the slowest of the SLO, 0 for PromQL). */
  readonly policy?: (intervalMs: DurationMs) => readonly BurnRatePair[];
  /** The default policy in place of the SLO's own. */
  readonly isDefaultPolicy?: boolean;
  /** Only pairs of this severity. */
  readonly severity?: AlertSeverity;
  /** Bad events needed in the long and in the short window of every pair. */
  readonly guard?: { readonly long: number; readonly short: number };
  /** Default: 28 days before `until`. */
  readonly from?: EpochMs;
  /** Default: the end of the newest evaluated minute, which is also the most there can be. */
  readonly until?: EpochMs;
};

/** In place of the stored hours: slots counted anew, as under another quorum. */
export type ReadHours = (
  slo: SloWithReading,
  span: { readonly from: EpochMs; readonly until: EpochMs },
) => Promise<readonly SliHour[]>;

/** One episode as it would have been, at the instants at which the engine would have known. */
export type BacktestAlert = {
  readonly pairId: string;
  readonly severity: AlertSeverity;
  readonly firedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
  readonly reason: string | null;
};

export type Backtest = {
  readonly sloId: string;
  readonly from: EpochMs;
  readonly until: EpochMs;
  /** Where the counted minutes begin; null when there are none. Before it nothing can be said. */
  readonly oldest: EpochMs | null;
  readonly objective: string;
  readonly window: SloWindow;
  readonly pairs: readonly BurnRatePair[];
  readonly alerts: readonly BacktestAlert[];
  /** What really happened in the span, under the definitions that were in force then. */
  readonly past: readonly PastAlert[];
  readonly comparison: readonly Comparison[];
  readonly budget: {
    /** Of the window that ends at `until`. */
    readonly bad: number;
    readonly total: number;
    readonly consumed: number | null;
    readonly remaining: number | null;
    readonly lowest: { readonly at: EpochMs; readonly remaining: number } | null;
    readonly exhaustedAt: EpochMs | null;
  };
};

const endOf = (minute: EpochMinute): EpochMs => addMs(startOfMinute(minute), MINUTE_MS);
const hourAt = (at: EpochMs): EpochMs => epochMs(Math.floor(at / HOUR_MS) * HOUR_MS);

type Trial = { readonly objective: string; readonly window: SloWindow; readonly pairs: readonly BurnRatePair[] };

/** Pairs of the SLO itself are kept, unless they are the default policy and that is another one under the trial. */
const pairsOf = (ask: BacktestAsk, slo: SloWithReading, intervalMs: DurationMs, trial: Omit<Trial, "pairs">) => {
  if (ask.policy !== undefined) return ask.policy(intervalMs);
  const own = slo.definition.burnRateAlerts;
  const byDefault = (objective: string, window: SloWindow): BurnRatePair[] =>
    defaultPolicy(window.durationMs, { intervalMs, objective: objectiveOfPercent(objective) });
  const key = (pairs: readonly BurnRatePair[]): string => pairs.map(({ id, factor }) => `${id} ${factor}`).join();
  const isDefault =
    ask.isDefaultPolicy === true || key(own) === key(byDefault(slo.definition.objective, slo.definition.window));
  return isDefault ? byDefault(trial.objective, trial.window) : own;
};

const trialOf = (ask: BacktestAsk, slo: SloWithReading, intervalMs: DurationMs): Trial => {
  const { definition } = slo;
  const objective = ask.objective ?? definition.objective;
  const window: SloWindow =
    ask.windowMs === undefined ? definition.window : { kind: "rolling", durationMs: ask.windowMs };
  const exact: Objective = objectiveOfPercent(objective);
  const { guard } = ask;
  const pairs = pairsOf(ask, slo, intervalMs, { objective, window })
    .filter((pair) => canFire(factorOf(pair.factor), exact))
    .filter(({ severity }) => ask.severity === undefined || ask.severity === severity)
    .map((pair) => (guard === undefined ? pair : { ...pair, minBadLong: guard.long, minBadShort: guard.short }));
  return { objective, window, pairs };
};

const alertsOf = (replay: Replay): BacktestAlert[] =>
  replay.episodes.map(({ pairId, severity, firedAt, resolvedAt, reason }) => ({
    pairId,
    severity,
    firedAt: endOf(firedAt),
    resolvedAt: resolvedAt === null ? null : endOf(resolvedAt),
    reason,
  }));

const budgetOf = ({ last, lowest, exhaustedAt }: Replay, scale: number): Backtest["budget"] => ({
  bad: last.bad / scale,
  total: last.total / scale,
  consumed: last.remaining === null ? null : 1 - last.remaining,
  remaining: last.remaining,
  lowest: lowest === null ? null : { at: endOf(lowest.minute), remaining: lowest.remaining },
  exhaustedAt: exhaustedAt === null ? null : endOf(exhaustedAt),
});

/** Guards count events; shares of slices are counted in parts. */
const compiled = (pairs: readonly BurnRatePair[], objective: Objective, scale: number): CompiledPair[] =>
  pairs.map((pair) =>
    compilePair({ ...pair, minBadLong: pair.minBadLong * scale, minBadShort: pair.minBadShort * scale }, objective),
  );

/** Minutes [from, until) that are judged, and from where on they are read: alerts and the budget look back. */
const spanOf = (ask: BacktestAsk, evaluatedAt: EpochMs, trial: Trial) => {
  const until = minuteOf(epochMs(Math.min(ask.until ?? evaluatedAt, evaluatedAt)));
  const from = minuteOf(ask.from ?? addMs(startOfMinute(until), -DEFAULT_SPAN_MS));
  const longestPair = Math.max(HOUR_MINUTES, ...trial.pairs.map((pair) => Math.ceil(pair.longMs / MINUTE_MS)));
  const warmFrom = (from - longestPair) as EpochMinute;
  const readFrom = (from - Math.max(longestMinutes(trial.window), 2 * longestPair)) as EpochMinute;
  return { from, until, warmFrom, readFrom };
};

/**
 * Plays what is stored of an SLO, with the exclusions in force, under another objective, window, policy or guard, through
 * the functions that the engine judges with, and sets it beside what really happened. Null when no SLO in force has the id, or nothing was evaluated yet.
 * @throws RangeError when the objective is no percentage or the span is empty.
 */
export const backtestSlo = async (
  database: Database,
  ask: BacktestAsk,
  readHours?: ReadHours,
): Promise<Backtest | null> => {
  const found = await database.read(async (db) => {
    const [slo] = await readSlosWithReadings(db, ask.sloId);
    if (slo === undefined || slo.evaluatedAt === null) return null;
    const intervalMs = durationMs(await readSlowestInterval(db, slo.definition.probes));
    const oldest = await readOldestSliHour(db, { sloId: slo.id, version: slo.version });
    return { slo, intervalMs, oldest, evaluatedAt: slo.evaluatedAt };
  });
  if (found === null) return null;
  const { slo } = found;
  const trial = trialOf(ask, slo, found.intervalMs);
  const { from, until, warmFrom, readFrom } = spanOf(ask, found.evaluatedAt, trial);
  if (until <= from) throw new RangeError("the span is empty: it must begin before what was evaluated last");
  const span = { from: hourAt(startOfMinute(readFrom)), until: startOfMinute(until) };
  const key = { sloId: slo.id, version: slo.version, fromAt: span.from, toAt: addMs(span.until, -1) };
  const hours = await (readHours?.(slo, span) ??
    database.read((db) => readSliHours(db, [key]), { deadlineMs: HOURS_DEADLINE_MS }));
  const { past, exclusions } = await database.read(async (db) => ({
    past: await readAlertsWithin(db, { sloId: slo.id, from: startOfMinute(from), until: span.until }),
    exclusions: await readExclusions(db, { endedAfter: span.from }),
  }));
  const through = (until - 1) as EpochMinute;
  const series = countMinutes(hours, { slo, exclusions, until }).events;
  const objective = objectiveOfPercent(trial.objective);
  const scale = slo.definition.sli.kind === "ratio_timeslices" ? PARTS_A_SLICE : 1;
  const pairs = compiled(trial.pairs, objective, scale);
  const replay = replayHistory({ series, objective, window: trial.window, pairs, warmFrom, from, through });
  const alerts = alertsOf(replay);
  return {
    sloId: slo.id,
    from: startOfMinute(from),
    until: span.until,
    oldest: hours[0]?.hourAt ?? found.oldest,
    ...trial,
    alerts,
    past,
    comparison: compareAlerts(alerts, past),
    budget: budgetOf(replay, scale),
  };
};
