import type { Database, Tx } from "#db/database.ts";
import type { AlertEpisode } from "#db/queries/alerts.ts";
import { readFiringEpisodes, setAlertHasData } from "#db/queries/alerts.ts";
import { readConfigVersion } from "#db/queries/config.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import type { SliHour } from "#db/queries/sli-hours.ts";
import { readSliHours, readStartedSlos } from "#db/queries/sli-hours.ts";
import { lockEvaluationMarks, upsertReadings } from "#db/queries/slo-readings.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { BlockPool } from "#lib/core/slo/series.ts";
import { createBlockPool } from "#lib/core/slo/series.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, HOUR_MS } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { recordOutcome, recordRemoval, staleError } from "./alert-changes.ts";
import type { Lease } from "./lease.ts";
import { assertLease } from "./lease.ts";
import { loadTracks } from "./load-tracks.ts";
import type { Evaluation, SloTrack } from "./slo-track.ts";
import { CHUNK_MINUTES, evaluateTrack, loadHours, nextMinuteOf } from "./slo-track.ts";
import { hourAtOf } from "./slot-hours.ts";

/** Reading the past of many SLOs takes longer than a hot query; faults.md allows a takeover 10 s. */
const LOAD_DEADLINE_MS = 20_000;
/** SLOs a query: a round of many SLOs must not hold one connection for long. */
const LOAD_BATCH = 200;
const COMMIT_DEADLINE_MS = 10_000;

export type EvaluateResult = {
  /** SLOs that have a new reading. */
  readonly evaluated: number;
  readonly fired: number;
  readonly resolved: number;
  /** True when there is more to do at once. */
  readonly hasMore: boolean;
};

export type Evaluator = {
  /**
   * Evaluates every closed minute that was not evaluated yet, in order, and the newest one again when minutes in
   * `rerolled` changed. Call it after each rollup with what that returned, and `forget` when the rollup failed.
   * After an error the next call reads everything anew. @throws AppError LEASE_LOST; errors of the database.
   */
  readonly runEvaluateOnce: (lease: Lease, changes: { rerolled: readonly EpochMinute[] }) => Promise<EvaluateResult>;
  /** Drops what is held in memory; the next call reads it from the database. */
  readonly forget: () => void;
};

type Memory = {
  readonly token: bigint;
  readonly configVersion: bigint;
  readonly tracks: Map<string, SloTrack>;
  /** The definition that was evaluated last, by SLO. */
  readonly versions: ReadonlyMap<string, number>;
  /** Firing alerts whose pair or SLO left the configuration. */
  orphans: readonly AlertEpisode[];
};

const IDLE: EvaluateResult = { evaluated: 0, fired: 0, resolved: 0, hasMore: false };

/** Firing alerts that no pair in force stands behind. */
const findOrphans = async (database: Database, tracks: ReadonlyMap<string, SloTrack>): Promise<AlertEpisode[]> => {
  const firing = await database.read(readFiringEpisodes);
  return firing.filter((episode) => {
    const pairs = tracks.get(episode.sloId)?.slo.definition.burnRateAlerts ?? [];
    return !pairs.some((pair) => pair.id === episode.pairId);
  });
};

/** Marks the SLOs that have hours by now: the others wait for their first run or for their past. */
const noteStarted = async (database: Database, tracks: Iterable<SloTrack>): Promise<void> => {
  const waiting = [...tracks].filter((track) => !track.isStarted);
  if (waiting.length === 0) return;
  const keys = waiting.map(({ slo }) => ({ sloId: slo.id, version: slo.version }));
  const started = await database.read((db) => readStartedSlos(db, keys));
  for (const track of waiting) track.isStarted = started.has(track.slo.id);
};

/** Up to where a track is read and evaluated in this round. */
const chunkEnd = (track: SloTrack, newest: EpochMinute): EpochMinute =>
  Math.min(newest, nextMinuteOf(track) + CHUNK_MINUTES - 1) as EpochMinute;

/** Reads what the tracks do not hold yet, and the hours that changed. Returns the tracks that have anything new. */
const loadMinutes = async (
  database: Database,
  tracks: readonly SloTrack[],
  newest: EpochMinute,
  changedHours: ReadonlySet<EpochMs>,
): Promise<SloTrack[]> => {
  const asks = tracks.flatMap((track) => {
    const key = { sloId: track.slo.id, version: track.slo.version };
    const end = chunkEnd(track, newest);
    const retained = (track.series.capacityHours - 1) * HOUR_MS;
    const from = track.loadedThrough === null ? epochMs(hourAtOf(end) - retained) : hourAtOf(track.loadedThrough);
    const again = [...changedHours].filter((hourAt) => hourAt < from && hourAt >= hourAtOf(end) - retained);
    return [
      { ...key, fromAt: from, toAt: hourAtOf(end) },
      ...(track.loadedThrough === null ? [] : again.map((hourAt) => ({ ...key, fromAt: hourAt, toAt: hourAt }))),
    ];
  });
  const hours = new Map<string, SliHour[]>();
  for (let start = 0; start < asks.length; start += LOAD_BATCH) {
    const batch = asks.slice(start, start + LOAD_BATCH);
    for (const hour of await database.read((db) => readSliHours(db, batch), { deadlineMs: LOAD_DEADLINE_MS })) {
      const known = hours.get(hour.sloId);
      if (known === undefined) hours.set(hour.sloId, [hour]);
      else known.push(hour);
    }
  }
  return tracks.filter((track) => {
    const end = chunkEnd(track, newest);
    return loadHours(track, hours.get(track.slo.id) ?? [], end, changedHours) || nextMinuteOf(track) <= newest;
  });
};

/** Refuses to write over what another evaluator wrote. */
const assertUnchanged = async (tx: Tx, evaluations: readonly Evaluation[]): Promise<void> => {
  const marks = await lockEvaluationMarks(
    tx,
    evaluations.map(({ track }) => track.slo.id),
  );
  const through = new Map(marks.map((mark) => [mark.sloId, mark.through]));
  for (const { track } of evaluations) {
    if ((through.get(track.slo.id) ?? null) !== track.through) throw staleError();
  }
};

/** Alerts that lost or regained their data without a transition. */
const recordDataMarks = async (tx: Tx, { track, alerts }: Evaluation): Promise<void> => {
  for (const [pairId, state] of alerts) {
    const before = track.alerts.get(pairId);
    if (state.kind !== "firing") continue;
    const hadData = before?.kind === "firing" && before.number === state.number ? before.hasData : true;
    if (hadData !== state.hasData) {
      await setAlertHasData(tx, { sloId: track.slo.id, pairId, number: state.number }, state.hasData);
    }
  }
};

const countTransitions = (evaluations: readonly Evaluation[], kind: "fired" | "resolved"): number =>
  evaluations
    .flatMap(({ outcomes }) => outcomes.flatMap((outcome) => outcome.transitions))
    .filter(({ transition }) => transition.kind === kind).length;

/** Writes a round in one transaction under the lease: removals, readings, alerts and their events. */
const commitRound = async (
  deps: { database: Database; lease: Lease; now: EpochMs },
  memory: Memory,
  newest: EpochMinute,
  evaluations: readonly Evaluation[],
): Promise<void> => {
  const { database, lease, now } = deps;
  const work = async (tx: Tx): Promise<void> => {
    await assertLease(tx, lease);
    await assertUnchanged(tx, evaluations);
    for (const episode of memory.orphans) {
      const version = memory.versions.get(episode.sloId) ?? null;
      await recordRemoval(tx, { episode, version, minute: newest, now });
    }
    await upsertReadings(
      tx,
      evaluations.map(({ track, through, reading }) => ({
        sloId: track.slo.id,
        version: track.slo.version,
        through,
        reading,
      })),
      now,
    );
    const outcomes = evaluations.flatMap(({ track, outcomes: own }) => own.map((outcome) => ({ track, outcome })));
    outcomes.sort((a, b) => a.outcome.minute - b.outcome.minute);
    for (const { track, outcome } of outcomes) await recordOutcome(tx, track, outcome, now);
    for (const evaluation of evaluations) await recordDataMarks(tx, evaluation);
  };
  await database.transaction(work, { deadlineMs: COMMIT_DEADLINE_MS });
};

type Deps = { readonly database: Database; readonly clock: Pick<Clock, "now">; readonly log: Logger };

/** What an evaluator remembers between rounds; `memory` is null when it has to be read anew. */
type EvaluatorState = {
  readonly pool: BlockPool;
  memory: Memory | null;
  /** Minutes that were rolled up again since the last round that was committed. */
  changed: Set<EpochMinute>;
};

/** What is in memory if it still stands, else read anew; a new configuration keeps the SLOs that did not change. */
const recall = async ({ database, log }: Deps, state: EvaluatorState, lease: Lease): Promise<Memory> => {
  const { memory, pool } = state;
  const configVersion = await database.read(readConfigVersion);
  if (memory !== null && memory.token === lease.token && memory.configVersion === configVersion) return memory;
  const kept = memory !== null && memory.token === lease.token ? memory.tracks : new Map<string, SloTrack>();
  const { tracks, versions } = await loadTracks({ database, pool, kept, deadlineMs: LOAD_DEADLINE_MS, log });
  const orphans = await findOrphans(database, tracks);
  state.memory = { token: lease.token, configVersion, tracks, versions, orphans };
  return state.memory;
};

/** One round: read what is new, judge it, commit it, and only then take it for granted. */
const runRound = async (deps: Deps, state: EvaluatorState, lease: Lease): Promise<EvaluateResult> => {
  const { database, clock } = deps;
  const closedUntil = await database.read(readClosedUntil);
  if (closedUntil === null) return IDLE;
  const newest = (closedUntil - 1) as EpochMinute;
  const held = await recall(deps, state, lease);
  await noteStarted(database, held.tracks.values());
  const { changed } = state;
  const isDue = (track: SloTrack): boolean =>
    track.isStarted && (nextMinuteOf(track) <= newest || (changed.size > 0 && track.through === newest));
  const due = [...held.tracks.values()].filter(isDue);
  if (due.length === 0 && held.orphans.length === 0) return IDLE;
  const fresh = await loadMinutes(database, due, newest, new Set([...changed].map(hourAtOf)));
  const evaluations = fresh.map((track) => evaluateTrack(track, chunkEnd(track, newest)));
  await commitRound({ database, lease, now: clock.now() }, held, newest, evaluations);
  for (const { track, through, alerts } of evaluations) {
    track.through = through;
    track.alerts = alerts;
    track.isPolicyNew = false;
  }
  const removed = held.orphans.length;
  held.orphans = [];
  state.changed = new Set();
  return {
    evaluated: evaluations.length,
    fired: countTransitions(evaluations, "fired"),
    resolved: countTransitions(evaluations, "resolved") + removed,
    hasMore: evaluations.some(({ through }) => through < newest),
  };
};

/** Makes the evaluator of an engine. It holds the minutes of every SLO in memory; the database stays the truth. */
export const createEvaluator = (deps: Deps): Evaluator => {
  const state: EvaluatorState = { pool: createBlockPool(), memory: null, changed: new Set() };
  const forget = (): void => {
    state.memory = null;
    state.changed = new Set();
  };
  return {
    forget,
    runEvaluateOnce: async (lease, { rerolled }) => {
      for (const minute of rerolled) state.changed.add(minute);
      try {
        return await runRound(deps, state, lease);
      } catch (error) {
        // What was committed is not known: begin anew from the database.
        forget();
        if (errorCodeOf(error) !== "CONFLICT") throw error;
        deps.log.info({}, "another evaluator was here meanwhile; reading everything anew");
        return { ...IDLE, hasMore: true };
      }
    },
  };
};
