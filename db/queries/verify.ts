import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { epochMs, minuteOf } from "#lib/core/units.ts";
import type { Db } from "../database.ts";
import type { PairKey } from "./buckets.ts";

/** A bucket as it is stored, every column as text that is the same for the same value. */
export type StoredBucket = PairKey & {
  readonly minute: EpochMinute;
  readonly counts: readonly number[];
  /** Counts of the classes other than `ok`, by name; null for none. */
  readonly byClass: string | null;
  /** Hex; null for none. */
  readonly histogram: string | null;
};

const column = (values: readonly number[]): string => `{${values.join(",")}}`;

/**
 * Stored buckets of these pairs within [from, until). One range of the primary key a pair. `counts` are expected, total,
 * good, bad, unvoted, microseconds, bytes, and the six families of statuses.
 */
export const readStoredBuckets = async (
  db: Db,
  args: { pairs: readonly PairKey[]; from: EpochMs; until: EpochMs },
): Promise<StoredBucket[]> => {
  if (args.pairs.length === 0) return [];
  const rows = await db<
    {
      probe_no: number;
      location_no: number;
      minute: Date;
      counts: string[];
      by_class: string | null;
      histogram: string | null;
    }[]
  >`
    select p.probe_no, p.location_no, b.minute, b.counts, b.by_class, b.histogram
      from unnest(${column(args.pairs.map((pair) => pair.probeNo))}::text::int4[],
                  ${column(args.pairs.map((pair) => pair.locationNo))}::text::int2[]) as p (probe_no, location_no)
     cross join lateral (
       select minute, by_class::text as by_class, encode(histogram, 'hex') as histogram,
              array[expected, total, good, bad, unvoted, duration_sum_us, bytes_read, status_2xx, status_3xx, status_4xx,
                    status_5xx, status_401_403, status_429]::text[] as counts
         from buckets
        where buckets.probe_no = p.probe_no and buckets.location_no = p.location_no
          and minute >= ${new Date(args.from)} and minute < ${new Date(args.until)}
       offset 0) as b`;
  return rows.map((row) => ({
    probeNo: row.probe_no,
    locationNo: row.location_no,
    minute: minuteOf(epochMs(row.minute.getTime())),
    counts: row.counts.map(Number),
    byClass: row.by_class,
    histogram: row.histogram,
  }));
};

/** Minutes of [from, until) with runs that no rollup has seen yet. Primary key of `dirty_minutes`. */
export const readWaitingMinutes = async (db: Db, args: { from: EpochMs; until: EpochMs }): Promise<EpochMinute[]> => {
  const rows = await db<{ minute: Date }[]>`
    select distinct minute from dirty_minutes
     where minute >= ${new Date(args.from)} and minute < ${new Date(args.until)}`;
  return rows.map((row) => minuteOf(epochMs(row.minute.getTime())));
};

/** Names of probes and locations by their numbers, retired ones too. */
export const readNames = async (
  db: Db,
): Promise<{ probes: ReadonlyMap<number, string>; locations: ReadonlyMap<number, string> }> => {
  const probes = await db<{ no: number; id: string }[]>`select no, id from probes`;
  const locations = await db<{ no: number; id: string }[]>`select no, id from locations`;
  return {
    probes: new Map(probes.map(({ no, id }) => [no, id])),
    locations: new Map(locations.map(({ no, id }) => [no, id])),
  };
};

/** An episode with the numbers it fired with, as JSON text. */
export type StoredEpisode = {
  readonly pairId: string;
  readonly number: number;
  readonly severity: string;
  readonly firedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
  readonly reason: string | null;
  readonly firingReading: string;
  readonly resolvedReading: string | null;
};

/** All episodes of an SLO in their order. Range of the unique index (slo_id, pair_id, number). */
export const readEpisodes = async (db: Db, sloId: string): Promise<StoredEpisode[]> => {
  const rows = await db<
    {
      pair_id: string;
      number: number;
      severity: string;
      fired_at: Date;
      resolved_at: Date | null;
      resolve_reason: string | null;
      firing_reading: string;
      resolved_reading: string | null;
    }[]
  >`
    select pair_id, number, severity, fired_at, resolved_at, resolve_reason, firing_reading::text as firing_reading,
           resolved_reading::text as resolved_reading
      from alerts where slo_id = ${sloId} order by pair_id, number`;
  return rows.map((row) => ({
    pairId: row.pair_id,
    number: row.number,
    severity: row.severity,
    firedAt: epochMs(row.fired_at.getTime()),
    resolvedAt: row.resolved_at === null ? null : epochMs(row.resolved_at.getTime()),
    reason: row.resolve_reason,
    firingReading: row.firing_reading,
    resolvedReading: row.resolved_reading,
  }));
};

/** The newest reading of an SLO as JSON text; null before the first. Primary key of `slo_readings`. */
export const readReading = async (
  db: Db,
  sloId: string,
): Promise<{ version: number; through: EpochMinute; reading: string } | null> => {
  const rows = await db<{ version: number; through_minute: Date; reading: string }[]>`
    select version, through_minute, reading::text as reading from slo_readings where slo_id = ${sloId}`;
  const row = rows[0];
  if (row === undefined) return null;
  return { version: row.version, through: minuteOf(epochMs(row.through_minute.getTime())), reading: row.reading };
};

/** What a file of db/verify finds: one row a difference. */
export type SqlFinding = { readonly what: string; readonly stored: string | null; readonly recomputed: string | null };

/** Runs a statement of this release over [from, until), which it reads from the settings `verify.from` and `verify.until`. */
export const runVerifyStatement = async (
  db: Db,
  args: { sql: string; from: EpochMs; until: EpochMs; sloId: string | null; limit: number },
): Promise<SqlFinding[]> => {
  await db`
    select set_config('verify.from', ${new Date(args.from).toISOString()}, true),
           set_config('verify.until', ${new Date(args.until).toISOString()}, true),
           set_config('verify.slo', ${args.sloId ?? ""}, true),
           set_config('verify.limit', ${String(args.limit)}, true)`;
  // eslint-disable-next-line no-restricted-syntax -- a statement is a file of this release, never input
  const rows = await db.unsafe<SqlFinding[]>(args.sql);
  return rows.map(({ what, stored, recomputed }) => ({ what, stored, recomputed }));
};
