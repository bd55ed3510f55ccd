import type { Db } from "#db/database.ts";
import type { Histogram } from "#lib/core/histogram.ts";
import { decodeHistogram } from "#lib/core/histogram.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { DAY_MS, epochMs, HOUR_MS, startOfMinute } from "#lib/core/units.ts";
import type { PairKey } from "./buckets.ts";
import { byteaText } from "./red-columns.ts";

// Hours are made from minutes and days from hours, whole and in one statement; what has to be made again is marked.

/** The levels above minutes: which table, by which column, made from what, and where the marks are. */
const LEVELS = {
  hour: { table: "buckets_hourly", column: "hour", from: "buckets", fromColumn: "minute", marks: "dirty_hours" },
  day: { table: "buckets_daily", column: "day", from: "buckets_hourly", fromColumn: "hour", marks: "dirty_days" },
} as const;
export type UpperLevel = keyof typeof LEVELS;
export const LEVEL_MS: Readonly<Record<UpperLevel, number>> = { hour: HOUR_MS, day: DAY_MS };

export type PairHistogram = PairKey & { readonly histogram: Histogram };

const column = (values: readonly (number | string)[]): string => `{${values.join(",")}}`;
const instants = (values: readonly number[]): string => column(values.map((at) => `"${new Date(at).toISOString()}"`));

/** Marks the hours of minutes that were rolled up, or the days of hours. */
export const markLevel = async (db: Db, level: UpperLevel, starts: readonly EpochMs[]): Promise<void> => {
  const { marks, column: name } = LEVELS[level];
  const spanMs = LEVEL_MS[level];
  const own = [...new Set(starts.map((at) => Math.floor(at / spanMs) * spanMs))].sort((a, b) => a - b);
  if (own.length === 0) return;
  await db`
    insert into ${db(marks)} (${db(name)}) select unnest(${instants(own)}::text::timestamptz[]) on conflict do nothing`;
};

/** Marks the hours that minutes lie in as to be summed up anew. */
export const markHoursOf = (db: Db, minutes: readonly EpochMinute[]): Promise<void> =>
  markLevel(db, "hour", minutes.map(startOfMinute));

/** The oldest marked hours or days that begin within [from, before), at most `limit`. */
export const readMarked = async (
  db: Db,
  level: UpperLevel,
  args: { from?: EpochMs; before: EpochMs; limit?: number },
): Promise<EpochMs[]> => {
  const { marks, column: name } = LEVELS[level];
  const rows = await db<{ at: Date }[]>`
    select ${db(name)} as at from ${db(marks)}
     where ${db(name)} >= ${new Date(args.from ?? 0)} and ${db(name)} < ${new Date(args.before)}
     order by 1 limit ${args.limit ?? null}`;
  return rows.map((row) => epochMs(row.at.getTime()));
};

/** Takes a mark away before the level below is read, in the transaction that makes the row. */
export const takeMark = async (db: Db, level: UpperLevel, at: EpochMs): Promise<void> => {
  const { marks, column: name } = LEVELS[level];
  await db`delete from ${db(marks)} where ${db(name)} = ${new Date(at)}`;
};

/** Marks of hours whose raw runs are gone cannot be answered any more: their rows stay as they are. */
export const deleteMarkedHoursBefore = async (db: Db, before: EpochMs): Promise<number> =>
  (await db`delete from dirty_hours where hour < ${new Date(before)}`).count;

/**
 * Durations of good runs of one hour by pair, counted by the server. One range of the primary key of `runs` a pair;
 * `offset 0` keeps the planner from turning it into a scan of the partition.
 */
export const readRawHistograms = async (db: Db, hourAt: EpochMs): Promise<PairHistogram[]> => {
  const rows = await db<{ probe_no: number; location_no: number; counts: string }[]>`
    select p.probe_no, p.location_no, h.counts
      from first_runs p
     cross join lateral (
       select string_agg(index || ':' || n, ',') as counts
         from (select duration_bucket(duration_us) as index, count(*) as n
                 from runs
                where runs.probe_no = p.probe_no and runs.location_no = p.location_no and class in (0, 1)
                  and scheduled_at >= ${new Date(hourAt)} and scheduled_at < ${new Date(hourAt + HOUR_MS)}
                group by 1) as counted
       offset 0) as h
     where p.first_scheduled_at < ${new Date(hourAt + HOUR_MS)} and h.counts is not null`;
  return rows.map((row) => ({
    probeNo: row.probe_no,
    locationNo: row.location_no,
    histogram: new Map(row.counts.split(",").map((pair) => pair.split(":").map(Number) as [number, number])),
  }));
};

/** Stored histograms of the hours of one day, of probes numbered [fromNo, untilNo). Block range index over `hour`. */
export const readHourHistograms = async (
  db: Db,
  args: { dayAt: EpochMs; fromNo: number; untilNo: number },
): Promise<PairHistogram[]> => {
  const rows = await db<{ probe_no: number; location_no: number; histogram: Uint8Array }[]>`
    select probe_no, location_no, histogram
      from buckets_hourly
     where hour >= ${new Date(args.dayAt)} and hour < ${new Date(args.dayAt + DAY_MS)}
       and probe_no >= ${args.fromNo} and probe_no < ${args.untilNo} and histogram is not null`;
  return rows.map((row) => ({
    probeNo: row.probe_no,
    locationNo: row.location_no,
    histogram: decodeHistogram(row.histogram),
  }));
};

/** The highest probe number; 0 without probes. */
export const readLastProbeNo = async (db: Db): Promise<number> =>
  (await db<{ no: number | null }[]>`select max(no) as no from probes`)[0]?.no ?? 0;

/**
 * Writes an hour or a day of every probe and location from the level below, with the histograms that go with it. What was
 * there is replaced. Two ranges of the primary key of the level below a pair.
 */
export const upsertLevel = async (
  db: Db,
  level: UpperLevel,
  args: { at: EpochMs; histograms: readonly PairHistogram[] },
): Promise<void> => {
  const { table, column: name, from, fromColumn } = LEVELS[level];
  const { at, histograms } = args;
  const end = new Date(at + LEVEL_MS[level]);
  const rows = db`
    b.probe_no = p.probe_no and b.location_no = p.location_no
    and b.${db(fromColumn)} >= ${new Date(at)} and b.${db(fromColumn)} < ${end}`;
  await db`
    insert into ${db(table)} (${db(name)}, probe_no, location_no, by_class, histogram, duration_sum_us, bytes_read, expected, total,
      good, bad, unvoted, status_2xx, status_3xx, status_4xx, status_5xx, status_401_403, status_429)
    select ${new Date(at)}::timestamptz, p.probe_no, p.location_no, c.by_class, h.histogram, s.us, s.bytes, s.expected, s.total,
           s.good, s.bad, s.unvoted, s.s2, s.s3, s.s4, s.s5, s.s401, s.s429
      from first_runs p
     cross join lateral (
       select sum(duration_sum_us)::int8 as us, sum(bytes_read)::int8 as bytes, sum(expected)::int4 as expected,
              sum(total)::int4 as total, sum(good)::int4 as good, sum(bad)::int4 as bad, sum(unvoted)::int4 as unvoted,
              sum(status_2xx)::int4 as s2, sum(status_3xx)::int4 as s3, sum(status_4xx)::int4 as s4,
              sum(status_5xx)::int4 as s5, sum(status_401_403)::int4 as s401, sum(status_429)::int4 as s429
         from ${db(from)} b where ${rows}
       offset 0) as s
     cross join lateral (
       select jsonb_object_agg(class, n) as by_class
         from (select e.key as class, sum(e.value::int4) as n
                 from ${db(from)} b cross join lateral jsonb_each_text(b.by_class) e
                where ${rows} and b.by_class is not null group by 1) as counted
       offset 0) as c
      left join unnest(${column(histograms.map((one) => one.probeNo))}::text::int4[],
                       ${column(histograms.map((one) => one.locationNo))}::text::int2[],
                       ${column(histograms.map((one) => byteaText(one.histogram)))}::text::bytea[])
             as h (probe_no, location_no, histogram) on h.probe_no = p.probe_no and h.location_no = p.location_no
     where s.total is not null and p.first_scheduled_at < ${end}
    on conflict (probe_no, location_no, ${db(name)}) do update
       set duration_sum_us = excluded.duration_sum_us, bytes_read = excluded.bytes_read, expected = excluded.expected,
           total = excluded.total, good = excluded.good, bad = excluded.bad, unvoted = excluded.unvoted,
           status_2xx = excluded.status_2xx, status_3xx = excluded.status_3xx, status_4xx = excluded.status_4xx,
           status_5xx = excluded.status_5xx, status_401_403 = excluded.status_401_403, status_429 = excluded.status_429,
           by_class = excluded.by_class, histogram = excluded.histogram`;
};
