import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { SliHoursAsk, SloKey } from "./sli-hours.ts";

const DAY_MS = 86_400_000;
const instant = (at: number): string => new Date(at).toISOString();

/** Days that look alike, of any SLO: `members` are positions in the list of asks. `counts` null: take the hours. */
export type SliDayGroup = {
  readonly dayAt: EpochMs;
  readonly counts: Uint8Array | null;
  readonly members: readonly number[];
};

/**
 * The days of each SLO from `fromAt` to `toAt`, both included and starts of UTC days, equal ones as one row. A day that
 * is in no group has no hour. One range of the primary key of `sli_days` an ask.
 */
export const readSliDays = async (db: Db, asks: readonly SliHoursAsk[]): Promise<SliDayGroup[]> => {
  if (asks.length === 0) return [];
  const list = asks.map((ask, index) => ({
    i: index,
    s: ask.sloId,
    v: ask.version,
    f: instant(ask.fromAt),
    t: instant(ask.toAt),
  }));
  const rows = await db<{ at: number; counts: Uint8Array | null; members: string }[]>`
    select (extract(epoch from d.day) * 1000)::float8 as at, d.counts, string_agg(a.i::text, ',') as members
      from jsonb_to_recordset(${JSON.stringify(list)}::text::jsonb) as a (i int, s text, v int, f timestamptz, t timestamptz)
     cross join lateral (
       select day, counts from sli_days where slo_id = a.s and version = a.v and day >= a.f and day <= a.t offset 0) as d
     group by d.day, d.counts`;
  return rows.map(({ at, counts, members }) => ({
    dayAt: epochMs(at),
    counts,
    members: members.split(",").map(Number),
  }));
};

/** Days before `before` that are not packed, oldest first. Partial index sli_days_unpacked. */
export const readUnpackedDays = async (
  db: Db,
  args: { readonly before: EpochMs; readonly limit: number },
): Promise<(SloKey & { readonly dayAt: EpochMs })[]> => {
  const rows = await db<{ slo_id: string; version: number; day: Date }[]>`
    select slo_id, version, day from sli_days
     where counts is null and day <= ${new Date(args.before - DAY_MS)} order by day, slo_id, version limit ${args.limit}`;
  return rows.map((row) => ({ sloId: row.slo_id, version: row.version, dayAt: epochMs(row.day.getTime()) }));
};

/**
 * Lets no hour change until the transaction ends. The lease does not: its holder counts PromQL and packs at the same time,
 * and an hour that came after its day was read, and before it was stored as packed, would be missing from then on.
 */
export const holdSliHours = async (db: Db): Promise<void> => {
  await db`lock table sli_hours in share mode`;
};

/** Stores packed days. Primary key of `sli_days`; the caller holds `holdSliHours`, so that no hour changes meanwhile. */
export const storePackedDays = async (
  db: Db,
  days: readonly (SloKey & { readonly dayAt: EpochMs; readonly counts: Uint8Array })[],
): Promise<void> => {
  if (days.length === 0) return;
  const rows = days.map(({ sloId, version, dayAt, counts }) => ({
    s: sloId,
    v: version,
    d: instant(dayAt),
    c: Buffer.from(counts.buffer, counts.byteOffset, counts.byteLength).toString("base64"),
  }));
  await db`
    update sli_days set counts = decode(r.c, 'base64'), updated_at = now()
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (s text, v int, d timestamptz, c text)
     where slo_id = r.s and version = r.v and day = r.d`;
};

/** Packed days that are over their age, with the hours that they are made of. */
export const deleteSliDaysBefore = async (db: Db, before: EpochMs): Promise<number> =>
  (await db`delete from sli_days where day < ${new Date(before - DAY_MS)}`).count;
