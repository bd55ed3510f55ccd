import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, minuteOf, startOfMinute } from "#lib/core/units.ts";
import type { Db } from "../database.ts";
import type { SliMinute, SloKey } from "./sli-hours.ts";

const minuteText = (minute: EpochMinute): string => new Date(startOfMinute(minute)).toISOString();

/** What a minute counted until it was corrected. */
export type Correction = SloKey & SliMinute;

/**
 * Keeps what minutes counted before they are corrected, as far as they were evaluated already. Call it in the transaction
 * that writes the correction. Where a minute is corrected twice between two evaluations, what was seen first stays.
 */
export const insertCorrections = async (db: Db, corrections: readonly Correction[]): Promise<void> => {
  if (corrections.length === 0) return;
  const rows = corrections.map(({ sloId, version, minute, good, total, expected }) => ({
    slo_id: sloId,
    version,
    minute: minuteText(minute),
    good,
    total,
    expected,
  }));
  await db`
    insert into sli_corrections (slo_id, version, minute, evaluated_through, good, total, expected)
    select c.slo_id, c.version, c.minute, r.through_minute, c.good, c.total, c.expected
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as c (slo_id text, version int, minute timestamptz, good int, total int, expected int)
      join slo_readings r on r.slo_id = c.slo_id
     where c.minute <= r.through_minute
    on conflict do nothing`;
};

/** Corrections of an SLO that evaluations from a minute on did not see yet, in the order in which they were made. */
export const readCorrections = async (
  db: Db,
  args: { sloId: string; evaluatedFrom: EpochMinute },
): Promise<(Correction & { readonly evaluatedThrough: EpochMinute })[]> => {
  const rows = await db<
    {
      slo_id: string;
      version: number;
      minute: Date;
      evaluated_through: Date;
      good: number;
      total: number;
      expected: number;
    }[]
  >`
    select slo_id, version, minute, evaluated_through, good, total, expected from sli_corrections
     where slo_id = ${args.sloId} and evaluated_through >= ${minuteText(args.evaluatedFrom)}::timestamptz
     order by evaluated_through, minute, version`;
  const minuteFrom = (at: Date): EpochMinute => minuteOf(epochMs(at.getTime()));
  return rows.map(({ slo_id, version, good, total, expected, ...row }) => ({
    sloId: slo_id,
    version,
    minute: minuteFrom(row.minute),
    evaluatedThrough: minuteFrom(row.evaluated_through),
    good,
    total,
    expected,
  }));
};

/** Corrections of minutes before `before`: they go with the hours that they belong to. */
export const deleteCorrectionsBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from sli_corrections where (slo_id, evaluated_through, minute, version) in (
        select slo_id, evaluated_through, minute, version from sli_corrections
         where minute < ${new Date(args.before)} limit ${args.limit})`
  ).count;
