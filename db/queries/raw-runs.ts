import type { RunToExport } from "#lib/contracts/run-line.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

/**
 * The start of the oldest day that still has raw runs; null when there is none. Partitions are dropped whole, so what
 * there is of a day is all of it. One look into each partition until one has a row.
 */
export const readOldestRun = async (db: Db): Promise<EpochMs | null> => {
  const rows = await db<{ oldest: Date | null }[]>`select min(first_scheduled_at) as oldest from first_runs`;
  const first = rows[0]?.oldest ?? null;
  if (first === null) return null;
  const days = await db<{ day: string }[]>`
    select substring(c.relname from '[0-9]{8}$') as day
      from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'runs'::regclass and c.relname ~ '^runs_[0-9]{8}$' order by 1 limit 1`;
  const day = days[0]?.day;
  if (day === undefined) return null;
  const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}T00:00:00Z`);
  return epochMs(Math.max(start, first.getTime()));
};

type ExportRow = Omit<RunToExport, "scheduledAt" | "startedAt" | "ingestedAt" | "certificateExpiresAt"> & {
  readonly scheduledAt: Date;
  readonly startedAt: Date;
  readonly ingestedAt: Date;
  readonly certificateExpiresAt: Date | null;
};

/**
 * Raw runs of [from, until) in an order that is the same everywhere: by instant, then probe and location in byte order.
 * `probeId` null: all probes. Block range index on `scheduled_at`, in the partitions of the span only.
 */
export const readRunsForExport = async (
  db: Db,
  args: { from: EpochMs; until: EpochMs; probeId: string | null },
): Promise<RunToExport[]> => {
  const rows = await db<ExportRow[]>`
    select p.id as probe, l.id as location, r.scheduled_at as "scheduledAt",
           coalesce(r.started_at, r.scheduled_at + r.start_delay_ms * interval '1 millisecond') as "startedAt",
           r.ingested_at as "ingestedAt", c.class, c.vote, r.duration_us as "durationUs", r.dns_us as "dnsUs",
           r.connect_us as "connectUs", r.tls_us as "tlsUs", r.first_byte_us as "firstByteUs",
           r.transfer_us as "transferUs", r.bytes_read as "bytesRead", r.http_status as "httpStatus", r.detail,
           host(r.address) as address, r.certificate_expires_at as "certificateExpiresAt",
           replace(r.trace_id::text, '-', '') as "traceId", r.is_late as "isLate"
      from runs r
      join probes p on p.no = r.probe_no
      join locations l on l.no = r.location_no
      join outcome_classes c on c.code = r.class
     where r.scheduled_at >= ${new Date(args.from)} and r.scheduled_at < ${new Date(args.until)}
       and (${args.probeId}::text is null or p.id = ${args.probeId})
     order by r.scheduled_at, p.id collate "C", l.id collate "C"`;
  return rows.map((row) => ({
    ...row,
    scheduledAt: row.scheduledAt.toISOString(),
    startedAt: row.startedAt.toISOString(),
    ingestedAt: row.ingestedAt.toISOString(),
    certificateExpiresAt: row.certificateExpiresAt?.toISOString() ?? null,
  }));
};

/** How many probes and locations ever met: what a minute of runs is bounded by. */
export const countPairs = async (db: Db): Promise<number> => {
  const rows = await db<{ count: number }[]>`select count(*)::int4 as count from first_runs`;
  return rows[0]?.count ?? 0;
};
