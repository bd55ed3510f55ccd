import type { Db } from "#db/database.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import type { Histogram } from "#lib/core/histogram.ts";
import { decodeHistogram } from "#lib/core/histogram.ts";
import type { MetricsLevel } from "#lib/core/metrics-plan.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import type { StatusFamily } from "#lib/core/red.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** What is asked of one level: a probe at some locations over [from, until), in steps counted from `origin`. */
export type MetricsAsk = {
  readonly probeNo: number;
  readonly locationNos: readonly number[];
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly origin: EpochMs;
  readonly stepMs: number;
  /** Starts of hours or days that are answered from the level below. */
  readonly except?: readonly EpochMs[];
};

const TABLES = {
  minute: { table: "buckets", column: "minute" },
  hour: { table: "buckets_hourly", column: "hour" },
  day: { table: "buckets_daily", column: "day" },
} as const;

const column = (values: readonly (number | string)[]): string => `{${values.join(",")}}`;

/** The number of the step that an instant falls into. */
const stepOf = (db: Db, ask: MetricsAsk, instant: string) =>
  db`floor((extract(epoch from ${db(instant)}) * 1000 - ${ask.origin}::float8) / ${ask.stepMs}::float8)::int4`;

/** The rows of the ask, by the primary key of each table. */
const rowsOf = (db: Db, ask: MetricsAsk, instant: string) => db`
  probe_no = ${ask.probeNo} and location_no = any(${column(ask.locationNos)}::text::int2[])
  and ${db(instant)} >= ${new Date(ask.from)} and ${db(instant)} < ${new Date(ask.until)}
  and ${db(instant)} <> all(${column((ask.except ?? []).map((at) => `"${new Date(at).toISOString()}"`))}::text::timestamptz[])`;

export type StepSums = {
  readonly step: number;
  readonly expected: number;
  readonly total: number;
  readonly good: number;
  readonly bad: number;
  readonly unvoted: number;
  readonly durationSumUs: number;
  readonly bytesRead: number;
  readonly byStatus: Readonly<Record<StatusFamily, number>>;
  /** Rows with good runs but without a histogram. */
  readonly withoutHistogram: number;
};

/** Sums by step; steps without any row are left out. */
export const readStepSums = async (db: Db, level: MetricsLevel, ask: MetricsAsk): Promise<StepSums[]> => {
  const { table, column: instant } = TABLES[level];
  return db<StepSums[]>`
    select ${stepOf(db, ask, instant)} as step, sum(expected)::float8 as expected, sum(total)::float8 as total,
           sum(good)::float8 as good, sum(bad)::float8 as bad, sum(unvoted)::float8 as unvoted,
           sum(duration_sum_us)::float8 as "durationSumUs", sum(bytes_read)::float8 as "bytesRead",
           json_build_object('2xx', sum(status_2xx), '3xx', sum(status_3xx), '4xx', sum(status_4xx), '5xx', sum(status_5xx),
                             '401_403', sum(status_401_403), '429', sum(status_429)) as "byStatus",
           (count(*) filter (where good > 0 and histogram is null))::int4 as "withoutHistogram"
      from ${db(table)} where ${rowsOf(db, ask, instant)} group by 1`;
};

export type StepClass = { readonly step: number; readonly class: OutcomeClass; readonly count: number };

/** Runs of classes other than `ok` by step. */
export const readStepClasses = async (db: Db, level: MetricsLevel, ask: MetricsAsk): Promise<StepClass[]> => {
  const { table, column: instant } = TABLES[level];
  return db<StepClass[]>`
    select ${stepOf(db, ask, instant)} as step, e.key as class, sum(e.value::int8)::float8 as count
      from ${db(table)} cross join lateral jsonb_each_text(by_class) e
     where ${rowsOf(db, ask, instant)} and by_class is not null group by 1, 2`;
};

export type StepHistogram = { readonly step: number; readonly histogram: Histogram };

/** Stored histograms of the rows of the ask, one a row. */
export const readStepHistograms = async (db: Db, level: MetricsLevel, ask: MetricsAsk): Promise<StepHistogram[]> => {
  const { table, column: instant } = TABLES[level];
  const rows = await db<{ step: number; histogram: Uint8Array }[]>`
    select ${stepOf(db, ask, instant)} as step, histogram
      from ${db(table)} where ${rowsOf(db, ask, instant)} and histogram is not null`;
  return rows.map(({ step, histogram }) => ({ step, histogram: decodeHistogram(histogram) }));
};

/** Histograms of good raw runs by step, counted by the server. Primary key of `runs`. */
export const readRunHistograms = async (db: Db, ask: MetricsAsk): Promise<StepHistogram[]> => {
  const rows = await db<{ step: number; counts: string }[]>`
    select step, string_agg(index || ':' || n, ',') as counts
      from (select ${stepOf(db, ask, "scheduled_at")} as step, duration_bucket(duration_us) as index, count(*) as n
              from runs where ${rowsOf(db, ask, "scheduled_at")} and class in (0, 1) group by 1, 2) as counted
     group by step`;
  return rows.map(({ step, counts }) => ({
    step,
    histogram: new Map(counts.split(",").map((pair) => pair.split(":").map(Number) as [number, number])),
  }));
};

export type StepQuantiles = { readonly step: number; readonly us: readonly number[] };

/** Exact quantiles of good raw runs by step, at the nearest rank. Primary key of `runs`. */
export const readRunQuantiles = async (
  db: Db,
  ask: MetricsAsk,
  shares: readonly number[],
): Promise<StepQuantiles[]> => {
  const rows = await db<{ step: number; us: string }[]>`
    select ${stepOf(db, ask, "scheduled_at")} as step,
           to_json(percentile_disc(${column(shares)}::text::float8[]) within group (order by duration_us))::text as us
      from runs where ${rowsOf(db, ask, "scheduled_at")} and class in (0, 1) group by 1`;
  return rows.map(({ step, us }) => ({ step, us: JSON.parse(us) as number[] }));
};

/** Durations of good raw runs in microseconds by step, ascending. Primary key of `runs`; for questions of few runs. */
export const readRunDurations = async (db: Db, ask: MetricsAsk): Promise<ReadonlyMap<number, readonly number[]>> => {
  const rows = await db<{ step: number; us: string }[]>`
    select ${stepOf(db, ask, "scheduled_at")} as step, array_agg(duration_us)::text as us
      from runs where ${rowsOf(db, ask, "scheduled_at")} and class in (0, 1) group by 1`;
  const sorted = (us: string): number[] =>
    us
      .slice(1, -1)
      .split(",")
      .map(Number)
      .sort((a, b) => a - b);
  return new Map(rows.map(({ step, us }) => [step, sorted(us)]));
};

export type MetricsProbe = {
  readonly no: number;
  readonly definition: ProbeDefinition;
  /** Locations that ever ran it, with their first run. */
  readonly locations: readonly { readonly no: number; readonly id: string; readonly firstRunAt: EpochMs }[];
};

/** A probe by its id, also a retired one; null when there never was one. Unique key of `probes`. */
export const readMetricsProbe = async (db: Db, probeId: string): Promise<MetricsProbe | null> => {
  const rows = await db<{ no: number; definition: string; locations: string }[]>`
    select p.no, p.definition::text as definition,
           coalesce((select json_agg(json_build_object('no', l.no, 'id', l.id,
                              'firstRunAt', extract(epoch from f.first_scheduled_at) * 1000) order by l.position, l.id)
                       from first_runs f join locations l on l.no = f.location_no where f.probe_no = p.no), '[]')::text as locations
      from probes p where p.id = ${probeId}`;
  const row = rows[0];
  if (row === undefined) return null;
  return {
    no: row.no,
    definition: JSON.parse(row.definition) as ProbeDefinition,
    locations: JSON.parse(row.locations) as MetricsProbe["locations"],
  };
};

/** The start of the oldest day of minute buckets; null when there is none. */
export const readOldestBucketDay = async (db: Db): Promise<EpochMs | null> => {
  const rows = await db<{ at: Date | null }[]>`
    select min(to_timestamp(right(c.relname, 8) || ' 00 +00', 'YYYYMMDD HH24 TZH')) as at
      from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = to_regclass('buckets')`;
  const at = rows[0]?.at ?? null;
  return at === null ? null : epochMs(at.getTime());
};
