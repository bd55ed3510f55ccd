import type { Database } from "#db/database.ts";
import { ensurePartitions } from "#db/queries/partitions.ts";
import type { PartRow } from "#db/queries/parts.ts";
import { insertPartRuns } from "#db/queries/parts.ts";
import type { InsertCounts, RunRow } from "#db/queries/runs.ts";
import { insertNewRuns, insertRuns, noteFirstRuns, readNumbers } from "#db/queries/runs.ts";
import type { Run } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, SECOND_MS } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter } from "#lib/runtime/metrics.ts";
import { partRowsOf, runRowOf } from "./run-row.ts";

/** A location's clock may run ahead by this much; faults.md, F35. */
const MOST_AHEAD_MS = 60 * SECOND_MS;
/** Raw runs are kept for at least this long; older ones would be dropped on the next day. */
const OLDEST_MS = 35 * DAY_MS;

/** What a process remembers between batches; one a process. Unknown ids are looked up again in each batch. */
export type IngestCache = {
  readonly probes: Map<string, number>;
  readonly locations: Map<string, number>;
  /** The earliest run known to be noted, by `probe number:location number`. */
  readonly firstRuns: Map<string, EpochMs>;
};

/** What one process remembers between batches of runs, so that most of them ask for nothing. */
export const createIngestCache = (): IngestCache => ({ probes: new Map(), locations: new Map(), firstRuns: new Map() });

export type IngestResult = {
  readonly inserted: number;
  readonly duplicates: number;
  readonly late: number;
  readonly refused: number;
};

type RefusalReason = "future" | "too_old" | "unknown_probe" | "unknown_location";

const refusedTotal = () =>
  counter({
    name: "nines_runs_refused_total",
    help: "Runs that were not stored because they cannot be true, by reason.",
    labels: ["reason"],
  });

const lookUpUnknown = async (database: Database, runs: readonly Run[], cache: IngestCache): Promise<void> => {
  const unknown = (ids: Iterable<string>, known: Map<string, number>): string[] =>
    [...new Set(ids)].filter((id) => !known.has(id));
  const probeIds = unknown(
    runs.map((run) => run.probeId),
    cache.probes,
  );
  const locationIds = unknown(
    runs.map((run) => run.locationId),
    cache.locations,
  );
  if (probeIds.length === 0 && locationIds.length === 0) return;
  const found = await database.read((db) => readNumbers(db, { probeIds, locationIds }));
  for (const [id, no] of found.probes) cache.probes.set(id, no);
  for (const [id, no] of found.locations) cache.locations.set(id, no);
};

const judge = (run: Run, now: EpochMs, cache: IngestCache): RunRow | RefusalReason => {
  if (!(run.scheduledAt <= now + MOST_AHEAD_MS)) return "future";
  if (run.scheduledAt < now - OLDEST_MS) return "too_old";
  const probeNo = cache.probes.get(run.probeId);
  if (probeNo === undefined) return "unknown_probe";
  const locationNo = cache.locations.get(run.locationId);
  return locationNo === undefined ? "unknown_location" : runRowOf(run, { probeNo, locationNo });
};

/** All writers lock rows in one order, so that a batch and its own late replay cannot block each other for good. */
const inLockOrder = (rows: RunRow[]): RunRow[] =>
  rows.sort((a, b) => a.scheduledAt - b.scheduledAt || a.probeNo - b.probeNo || a.locationNo - b.locationNo);

const sortOut = (runs: readonly Run[], now: EpochMs, cache: IngestCache) => {
  const rows: RunRow[] = [];
  const parts: PartRow[] = [];
  const refusals = new Map<RefusalReason, { count: number; example: string }>();
  for (const run of runs) {
    const verdict = judge(run, now, cache);
    if (typeof verdict === "object") {
      rows.push(verdict);
      const { probeNo, locationNo } = verdict;
      parts.push(...partRowsOf(run, { probeNo, locationNo }));
      continue;
    }
    const seen = refusals.get(verdict);
    refusals.set(verdict, {
      count: (seen?.count ?? 0) + 1,
      example: seen?.example ?? `${run.probeId}@${run.locationId}`,
    });
  }
  return { batch: { rows: inLockOrder(rows), parts }, refusals };
};

/** The first runs of a batch that are not noted yet, earliest for each probe and location. Rows come in order of time. */
const firstRunsOf = (rows: readonly RunRow[], cache: IngestCache) => {
  const firsts = new Map<string, { probeNo: number; locationNo: number; firstScheduledAt: EpochMs }>();
  for (const { probeNo, locationNo, scheduledAt } of rows) {
    const key = `${probeNo}:${locationNo}`;
    const noted = cache.firstRuns.get(key);
    if (firsts.has(key) || (noted !== undefined && noted <= scheduledAt)) continue;
    firsts.set(key, { probeNo, locationNo, firstScheduledAt: scheduledAt });
  }
  return firsts;
};

const hasCode = (error: unknown, code: string): error is Error =>
  error instanceof Error && "code" in error && error.code === code;

const isMissingPartition = (error: unknown): boolean =>
  hasCode(error, "23514") && /no partition of relation/.test(error.message);
const isReplay = (error: unknown): boolean => hasCode(error, "23505");

type Batch = { readonly rows: readonly RunRow[]; readonly parts: readonly PartRow[] };

const storeBy = async (
  insert: typeof insertRuns,
  database: Database,
  { rows, parts }: Batch,
  now: EpochMs,
  cache: IngestCache,
): Promise<InsertCounts> => {
  const firsts = firstRunsOf(rows, cache);
  const counts = await database.transaction(async (tx) => {
    const written = await insert(tx, { rows, ingestedAt: now });
    if (firsts.size > 0) await noteFirstRuns(tx, [...firsts.values()]);
    await insertPartRuns(tx, parts);
    return written;
  });
  for (const [key, first] of firsts) cache.firstRuns.set(key, first.firstScheduledAt);
  return counts;
};

/** Takes it that all are new; when one is not, that attempt left nothing, and each is asked about. */
const store = (database: Database, batch: Batch, now: EpochMs, cache: IngestCache): Promise<InsertCounts> =>
  storeBy(insertNewRuns, database, batch, now, cache).catch((error: unknown) => {
    if (!isReplay(error)) throw error;
    return storeBy(insertRuns, database, batch, now, cache);
  });

/**
 * Stores runs, each at most once by probe, location and scheduled instant; a replay is no change. In one transaction with
 * them it stores what they saw of their parts and marks their minutes for the rollup. Refused, counted and logged, while
 * the rest is stored: runs of unknown probes or locations, more than 60 s in the future, or over 35 days old. `late` counts
 * new runs of closed minutes. A missing day partition is made once. `cache` is one object a process; without it each call
 * looks everything up.
 * @throws AppError DATABASE_TIMEOUT or DATABASE_UNREACHABLE: the batch may or may not be stored; send it again.
 */
export const ingestRuns = async (
  database: Database,
  args: { runs: readonly Run[]; now: EpochMs; cache?: IngestCache; log?: Logger },
): Promise<IngestResult> => {
  const { runs, now, log, cache = createIngestCache() } = args;
  if (runs.length === 0) return { inserted: 0, duplicates: 0, late: 0, refused: 0 };
  await lookUpUnknown(database, runs, cache);
  const { batch, refusals } = sortOut(runs, now, cache);
  const { rows } = batch;
  for (const [reason, { count, example }] of refusals) {
    refusedTotal().inc({ reason }, count);
    log?.warn({ reason, count, example }, "runs were refused");
  }
  const refused = runs.length - rows.length;
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return { inserted: 0, duplicates: 0, late: 0, refused };
  const counts = await store(database, batch, now, cache).catch(async (error: unknown) => {
    if (!isMissingPartition(error)) throw error;
    const span = { from: first.scheduledAt, until: addMs(epochMs(last.scheduledAt), 1) };
    await database.transaction((tx) => ensurePartitions(tx, span));
    return store(database, batch, now, cache);
  });
  return { ...counts, duplicates: rows.length - counts.inserted, refused };
};
