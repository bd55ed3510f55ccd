import type { Db } from "#db/database.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { epochMs, minuteOf, startOfMinute } from "#lib/core/units.ts";

const minuteOrNull = (at: Date | undefined): EpochMinute | null =>
  at === undefined ? null : minuteOf(epochMs(at.getTime()));

/** All minutes before this one have their buckets; null before the first rollup. A table of one row. */
export const readClosedUntil = async (db: Db): Promise<EpochMinute | null> => {
  const rows = await db<{ closed_until: Date }[]>`select closed_until from rollup_progress`;
  return minuteOrNull(rows[0]?.closed_until);
};

/** As `readClosedUntil`, and holds off other rollups until the transaction ends. */
export const lockClosedUntil = async (db: Db): Promise<EpochMinute | null> => {
  const rows = await db<{ closed_until: Date }[]>`select closed_until from rollup_progress for update`;
  return minuteOrNull(rows[0]?.closed_until);
};

/** Begins at a minute unless a rollup has begun already. */
export const startProgress = async (db: Db, closedUntil: EpochMinute): Promise<void> => {
  await db`
    insert into rollup_progress (closed_until) values (${new Date(startOfMinute(closedUntil))})
    on conflict (only_row) do nothing`;
};

/** Notes the first minute that is still open. */
export const setClosedUntil = async (db: Db, closedUntil: EpochMinute): Promise<void> => {
  await db`update rollup_progress set closed_until = ${new Date(startOfMinute(closedUntil))}, updated_at = now()`;
};

/**
 * Makes `closedUntil` the end of what is closed although later minutes were closed before: what was written for those goes,
 * and alerts of theirs are taken for fired now, since an alert cannot end before it began. Hours and days that only begin
 * later go as a whole; the others are written anew with their minutes.
 */
export const reopenMinutes = async (db: Db, closedUntil: EpochMinute): Promise<void> => {
  const from = new Date(startOfMinute(closedUntil));
  await db`delete from buckets where minute >= ${from}`;
  await db`delete from buckets_hourly where hour >= ${from}`;
  await db`delete from buckets_daily where day >= ${from}`;
  await db`delete from sli_hours where hour >= ${from}`;
  await db`
    update slo_readings set through_minute = ${new Date(startOfMinute(closedUntil) - 60_000)}
     where through_minute >= ${from}`;
  await db`update alerts set fired_at = ${from} where state = 'firing' and fired_at > ${from}`;
  await setClosedUntil(db, closedUntil);
};
