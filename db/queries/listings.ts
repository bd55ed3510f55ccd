import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What `/v1` and dashboards list beside the configuration and the alerts: the newest reading of each SLO.

export type SloReadingRow = {
  readonly sloId: string;
  readonly version: number;
  /** JSON text of `Reading` in lib/core/slo. */
  readonly reading: string;
  /** Start of the newest minute that was seen. */
  readonly throughMinute: EpochMs;
};

/** The newest reading of each of these SLOs that was evaluated already. */
export const readNewestReadings = async (db: Db, sloIds: readonly string[]): Promise<SloReadingRow[]> => {
  const rows = await db<{ sloId: string; version: number; reading: string; throughMinute: Date }[]>`
    select slo_id as "sloId", version, reading::text as reading, through_minute as "throughMinute"
      from slo_readings where slo_id = any(${[...sloIds]}::text[])`;
  return rows.map((row) => ({ ...row, throughMinute: epochMs(row.throughMinute.getTime()) }));
};

/** Ids of firing alerts by SLO, pages first. */
export const readFiringAlertIds = async (
  db: Db,
  sloIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const rows = await db<{ sloId: string; ids: string[] }[]>`
    select slo_id as "sloId", array_agg(id order by severity, fired_at, id) as ids
      from alerts where state = 'firing' and slo_id = any(${[...sloIds]}::text[]) group by slo_id`;
  return new Map(rows.map((row) => [row.sloId, row.ids]));
};
