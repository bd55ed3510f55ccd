import type { Db } from "#db/database.ts";
import type { Reading } from "#lib/core/slo/reading.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, minuteOf, startOfMinute } from "#lib/core/units.ts";

/** How far an SLO has been evaluated, and by which definition. */
export type EvaluationMark = { readonly sloId: string; readonly version: number; readonly through: EpochMinute };

type MarkRow = { slo_id: string; version: number; through_minute: Date };
const markOf = (row: MarkRow): EvaluationMark => ({
  sloId: row.slo_id,
  version: row.version,
  through: minuteOf(epochMs(row.through_minute.getTime())),
});

/** The marks of all SLOs that were ever evaluated: one short row each. */
export const readEvaluationMarks = async (db: Db): Promise<EvaluationMark[]> => {
  const rows = await db<MarkRow[]>`select slo_id, version, through_minute from slo_readings`;
  return rows.map(markOf);
};

/** The marks of these SLOs; holds off other evaluators of them until the transaction ends. Primary key. */
export const lockEvaluationMarks = async (db: Db, sloIds: readonly string[]): Promise<EvaluationMark[]> => {
  const rows = await db<MarkRow[]>`
    select slo_id, version, through_minute from slo_readings
     where slo_id = any(${[...sloIds]}::text[]) order by slo_id for update`;
  return rows.map(markOf);
};

export type NewReading = {
  readonly sloId: string;
  readonly version: number;
  readonly through: EpochMinute;
  readonly reading: Reading;
};

/** Replaces the newest reading of each SLO. Primary key of `slo_readings`. */
export const upsertReadings = async (db: Db, readings: readonly NewReading[], computedAt: EpochMs): Promise<void> => {
  if (readings.length === 0) return;
  const rows = readings.map(({ sloId, version, through, reading }) => ({
    slo_id: sloId,
    version,
    through_minute: new Date(startOfMinute(through)).toISOString(),
    reading,
  }));
  await db`
    insert into slo_readings (slo_id, version, through_minute, reading, computed_at)
    select slo_id, version, through_minute, reading, ${new Date(computedAt)}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (slo_id text, version int, through_minute timestamptz, reading jsonb)
    on conflict (slo_id) do update
       set version = excluded.version, through_minute = excluded.through_minute, reading = excluded.reading,
           computed_at = excluded.computed_at, updated_at = now()`;
};
