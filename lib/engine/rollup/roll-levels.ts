import type { Database, Tx } from "#db/database.ts";
import type { PairHistogram, UpperLevel } from "#db/queries/bucket-levels.ts";
import {
  LEVEL_MS,
  markLevel,
  readHourHistograms,
  readLastProbeNo,
  readMarked,
  readRawHistograms,
  takeMark,
  upsertLevel,
} from "#db/queries/bucket-levels.ts";
import type { Histogram } from "#lib/core/histogram.ts";
import { mergeHistograms } from "#lib/core/histogram.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { addMs, startOfMinute } from "#lib/core/units.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";

/** Hours and days a round: after a long downtime the evaluation gets its turn in between. */
const MOST_A_ROUND = 6;
const LEVEL_DEADLINE_MS = 20_000;
/** Probes whose hours are merged into a day at once: memory stays bounded, and other work gets its turn. */
const PROBES_AT_ONCE = 500;

/** Histograms of a day by probe and location, merged from its hours. */
const dayHistograms = async (tx: Tx, dayAt: EpochMs): Promise<PairHistogram[]> => {
  const merged: PairHistogram[] = [];
  const last = await readLastProbeNo(tx);
  for (let fromNo = 0; fromNo <= last; fromNo += PROBES_AT_ONCE) {
    const byPair = new Map<string, { probeNo: number; locationNo: number; parts: Histogram[] }>();
    for (const { probeNo, locationNo, histogram } of await readHourHistograms(tx, {
      dayAt,
      fromNo,
      untilNo: fromNo + PROBES_AT_ONCE,
    })) {
      const key = `${probeNo}:${locationNo}`;
      const pair = byPair.get(key) ?? { probeNo, locationNo, parts: [] };
      byPair.set(key, pair);
      pair.parts.push(histogram);
    }
    for (const { probeNo, locationNo, parts } of byPair.values())
      merged.push({ probeNo, locationNo, histogram: mergeHistograms(parts) });
  }
  return merged;
};

const rollOne = (database: Database, lease: Lease, level: UpperLevel, at: EpochMs): Promise<void> =>
  database.transaction(
    async (tx) => {
      await assertLease(tx, lease);
      await takeMark(tx, level, at);
      const histograms = level === "hour" ? await readRawHistograms(tx, at) : await dayHistograms(tx, at);
      await upsertLevel(tx, level, { at, histograms });
      if (level === "hour") await markLevel(tx, "day", [at]);
    },
    { deadlineMs: LEVEL_DEADLINE_MS },
  );

/** The oldest marked hours or days that are over. */
const dueOf = (database: Database, level: UpperLevel, closedUntil: EpochMinute): Promise<EpochMs[]> =>
  database.read((db) =>
    readMarked(db, level, {
      before: addMs(startOfMinute(closedUntil), 1 - LEVEL_MS[level]),
      limit: MOST_A_ROUND + 1,
    }),
  );

/**
 * Makes the hours and days that are over and whose minutes changed: hours from minute buckets and raw durations, days
 * from hours. Each is a transaction under the lease that may be repeated. Returns whether more are due.
 * @throws AppError LEASE_LOST, DATABASE_TIMEOUT, DATABASE_UNREACHABLE.
 */
export const rollLevels = async (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly closedUntil: EpochMinute;
}): Promise<{ hours: number; days: number; hasMore: boolean }> => {
  const { database, lease, closedUntil } = args;
  const hours = await dueOf(database, "hour", closedUntil);
  for (const at of hours.slice(0, MOST_A_ROUND)) await rollOne(database, lease, "hour", at);
  // A day is made of whole hours: those of this round and of the next ones come first.
  if (hours.length > MOST_A_ROUND) return { hours: MOST_A_ROUND, days: 0, hasMore: true };
  const days = await dueOf(database, "day", closedUntil);
  for (const at of days.slice(0, MOST_A_ROUND)) await rollOne(database, lease, "day", at);
  return { hours: hours.length, days: Math.min(days.length, MOST_A_ROUND), hasMore: days.length > MOST_A_ROUND };
};
