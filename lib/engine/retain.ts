import type { Database, Db } from "#db/database.ts";
import { deleteMarkedHoursBefore } from "#db/queries/bucket-levels.ts";
import { deleteReferenceRunsBefore } from "#db/queries/eyesight.ts";
import { deleteHearingBefore, deleteOldPings } from "#db/queries/heartbeats.ts";
import { deleteOldAnswers } from "#db/queries/idempotency.ts";
import {
  dropPartitionsBefore,
  ensurePartitions,
  listLooseKeys,
  listPartitions,
  packKey,
} from "#db/queries/partitions.ts";
import { deletePartRunsBefore, deleteSilentParts } from "#db/queries/parts.ts";
import {
  deleteBucketLevelsBefore,
  deleteDeliveriesBefore,
  deleteDirtyMinutesBefore,
  deleteEndedAccess,
  deleteEventsBefore,
  deleteSliHoursBefore,
  limitLockWait,
  readLongestSloWindowMs,
} from "#db/queries/retention.ts";
import { deleteCorrectionsBefore } from "#db/queries/sli-corrections.ts";
import { deleteSliDaysBefore } from "#db/queries/sli-days.ts";
import { deleteTriesBefore } from "#db/queries/tries.ts";
import { SESSION_IDLE_MS } from "#lib/commands/sessions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { Lease } from "./lease.ts";
import { assertLease } from "./lease.ts";

/** Partitions exist from yesterday to three days ahead, so that an engine may be away over a weekend. */
const DAYS_AHEAD = 3;
/** design.md, "Growth": the longest SLO window and a week, at least 35 days. */
const SHORTEST_RAW_MS = 35 * DAY_MS;
const BEYOND_WINDOW_MS = 7 * DAY_MS;
/** R41: the transmission history. */
const HISTORY_MS = 30 * DAY_MS;
/** Reference runs are accepted for as long; what was concluded from them stays. */
const REFERENCE_RUNS_MS = 7 * DAY_MS;
/** Pings of each heartbeat that stay for reading; runs were made of the older ones. */
const PINGS_KEPT = 100;
/** Longer than a yearly beat with its grace is waited for. */
const HEARING_MS = 400 * DAY_MS;
const SLI_HOURS_MS = 731 * DAY_MS;
const RED_HOURS_MS = 731 * DAY_MS;
const RED_DAYS_MS = 3_653 * DAY_MS;
/** What ended stays visible for a day. */
const ENDED_ACCESS_MS = DAY_MS;
const BATCH = 1_000;
const MOST_BATCHES = 50;
const LOCK_WAIT_MS = 1_000;
const STEP_DEADLINE_MS = 10_000;

const dayStart = (at: EpochMs): EpochMs => epochMs(Math.floor(at / DAY_MS) * DAY_MS);

export type RetainResult = {
  /** Start of the oldest day that is kept. */
  readonly rawSince: EpochMs;
  readonly deliveries: number;
  readonly events: number;
  readonly links: number;
  readonly sessions: number;
  readonly sliHours: number;
};

/** Repeats a bounded delete until it finds nothing more; what remains waits for the next round. */
const inBatches = async (deleteSome: () => Promise<number>): Promise<number> => {
  let deleted = 0;
  for (let round = 0; round < MOST_BATCHES; round += 1) {
    const count = await deleteSome();
    deleted += count;
    if (count < BATCH) break;
  }
  return deleted;
};

type Guarded = <T>(work: (tx: Db) => Promise<T>) => Promise<T>;

/** Drops the days that no window needs, each in its own short transaction, because a drop keeps writers waiting. */
const dropOldDays = async (guarded: Guarded, now: EpochMs): Promise<EpochMs> => {
  const { since, days } = await guarded(async (tx) => {
    const keepMs = Math.max(SHORTEST_RAW_MS, (await readLongestSloWindowMs(tx)) + BEYOND_WINDOW_MS);
    const since = dayStart(addMs(now, -keepMs));
    await deleteDirtyMinutesBefore(tx, since);
    await deleteMarkedHoursBefore(tx, since);
    const old = (await listPartitions(tx)).filter((partition) => partition.from < since);
    return { since, days: new Set(old.map((partition) => partition.from)) };
  });
  for (const day of days) await guarded((tx) => dropPartitionsBefore(tx, addMs(day, DAY_MS)));
  return since;
};

/** A day is packed when another one lies behind it: late runs are few by then. */
const packOldDays = async (guarded: Guarded, today: EpochMs): Promise<number> => {
  const keys = await guarded((tx) => listLooseKeys(tx, addMs(today, -DAY_MS)));
  for (const name of keys) await guarded((tx) => packKey(tx, name));
  return keys.length;
};

/**
 * One round of housekeeping under the leader's lease: makes the partitions of the coming days, drops days of raw runs and
 * minute buckets that no SLO window needs any more, packs the keys of days that are over, and deletes history that is over its age: finished deliveries with
 * their attempts and events after 30 days (waiting deliveries never), ended sign-in links and sessions after a day,
 * packed SLO minutes and RED hours after two years, RED days after ten, judged pings but the newest 100 of a heartbeat. Every step is a transaction of its own and may be repeated.
 * @throws AppError LEASE_LOST, DATABASE_TIMEOUT, DATABASE_UNREACHABLE
 */
export const runRetainOnce = async (args: {
  database: Database;
  lease: Lease;
  now: EpochMs;
  log: Logger;
}): Promise<RetainResult> => {
  const { database, lease, now, log } = args;
  const guarded: Guarded = (work) =>
    database.transaction(
      async (tx) => {
        await assertLease(tx, lease);
        await limitLockWait(tx, LOCK_WAIT_MS);
        return work(tx);
      },
      { deadlineMs: STEP_DEADLINE_MS },
    );

  const today = dayStart(now);
  await guarded((tx) =>
    ensurePartitions(tx, { from: addMs(today, -DAY_MS), until: addMs(today, (DAYS_AHEAD + 1) * DAY_MS) }),
  );
  const rawSince = await dropOldDays(guarded, now);
  const packed = await packOldDays(guarded, today);
  const before = addMs(now, -HISTORY_MS);
  const deliveries = await inBatches(() => guarded((tx) => deleteDeliveriesBefore(tx, { before, limit: BATCH })));
  const events = await inBatches(() => guarded((tx) => deleteEventsBefore(tx, { before, limit: BATCH })));
  const sliHours = await inBatches(() =>
    guarded((tx) => deleteSliHoursBefore(tx, { before: addMs(now, -SLI_HOURS_MS), limit: BATCH })),
  );
  await guarded((tx) => deleteSliDaysBefore(tx, addMs(now, -SLI_HOURS_MS)));
  await inBatches(() =>
    guarded((tx) => deleteCorrectionsBefore(tx, { before: addMs(now, -SLI_HOURS_MS), limit: BATCH })),
  );
  const referencesBefore = addMs(now, -REFERENCE_RUNS_MS);
  await inBatches(() => guarded((tx) => deleteReferenceRunsBefore(tx, { before: referencesBefore, limit: BATCH })));
  await inBatches(() => guarded((tx) => deleteOldPings(tx, { keep: PINGS_KEPT, limit: BATCH })));
  await inBatches(() => guarded((tx) => deleteHearingBefore(tx, { before: addMs(now, -HEARING_MS), limit: BATCH })));
  await inBatches(() => guarded((tx) => deletePartRunsBefore(tx, { before: rawSince, limit: BATCH })));
  await inBatches(() => guarded((tx) => deleteTriesBefore(tx, { before: rawSince, limit: BATCH })));
  await inBatches(() => guarded((tx) => deleteSilentParts(tx, { before: rawSince, limit: BATCH })));
  const [hoursBefore, daysBefore] = [addMs(now, -RED_HOURS_MS), addMs(now, -RED_DAYS_MS)];
  await inBatches(() => guarded((tx) => deleteBucketLevelsBefore(tx, { hoursBefore, daysBefore, limit: BATCH })));
  await inBatches(() => guarded((tx) => deleteOldAnswers(tx, { now, limit: BATCH })));
  const access = await guarded((tx) =>
    deleteEndedAccess(tx, {
      before: addMs(now, -ENDED_ACCESS_MS),
      idleSince: addMs(now, -SESSION_IDLE_MS - ENDED_ACCESS_MS),
    }),
  );
  const result = { rawSince, deliveries, events, sliHours, ...access };
  log.debug({ ...result, packed, rawSince: new Date(rawSince) }, "retention round done");
  return result;
};
