import type { Database } from "#db/database.ts";
import { holdSliHours, readUnpackedDays, storePackedDays } from "#db/queries/sli-days.ts";
import { readSliHours } from "#db/queries/sli-hours.ts";
import { DAY_MINUTES, packDay } from "#lib/core/slo/day-pack.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS, startOfMinute } from "#lib/core/units.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";

/** Days a round: packing gives way to the minutes that are due. */
const MOST_A_ROUND = 500;
const PACK_DEADLINE_MS = 10_000;

/**
 * Packs days of SLOs that are over and whose hours changed since they were packed last. No hour changes meanwhile, so a day
 * is packed from hours that stand. Returns how many, and whether more are due.
 * @throws AppError LEASE_LOST; errors of the database.
 */
export const packDays = async (args: {
  readonly database: Database;
  readonly lease: Lease;
  readonly closedUntil: EpochMinute;
}): Promise<{ readonly packed: number; readonly hasMore: boolean }> => {
  const { database, lease, closedUntil } = args;
  const before = startOfMinute(closedUntil);
  const due = await database.read((db) => readUnpackedDays(db, { before, limit: 1 }));
  if (due.length === 0) return { packed: 0, hasMore: false };
  return database.transaction(
    async (tx) => {
      await assertLease(tx, lease);
      await holdSliHours(tx);
      const days = await readUnpackedDays(tx, { before, limit: MOST_A_ROUND });
      const asks = days.map(({ sloId, version, dayAt }) => ({
        sloId,
        version,
        fromAt: dayAt,
        toAt: addMs(dayAt, DAY_MS - HOUR_MS),
      }));
      const drafts = new Map(
        days.map((day) => {
          const zeros = (): Float64Array => new Float64Array(DAY_MINUTES);
          return [`${day.sloId}:${day.version}:${day.dayAt}`, { good: zeros(), total: zeros(), expected: zeros() }];
        }),
      );
      for (const hour of await readSliHours(tx, asks)) {
        const dayAt = Math.floor(hour.hourAt / DAY_MS) * DAY_MS;
        const draft = drafts.get(`${hour.sloId}:${hour.version}:${dayAt}`);
        const offset = (hour.hourAt - dayAt) / MINUTE_MS;
        draft?.good.set(hour.good, offset);
        draft?.total.set(hour.total, offset);
        draft?.expected.set(hour.expected, offset);
      }
      const packed = days.flatMap((day) => {
        const draft = drafts.get(`${day.sloId}:${day.version}:${day.dayAt}`);
        return draft === undefined ? [] : [{ ...day, counts: packDay(draft) }];
      });
      await storePackedDays(tx, packed);
      return { packed: packed.length, hasMore: days.length === MOST_A_ROUND };
    },
    { deadlineMs: PACK_DEADLINE_MS },
  );
};
