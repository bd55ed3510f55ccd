import type { Db } from "#db/database.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";

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

/** Counts of one minute; `expected` 0: it is not known how many there should be. */
export type SliMinute = {
  readonly minute: EpochMinute;
  readonly good: number;
  readonly total: number;
  readonly expected: number;
};

/**
 * Sets minutes of one SLO whose counts do not come from runs (PromQL), and leaves the other minutes of their hours as they
 * are. Repeating it changes nothing. Call it within a transaction that began with `assertLease`; minutes that are closed
 * already go to the evaluator as `rerolled`.
 * @throws RangeError when good is over total or a count is no whole number from 0 to 2,147,483,647.
 */
export const storeSliMinutes = async (db: Db, key: SloKey, minutes: readonly SliMinute[]): Promise<void> => {
  if (minutes.length === 0) return;
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 2_147_483_647;
  const drafts = new Map<EpochMs, { good: number[]; total: number[]; expected: number[] }>();
  const hourOf = (minute: EpochMinute): EpochMs => epochMs(Math.floor((minute * MINUTE_MS) / HOUR_MS) * HOUR_MS);
  const times = minutes.map(({ minute }) => hourOf(minute));
  const fromAt = epochMs(times.reduce((least, at) => Math.min(least, at), Number.MAX_VALUE));
  const toAt = epochMs(times.reduce((most, at) => Math.max(most, at), 0));
  for (const hour of await readSliHours(db, [{ ...key, fromAt, toAt }])) {
    drafts.set(hour.hourAt, { good: [...hour.good], total: [...hour.total], expected: [...hour.expected] });
  }
  const zeros = (): number[] => new Array<number>(60).fill(0);
  const touched = new Set<EpochMs>();
  for (const { minute, good, total, expected } of minutes) {
    if (![good, total, expected].every(isCount) || good > total) {
      throw new RangeError(`counts of a minute must be whole numbers with good at most total, got ${good} of ${total}`);
    }
    const hourAt = hourOf(minute);
    const draft = drafts.get(hourAt) ?? { good: zeros(), total: zeros(), expected: zeros() };
    drafts.set(hourAt, draft);
    touched.add(hourAt);
    const index = minute - hourAt / MINUTE_MS;
    [draft.good[index], draft.total[index], draft.expected[index]] = [good, total, expected];
  }
  const changed = [...drafts].filter(([hourAt]) => touched.has(hourAt));
  await upsertSliHours(
    db,
    changed.map(([hourAt, draft]) => ({ ...key, hourAt, ...draft })),
  );
};

/** The same minutes of many SLOs as columns: element i of each list belongs to `sloIds[i]`. */
export type SliMinuteColumns = {
  readonly sloIds: readonly string[];
  readonly versions: readonly number[];
  /** By SLO, then by minute. */
  readonly good: Int32Array;
  readonly total: Int32Array;
  readonly expected: Int32Array;
};

const integers = (text: string): Int32Array => Int32Array.from(text.split(","), Number);

/**
 * The minutes `first` to `last` (0 to 59) of an hour of every SLO in force that has the hour. One look-up in the primary
 * key an SLO, and one row to carry them all: ten thousand rows would cost more than judging them.
 */
export const readSliMinutes = async (
  db: Db,
  args: { readonly hourAt: EpochMs; readonly first: number; readonly last: number },
): Promise<SliMinuteColumns> => {
  const [first, last] = [args.first + 1, args.last + 1];
  const rows = await db<{ ids: string | null; versions: string; good: string; total: string; expected: string }[]>`
    select string_agg(s.id, ',') as ids, string_agg(h.version::text, ',') as versions,
           string_agg(array_to_string((coalesce(h.good, h.total))[${first}::int:${last}::int], ','), ',') as good,
           string_agg(array_to_string(h.total[${first}::int:${last}::int], ','), ',') as total,
           string_agg(array_to_string((coalesce(h.expected, h.total))[${first}::int:${last}::int], ','), ',') as expected
      from slos s
     cross join lateral (
       select version, good, total, expected from sli_hours
        where slo_id = s.id and version = s.version and hour = ${hourText(args.hourAt)}::timestamptz offset 0) as h
     where s.retired_at is null`;
  const row = rows[0];
  const none = new Int32Array(0);
  if (row?.ids === null || row === undefined) {
    return { sloIds: [], versions: [], good: none, total: none, expected: none };
  }
  return {
    sloIds: row.ids.split(","),
    versions: row.versions.split(",").map(Number),
    good: integers(row.good),
    total: integers(row.total),
    expected: integers(row.expected),
  };
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

/** The definitions of many versions as JSON text, by `<slo>:<version>`. Primary key of `slo_versions`. */
export const readSloVersions = async (db: Db, keys: readonly SloKey[]): Promise<Map<string, string>> => {
  if (keys.length === 0) return new Map();
  const rows = await db<{ slo_id: string; version: number; definition: string }[]>`
    select v.slo_id, v.version, v.definition::text as definition
      from jsonb_to_recordset(${JSON.stringify(
        keys.map((key) => ({ slo_id: key.sloId, version: key.version })),
      )}::text::jsonb) as k (slo_id text, version int)
      join slo_versions v on v.slo_id = k.slo_id and v.version = k.version`;
  return new Map(rows.map((row) => [`${row.slo_id}:${row.version}`, row.definition]));
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
