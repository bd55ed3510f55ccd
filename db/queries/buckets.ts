import type { Db } from "#db/database.ts";
import type { Bucket, RunMeasure } from "#lib/core/bucket.ts";
import { classOfCode } from "#lib/core/outcome.ts";
import type { StatusFamily } from "#lib/core/red.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { durationUs, epochMs, minuteOf, startOfMinute } from "#lib/core/units.ts";
import { byteaText, classesText } from "./red-columns.ts";

/** A probe at a location, by their numbers. */
export type PairKey = { readonly probeNo: number; readonly locationNo: number };

/** Columns as text, as the driver writes them least expensively. */
const column = (values: readonly (number | string)[]): string => `{${values.join(",")}}`;
const minuteText = (minute: EpochMinute): string => new Date(startOfMinute(minute)).toISOString();
const minuteFrom = (at: Date): EpochMinute => minuteOf(epochMs(at.getTime()));

/** One pair with its runs: element i of each array, as text, is of run i. Null without any run. */
type PairFactsRow = {
  probe_no: number;
  location_no: number;
  at: string | null;
  class: string;
  duration_us: string;
  http_status: string;
  bytes_read: string;
};

const elementsOf = (array: string): string[] => array.slice(1, -1).split(",");

const factsOf = (row: PairFactsRow): RunMeasure[] => {
  if (row.at === null) return [];
  const [classes, durations] = [elementsOf(row.class), elementsOf(row.duration_us)];
  const [statuses, bytes] = [elementsOf(row.http_status), elementsOf(row.bytes_read)];
  return elementsOf(row.at).map((at, i) => ({
    locationNo: row.location_no,
    scheduledAt: epochMs(Number(at)),
    class: classOfCode(Number(classes[i])),
    durationUs: durationUs(Number(durations[i])),
    httpStatus: statuses[i] === "NULL" ? null : Number(statuses[i]),
    bytesRead: Number(bytes[i]),
  }));
};

/**
 * Raw runs of these pairs scheduled within [from, until), by probe number. One look-up in the primary key of `runs` a
 * pair, in the partitions of the span only; the aggregate keeps the planner from turning it into a scan of the partition,
 * and arrays cost both sides half of what rows do.
 */
export const readRunFacts = async (
  db: Db,
  args: { pairs: readonly PairKey[]; from: EpochMs; until: EpochMs },
): Promise<Map<number, RunMeasure[]>> => {
  const { pairs, from, until } = args;
  const byProbe = new Map<number, RunMeasure[]>();
  if (pairs.length === 0) return byProbe;
  const rows = await db<PairFactsRow[]>`
    select p.probe_no, p.location_no, r.at, r.class, r.duration_us, r.http_status, r.bytes_read
      from unnest(${column(pairs.map((pair) => pair.probeNo))}::text::int4[],
                  ${column(pairs.map((pair) => pair.locationNo))}::text::int2[]) as p (probe_no, location_no)
     cross join lateral (
       select array_agg(round(date_part('epoch', scheduled_at) * 1000)::int8)::text as at, array_agg(class)::text as class,
              array_agg(duration_us)::text as duration_us, array_agg(http_status)::text as http_status,
              array_agg(bytes_read)::text as bytes_read
         from runs
        where runs.probe_no = p.probe_no and runs.location_no = p.location_no
          and scheduled_at >= ${new Date(from)} and scheduled_at < ${new Date(until)}) as r`;
  for (const row of rows) {
    const facts = factsOf(row);
    if (facts.length === 0) continue;
    const known = byProbe.get(row.probe_no);
    if (known === undefined) byProbe.set(row.probe_no, facts);
    else for (const fact of facts) known.push(fact);
  }
  return byProbe;
};

/** How many runs of these pairs were scheduled within [from, until) and have arrived. Index as `readRunFacts`. */
export const countRuns = async (
  db: Db,
  args: { pairs: readonly PairKey[]; from: EpochMs; until: EpochMs },
): Promise<number> => {
  const rows = await db<{ count: number }[]>`
    select coalesce(sum(r.count), 0)::float8 as count
      from unnest(${column(args.pairs.map((pair) => pair.probeNo))}::text::int4[],
                  ${column(args.pairs.map((pair) => pair.locationNo))}::text::int2[]) as p (probe_no, location_no)
     cross join lateral (
       select count(*) as count from runs
        where runs.probe_no = p.probe_no and runs.location_no = p.location_no
          and scheduled_at >= ${new Date(args.from)} and scheduled_at < ${new Date(args.until)}
       offset 0) as r`;
  return rows[0]?.count ?? 0;
};

const bucketInsert = (db: Db, buckets: readonly Bucket[], rolledUpAt: EpochMs) => {
  const counts = (pick: (bucket: Bucket) => number): string => column(buckets.map(pick));
  const statuses = (family: StatusFamily): string => counts((bucket) => bucket.byStatus[family]);
  return db`
    insert into buckets (minute, rolled_up_at, duration_sum_us, bytes_read, probe_no, location_no, expected, total, good, bad,
                         unvoted, status_2xx, status_3xx, status_4xx, status_5xx, status_401_403, status_429, by_class, histogram)
    select to_timestamp(b.minute_ms / 1000), ${new Date(rolledUpAt)}::timestamptz, b.duration_sum_us, b.bytes_read, b.probe_no, b.location_no, b.expected,
           b.total, b.good, b.bad, b.unvoted, b.s2, b.s3, b.s4, b.s5, b.s401, b.s429, b.by_class, b.histogram
      from (select unnest(${counts((bucket) => startOfMinute(bucket.minute))}::text::float8[]) as minute_ms,
                   unnest(${counts((bucket) => bucket.durationSumUs)}::text::int8[]) as duration_sum_us,
                   unnest(${counts((bucket) => bucket.bytesRead)}::text::int8[]) as bytes_read,
                   unnest(${counts((bucket) => bucket.probeNo)}::text::int4[]) as probe_no,
                   unnest(${counts((bucket) => bucket.locationNo)}::text::int2[]) as location_no,
                   unnest(${counts((bucket) => bucket.expected)}::text::int4[]) as expected,
                   unnest(${counts((bucket) => bucket.total)}::text::int4[]) as total,
                   unnest(${counts((bucket) => bucket.good)}::text::int4[]) as good,
                   unnest(${counts((bucket) => bucket.bad)}::text::int4[]) as bad,
                   unnest(${counts((bucket) => bucket.unvoted)}::text::int4[]) as unvoted,
                   unnest(${statuses("2xx")}::text::int2[]) as s2,
                   unnest(${statuses("3xx")}::text::int2[]) as s3,
                   unnest(${statuses("4xx")}::text::int2[]) as s4,
                   unnest(${statuses("5xx")}::text::int2[]) as s5,
                   unnest(${statuses("401_403")}::text::int2[]) as s401,
                   unnest(${statuses("429")}::text::int2[]) as s429,
                   unnest(${column(buckets.map((bucket) => classesText(bucket.byClass)))}::text::jsonb[]) as by_class,
                   unnest(${column(buckets.map((bucket) => byteaText(bucket.histogram)))}::text::bytea[]) as histogram) as b`;
};

/**
 * Writes whole buckets of minutes that have none yet: half the cost of asking of each whether there is one.
 * @throws PostgresError 23505 when there is one after all; nothing is written then.
 */
export const insertBuckets = async (db: Db, buckets: readonly Bucket[], rolledUpAt: EpochMs): Promise<void> => {
  if (buckets.length > 0) await bucketInsert(db, buckets, rolledUpAt);
};

/** Writes whole buckets; an older version of the same minute is replaced, never added to. Primary key of `buckets`. */
export const upsertBuckets = async (db: Db, buckets: readonly Bucket[], rolledUpAt: EpochMs): Promise<void> => {
  if (buckets.length === 0) return;
  await db`
    ${bucketInsert(db, buckets, rolledUpAt)}
    on conflict (probe_no, location_no, minute) do update
       set rolled_up_at = excluded.rolled_up_at, duration_sum_us = excluded.duration_sum_us, bytes_read = excluded.bytes_read,
           expected = excluded.expected, total = excluded.total, good = excluded.good, bad = excluded.bad,
           unvoted = excluded.unvoted, status_2xx = excluded.status_2xx, status_3xx = excluded.status_3xx,
           status_4xx = excluded.status_4xx, status_5xx = excluded.status_5xx, status_401_403 = excluded.status_401_403,
           status_429 = excluded.status_429, by_class = excluded.by_class, histogram = excluded.histogram`;
};

/**
 * Takes the marks of these minutes away and returns those that were marked. It waits for an ingest that is marking one of
 * them, so that the runs read afterwards are all there, or mark the minute anew. Primary key of `dirty_minutes`.
 */
export const takeDirtyMarks = async (db: Db, minutes: readonly EpochMinute[]): Promise<Set<EpochMinute>> => {
  if (minutes.length === 0) return new Set();
  const list = column(minutes.map((minute) => `"${minuteText(minute)}"`));
  // Locked in the order in which ingest writes them, so that the two never wait for each other.
  await db`
    select 1 from dirty_minutes where minute = any(${list}::text::timestamptz[])
     order by minute, location_no for update`;
  const taken = await db<{ minute: Date }[]>`
    delete from dirty_minutes where minute = any(${list}::text::timestamptz[]) returning minute`;
  return new Set(taken.map((row) => minuteFrom(row.minute)));
};

/** The oldest marked minutes before `before`. Primary key of `dirty_minutes`. */
export const readDirtyMinutes = async (db: Db, before: EpochMinute, limit: number): Promise<EpochMinute[]> => {
  const rows = await db<{ minute: Date }[]>`
    select distinct minute from dirty_minutes
     where minute < ${new Date(startOfMinute(before))} order by minute limit ${limit}`;
  return rows.map((row) => minuteFrom(row.minute));
};

/** The oldest minute with runs that no rollup has seen; null when there is none. Primary key of `dirty_minutes`. */
export const readOldestDirtyMinute = async (db: Db): Promise<EpochMinute | null> => {
  const rows = await db<{ minute: Date | null }[]>`select min(minute) as minute from dirty_minutes`;
  const minute = rows[0]?.minute ?? null;
  return minute === null ? null : minuteFrom(minute);
};

/** Marks the minutes [from, until) of a location for the rollup. */
export const markMinutes = async (
  db: Db,
  args: { locationNo: number; from: EpochMinute; until: EpochMinute },
): Promise<void> => {
  if (args.until <= args.from) return;
  await db`
    insert into dirty_minutes (minute, location_no)
    select minute, ${args.locationNo}
      from generate_series(${minuteText(args.from)}::timestamptz,
                           ${minuteText((args.until - 1) as EpochMinute)}::timestamptz, interval '1 minute') as minute
    on conflict (minute, location_no) do update set marks = dirty_minutes.marks + 1`;
};

/** The first bucket of a pair after a minute; null when there is none. Primary key of `buckets`, newest partitions last. */
export const readNextBucketMinute = async (
  db: Db,
  args: PairKey & { after: EpochMinute },
): Promise<EpochMinute | null> => {
  const rows = await db<{ minute: Date }[]>`
    select minute from buckets
     where probe_no = ${args.probeNo} and location_no = ${args.locationNo} and minute > ${minuteText(args.after)}::timestamptz
     order by minute limit 1`;
  return rows[0] === undefined ? null : minuteFrom(rows[0].minute);
};

/** The first run of every pair: one row a probe and location, read whole. */
export const readFirstRuns = async (db: Db): Promise<(PairKey & { readonly firstScheduledAt: EpochMs })[]> => {
  const rows = await db<{ probe_no: number; location_no: number; first_scheduled_at: Date }[]>`
    select probe_no, location_no, first_scheduled_at from first_runs`;
  return rows.map((row) => ({
    probeNo: row.probe_no,
    locationNo: row.location_no,
    firstScheduledAt: epochMs(row.first_scheduled_at.getTime()),
  }));
};
