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

export const setClosedUntil = async (db: Db, closedUntil: EpochMinute): Promise<void> => {
  await db`update rollup_progress set closed_until = ${new Date(startOfMinute(closedUntil))}, updated_at = now()`;
};
