import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** A definition of an SLO by its number. */
export type SloKey = { readonly sloId: string; readonly version: number };

/** Exact slots of one hour; each array has 60 elements, one a minute. */
export type SliHour = SloKey & {
  readonly hourAt: EpochMs;
  readonly good: readonly number[];
  readonly total: readonly number[];
  readonly expected: readonly number[];
};

const hourText = (at: EpochMs): string => new Date(at).toISOString();

/** Asks for the hours from `fromAt` to `toAt`, both included. */
export type SliHoursAsk = SloKey & { readonly fromAt: EpochMs; readonly toAt: EpochMs };

type Row = { slo_id: string; version: number; at: number[]; good: number[]; total: number[]; expected: number[] };

/**
 * The hours of each SLO asked for, oldest first within an SLO. Primary key, one range an SLO. Hours that look alike travel
 * as one row and share their arrays: most hours of a healthy SLO do, and reading them one by one costs ten times as much.
 */
export const readSliHours = async (db: Db, asks: readonly SliHoursAsk[]): Promise<SliHour[]> => {
  if (asks.length === 0) return [];
  const list = asks.map((ask) => ({
    slo_id: ask.sloId,
    version: ask.version,
    from_at: hourText(ask.fromAt),
    to_at: hourText(ask.toAt),
  }));
  const rows = await db<Row[]>`
    select a.slo_id, a.version, h.at, h.good, h.total, h.expected
      from jsonb_to_recordset(${JSON.stringify(list)}::text::jsonb)
        as a (slo_id text, version int, from_at timestamptz, to_at timestamptz)
     cross join lateral (
       select array_agg((extract(epoch from hour) * 1000)::float8) as at, coalesce(good, total) as good, total,
              coalesce(expected, total) as expected
         from sli_hours
        where sli_hours.slo_id = a.slo_id and sli_hours.version = a.version and hour >= a.from_at and hour <= a.to_at
        group by sli_hours.good, total, sli_hours.expected
       offset 0) as h`;
  const hours = rows.flatMap(({ slo_id, version, at, good, total, expected }) =>
    at.map((hourAt) => ({ sloId: slo_id, version, hourAt: epochMs(hourAt), good, total, expected })),
  );
  return hours.sort((a, b) => a.hourAt - b.hourAt);
};

/** Writes whole hours, equal arrays once; an older version of the same hour is replaced. Primary key of `sli_hours`. */
export const upsertSliHours = async (db: Db, hours: readonly SliHour[]): Promise<void> => {
  if (hours.length === 0) return;
  const arrays = (pick: (hour: SliHour) => readonly number[]): string =>
    `{${hours.map((hour) => `"{${pick(hour).join(",")}}"`).join(",")}}`;
  await db`
    insert into sli_hours (slo_id, version, hour, good, total, expected)
    select r.slo_id, r.version, to_timestamp(r.hour_ms / 1000), nullif(r.good, r.total)::int4[], r.total::int4[],
           nullif(r.expected, r.total)::int4[]
      from unnest(${db.array(hours.map((hour) => hour.sloId))}::text[],
                  ${`{${hours.map((hour) => hour.version).join(",")}}`}::text::int4[],
                  ${`{${hours.map((hour) => hour.hourAt).join(",")}}`}::text::float8[],
                  ${arrays((hour) => hour.good)}::text::text[],
                  ${arrays((hour) => hour.total)}::text::text[],
                  ${arrays((hour) => hour.expected)}::text::text[])
        as r (slo_id, version, hour_ms, good, total, expected)
    on conflict (slo_id, version, hour) do update
       set good = excluded.good, total = excluded.total, expected = excluded.expected, updated_at = now()`;
};

/** Which of these definitions have any hour. One look-up in the primary key each. */
export const readStartedSlos = async (db: Db, keys: readonly SloKey[]): Promise<Set<string>> => {
  const rows = await db<{ slo_id: string }[]>`
    select k.slo_id
      from jsonb_to_recordset(${JSON.stringify(
        keys.map((key) => ({ slo_id: key.sloId, version: key.version })),
      )}::text::jsonb) as k (slo_id text, version int)
     where exists (select 1 from sli_hours h where h.slo_id = k.slo_id and h.version = k.version)`;
  return new Set(rows.map((row) => row.slo_id));
};

/** Takes over all hours of an older definition that counts the same slots. Range of the primary key. */
export const copySliHours = async (
  db: Db,
  args: { sloId: string; fromVersion: number; toVersion: number },
): Promise<number> => {
  const copied = await db`
    insert into sli_hours (slo_id, version, hour, good, total, expected)
    select slo_id, ${args.toVersion}, hour, good, total, expected
      from sli_hours where slo_id = ${args.sloId} and version = ${args.fromVersion}
    on conflict (slo_id, version, hour) do nothing`;
  return copied.count;
};

/** The definition of a version as it was applied, as JSON text; null when there is none. Primary key of `slo_versions`. */
export const readSloVersion = async (db: Db, key: SloKey): Promise<string | null> => {
  const rows = await db<{ definition: string }[]>`
    select definition::text as definition from slo_versions where slo_id = ${key.sloId} and version = ${key.version}`;
  return rows[0]?.definition ?? null;
};

/** The newest older version of an SLO that has hours; null when there is none. Primary keys of both tables. */
export const readNewestStartedVersion = async (db: Db, before: SloKey): Promise<number | null> => {
  const rows = await db<{ version: number }[]>`
    select v.version from slo_versions v
     where v.slo_id = ${before.sloId} and v.version < ${before.version}
       and exists (select 1 from sli_hours h where h.slo_id = v.slo_id and h.version = v.version)
     order by v.version desc limit 1`;
  return rows[0]?.version ?? null;
};
