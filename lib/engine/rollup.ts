import type { Database, Tx } from "#db/database.ts";
import { countRuns, readDirtyMinutes, readOldestDirtyMinute } from "#db/queries/buckets.ts";
import { ensurePartitions } from "#db/queries/partitions.ts";
import {
  lockClosedUntil,
  readClosedUntil,
  reopenMinutes,
  setClosedUntil,
  startProgress,
} from "#db/queries/rollup-progress.ts";
import { expectedRunsIn } from "#lib/core/bucket.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, minuteOf, SECOND_MS, startOfMinute } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Lease } from "./lease.ts";
import { assertLease } from "./lease.ts";
import { loadHistories } from "./probe-histories.ts";
import { backfillOneSlo } from "./rollup/backfill.ts";
import { packDays } from "./rollup/pack-days.ts";
import { rollLevels } from "./rollup/roll-levels.ts";
import { minutesOf, rollMinutes } from "./rollup/roll-minutes.ts";

/** A minute closes this long after its end even when runs are missing. */
export const GRACE_MS = 10 * SECOND_MS;
/** Batches a call: after a long downtime the evaluation gets its turn in between. */
const MAX_BATCHES = 20;
const MAX_BATCH_MINUTES = 60;
const MAX_BATCH_RUNS = 100_000;
const ROLL_DEADLINE_MS = 10_000;
/** Minutes that may be closed ahead of the clock: engines do not agree to the second, and a clock may be set back a little. */
const MOST_MINUTES_AHEAD = 2;

export type RollupArgs = {
  readonly database: Database;
  readonly lease: Lease;
  readonly now: EpochMs;
  readonly log: Logger;
};

export type RollupResult = {
  /** All minutes before this one are closed; null while nothing has ever run. */
  readonly closedUntil: EpochMinute | null;
  /** How many minutes were closed. */
  readonly closedCount: number;
  /** Closed minutes that changed because runs came in late. */
  readonly rerolled: readonly EpochMinute[];
  /** SLOs whose past was counted anew. */
  readonly backfilled: readonly string[];
  /** Minutes ahead of the clock were opened again: what is known of any minute must be read anew. */
  readonly isReopened: boolean;
  /** True when there is more to do at once. */
  readonly hasMore: boolean;
};

const isMissingPartition = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "23514" && /no partition of relation/.test(error.message);

/** Runs a rollup transaction under the lease; makes missing day partitions and tries once more. */
const inRollup = async <T>(
  { database, lease }: RollupArgs,
  span: { from: EpochMinute; until: EpochMinute },
  work: (tx: Tx, closedUntil: EpochMinute) => Promise<T>,
): Promise<T> => {
  const attempt = (): Promise<T> =>
    database.transaction(
      async (tx) => {
        await assertLease(tx, lease);
        await startProgress(tx, span.from);
        return work(tx, (await lockClosedUntil(tx)) ?? span.from);
      },
      { deadlineMs: ROLL_DEADLINE_MS },
    );
  return attempt().catch(async (error: unknown) => {
    if (!isMissingPartition(error)) throw error;
    const days = { from: startOfMinute(span.from), until: startOfMinute(span.until) };
    await database.transaction((tx) => ensurePartitions(tx, days));
    return attempt();
  });
};

/** What can be closed: by time alone, or one minute more when all that is expected of it has arrived. */
const closableUntil = async ({ database, now }: RollupArgs, closedUntil: EpochMinute) => {
  const byTime = minuteOf(addMs(now, -GRACE_MS));
  const ended = minuteOf(now);
  if (ended <= closedUntil) return { until: closedUntil, batchMinutes: 1 };
  const newest = { from: (ended - 1) as EpochMinute, until: ended };
  return database.read(async (db) => {
    const { byNo, pairs } = await loadHistories(db, newest);
    const expected = [...byNo.values()].reduce((sum, probe) => sum + expectedRunsIn(probe, newest.from), 0);
    const batchMinutes = Math.floor(MAX_BATCH_RUNS / Math.max(expected, pairs.length, 1));
    const limited = Math.min(Math.max(batchMinutes, 1), MAX_BATCH_MINUTES);
    if (byTime >= ended) return { until: ended, batchMinutes: limited };
    const span = { from: startOfMinute(newest.from), until: startOfMinute(ended) };
    const isComplete = (await countRuns(db, { pairs, ...span })) >= expected;
    return { until: isComplete ? ended : byTime, batchMinutes: limited };
  });
};

/** Closes minutes in order. Returns how far, how many, and whether more are due. */
const closeMinutes = async (args: RollupArgs, from: EpochMinute) => {
  const { until, batchMinutes } = await closableUntil(args, from);
  let closedUntil = from;
  for (let batch = 0; batch < MAX_BATCHES && closedUntil < until; batch += 1) {
    const next = Math.min(closedUntil + batchMinutes, until) as EpochMinute;
    const span = { from: closedUntil, until: next };
    closedUntil = await inRollup(args, span, async (tx, stored) => {
      // Somebody else closed minutes meanwhile: begin anew from there.
      if (stored !== span.from) return stored;
      await rollMinutes(tx, { minutes: minutesOf(span), closedUntil: stored, now: args.now });
      await setClosedUntil(tx, next);
      return next;
    });
  }
  return { closedUntil, closedCount: Math.max(0, closedUntil - from), hasMore: closedUntil < until };
};

/**
 * Minutes that were closed by a clock that was ahead would stay without runs, and alerts without a minute to be judged at,
 * until the time comes. They are opened again once the clock is back. Returns from where.
 */
const reopenAhead = async (args: RollupArgs, closedUntil: EpochMinute): Promise<EpochMinute> => {
  const ended = minuteOf(args.now);
  if (closedUntil <= ended + MOST_MINUTES_AHEAD) return closedUntil;
  await inRollup(args, { from: ended, until: ended }, async (tx, stored) => {
    if (stored > ended + MOST_MINUTES_AHEAD) await reopenMinutes(tx, ended);
  });
  args.log.warn({ minutes: closedUntil - ended }, "minutes were closed by a clock that was ahead; they are open again");
  return ended;
};

/** Rolls closed minutes with late runs up again, oldest first. */
const rerollMinutes = async (args: RollupArgs, closedUntil: EpochMinute) => {
  const rerolled: EpochMinute[] = [];
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const minutes = await args.database.read((db) => readDirtyMinutes(db, closedUntil, MAX_BATCH_MINUTES));
    const [first, last] = [minutes[0], minutes.at(-1)];
    if (first === undefined || last === undefined) return { rerolled, hasMore: false };
    const span = { from: first, until: (last + 1) as EpochMinute };
    await inRollup(args, span, (tx, stored) =>
      rollMinutes(tx, { minutes: minutes.filter((minute) => minute < stored), closedUntil: stored, now: args.now }),
    );
    rerolled.push(...minutes);
  }
  return { rerolled, hasMore: true };
};

/**
 * One round of the rollup: closes the minutes that are due in order, rolls up closed minutes with late runs again,
 * makes the hours and days above them, counts the past of one SLO with a new definition, and packs days of SLOs that are
 * over. Every write is under the lease and may be repeated at will; after an error call it again, and have the evaluator read everything anew, since a part may be committed.
 * @throws AppError LEASE_LOST, DATABASE_TIMEOUT, DATABASE_UNREACHABLE.
 */
export const runRollupOnce = async (args: RollupArgs): Promise<RollupResult> => {
  const { database, lease, now, log } = args;
  const stored = await database.read(readClosedUntil);
  const from = stored ?? (await database.read(readOldestDirtyMinute));
  if (from === null)
    return { closedUntil: null, closedCount: 0, rerolled: [], backfilled: [], isReopened: false, hasMore: false };
  const opened = stored === null ? from : await reopenAhead(args, from);
  const closing = await closeMinutes(args, opened);
  const { closedUntil, closedCount } = closing;
  const again = await rerollMinutes(args, closedUntil);
  const levels = await rollLevels({ database, lease, closedUntil });
  const backfilled = await backfillOneSlo({ database, lease, closedUntil, now });
  const packing = await packDays({ database, lease, closedUntil });
  if (closedCount > 1) log.info({ closedCount }, "several minutes were closed at once: the rollup caught up");
  if (again.rerolled.length > 0)
    log.debug({ count: again.rerolled.length }, "minutes with late runs were rolled up again");
  if (backfilled !== null) log.info({ slo: backfilled }, "the past of an SLO was counted");
  return {
    closedUntil,
    closedCount,
    rerolled: again.rerolled,
    backfilled: backfilled === null ? [] : [backfilled],
    isReopened: opened !== from,
    hasMore: closing.hasMore || again.hasMore || levels.hasMore || backfilled !== null || packing.hasMore,
  };
};
