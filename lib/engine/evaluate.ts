import type { Database } from "#db/database.ts";
import type { AlertEpisode } from "#db/queries/alerts.ts";
import { readFiringEpisodes } from "#db/queries/alerts.ts";
import { readConfigVersion } from "#db/queries/config.ts";
import { readExclusionRevision, readExclusions } from "#db/queries/exclusions.ts";
import { readClosedUntil } from "#db/queries/rollup-progress.ts";
import { readStartedSlos } from "#db/queries/sli-hours.ts";
import { spansOfSlo } from "#db/queries/slo-minutes.ts";
import { errorCodeOf } from "#lib/core/errors.ts";
import type { BlockPool } from "#lib/core/slo/series.ts";
import { createBlockPool } from "#lib/core/slo/series.ts";
import { setSpans } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { startOfMinute } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { commitRound, countTransitions } from "./evaluate/commit-evaluations.ts";
import type { Waits } from "./evaluate/held-tracks.ts";
import { isPromqlTrack, readReaches } from "./evaluate/held-tracks.ts";
import type { Load } from "./evaluate/load-minutes.ts";
import { LOAD_DEADLINE_MS, loadMinutes, reloadHours } from "./evaluate/load-minutes.ts";
import { loadTracks } from "./evaluate/load-tracks.ts";
import type { Evaluation, SloTrack } from "./evaluate/slo-track.ts";
import { CHUNK_MINUTES, evaluateTrack, nextMinuteOf } from "./evaluate/slo-track.ts";
import type { Lease } from "./lease.ts";
import { hourAtOf } from "./rollup/slot-hours.ts";

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
   * `rerolled` (or, of PromQL SLOs, in `polled`) changed. Call it after each rollup with what that returned, and `forget`
   * when the rollup failed. Minutes of PromQL SLOs wait for their source, see `readReaches`.
   * After an error the next call reads everything anew. @throws AppError LEASE_LOST; errors of the database.
   */
  readonly runEvaluateOnce: (
    lease: Lease,
    changes: { readonly rerolled: readonly EpochMinute[]; readonly polled?: readonly EpochMinute[] },
  ) => Promise<EvaluateResult>;
  /** Drops what is held in memory; the next call reads it from the database. */
  readonly forget: () => void;
};

type Memory = {
  readonly token: bigint;
  readonly configVersion: bigint;
  readonly tracks: Map<string, SloTrack>;
  /** Firing alerts whose pair or SLO left the configuration. */
  orphans: readonly AlertEpisode[];
  /** Which exclusions are in force in `tracks`; null before they were read. */
  exclusionRevision: string | null;
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
const chunkEnd = (track: SloTrack, reach: EpochMinute): EpochMinute =>
  Math.min(reach, nextMinuteOf(track) + CHUNK_MINUTES - 1) as EpochMinute;

type Deps = { readonly database: Database; readonly clock: Pick<Clock, "now">; readonly log: Logger };

/** What an evaluator remembers between rounds; `memory` is null when it has to be read anew. */
type EvaluatorState = {
  readonly pool: BlockPool;
  memory: Memory | null;
  /** Minutes that were rolled up again since they were read. */
  changed: Set<EpochMinute>;
  /** Minutes that another system counted since they were read. */
  polled: Set<EpochMinute>;
  readonly waits: Waits;
};

/** What is in memory if it still stands, else read anew; a new configuration keeps the SLOs that did not change. */
const recall = async ({ database, log }: Deps, state: EvaluatorState, lease: Lease): Promise<Memory> => {
  const { memory, pool } = state;
  const configVersion = await database.read(readConfigVersion);
  if (memory !== null && memory.token === lease.token && memory.configVersion === configVersion) return memory;
  const kept = memory !== null && memory.token === lease.token ? memory.tracks : new Map<string, SloTrack>();
  const tracks = await loadTracks({ database, pool, kept, deadlineMs: LOAD_DEADLINE_MS, log });
  const orphans = await findOrphans(database, tracks);
  // A new definition may treat exclusions in another way, so they are put in force anew.
  state.memory = { token: lease.token, configVersion, tracks, orphans, exclusionRevision: null };
  return state.memory;
};

/** Puts added, approved and revoked exclusions in force. Returns the tracks whose known minutes count differently now. */
const refreshExclusions = async (database: Database, memory: Memory, newest: EpochMinute): Promise<Set<SloTrack>> => {
  const changed = new Set<SloTrack>();
  const revision = await database.read(readExclusionRevision);
  if (revision === memory.exclusionRevision) return changed;
  let oldest = newest;
  for (const { minutes } of memory.tracks.values()) {
    oldest = Math.min(oldest, newest - minutes.retainMinutes - CHUNK_MINUTES) as EpochMinute;
  }
  const rows = await database.read((db) => readExclusions(db, { endedAfter: startOfMinute(oldest) }));
  for (const track of memory.tracks.values()) {
    if (setSpans(track.minutes, spansOfSlo(track.slo, rows), track.loadedThrough)) changed.add(track);
  }
  memory.exclusionRevision = revision;
  return changed;
};

/** Reads anew what changed after it was read. Returns the tracks whose counts differ. */
const reloadChanged = async (
  database: Database,
  state: EvaluatorState,
  started: readonly SloTrack[],
): Promise<Set<SloTrack>> => {
  const rerolled = new Set([...state.changed].map(hourAtOf));
  const counted = new Set([...rerolled, ...[...state.polled].map(hourAtOf)]);
  const ofProbes = await reloadHours(
    database,
    started.filter((track) => !isPromqlTrack(track)),
    rerolled,
  );
  return new Set([...ofProbes, ...(await reloadHours(database, started.filter(isPromqlTrack), counted))]);
};

type Judged = { readonly evaluations: Evaluation[]; readonly hasMore: boolean };

/** Judges what is due: minutes that were not judged yet, and the newest one again where something before it changed. */
const evaluateDue = async (
  { database, clock }: Deps,
  state: EvaluatorState,
  memory: Memory,
  newest: EpochMinute,
): Promise<Judged> => {
  const corrected = await refreshExclusions(database, memory, newest);
  const started = [...memory.tracks.values()].filter((track) => track.isStarted);
  const late = await reloadChanged(database, state, started);
  const reachOf = await readReaches(database, { tracks: started, waits: state.waits, newest, now: clock.now() });
  const loads: Load[] = [];
  let hasMore = false;
  for (const track of started) {
    const reach = reachOf(track);
    const next = nextMinuteOf(track);
    // Something before the newest judged minute changed: that one is judged again.
    const isAgain = track.through !== null && (late.has(track) || corrected.has(track));
    if (reach !== null && next <= reach) {
      const end = chunkEnd(track, reach);
      hasMore ||= end < reach;
      loads.push({ track, end });
    } else if (isAgain && track.through !== null) loads.push({ track, end: track.through });
  }
  const ends = new Map(loads.map(({ track, end }) => [track, end]));
  const evaluations: Evaluation[] = [];
  // One SLO after the other, so that each is judged while its minutes are in the processor's cache.
  await loadMinutes(database, loads, (track) => {
    evaluations.push(evaluateTrack(track, ends.get(track) ?? newest));
  });
  return { evaluations, hasMore };
};

/** One round: read what is new, judge it, commit it, and only then take it for granted. */
const runRound = async (deps: Deps, state: EvaluatorState, lease: Lease): Promise<EvaluateResult> => {
  const { database, clock } = deps;
  const closedUntil = await database.read(readClosedUntil);
  if (closedUntil === null) return IDLE;
  const newest = (closedUntil - 1) as EpochMinute;
  const held = await recall(deps, state, lease);
  await noteStarted(database, held.tracks.values());
  const { evaluations, hasMore } = await evaluateDue(deps, state, held, newest);
  state.changed = new Set();
  state.polled = new Set();
  const { orphans } = held;
  if (evaluations.length === 0 && orphans.length === 0) return IDLE;
  await commitRound({ database, lease, now: clock.now(), newest, evaluations, orphans });
  for (const { track, through, alerts } of evaluations) {
    track.through = through;
    track.alerts = alerts;
    track.isPolicyNew = false;
  }
  held.orphans = [];
  return {
    evaluated: evaluations.length,
    fired: countTransitions(evaluations, "fired"),
    resolved: countTransitions(evaluations, "resolved") + orphans.length,
    hasMore,
  };
};

/** Makes the evaluator of an engine. It holds the minutes of every SLO in memory; the database stays the truth. */
export const createEvaluator = (deps: Deps): Evaluator => {
  const state: EvaluatorState = {
    pool: createBlockPool(),
    memory: null,
    changed: new Set(),
    polled: new Set(),
    waits: new Map(),
  };
  const forget = (): void => {
    state.memory = null;
    state.changed = new Set();
    state.polled = new Set();
  };
  return {
    forget,
    runEvaluateOnce: async (lease, { rerolled, polled = [] }) => {
      for (const minute of rerolled) state.changed.add(minute);
      for (const minute of polled) state.polled.add(minute);
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
