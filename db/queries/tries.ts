import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RunRow } from "./runs.ts";

/** A re-check in the form of its row, with all values within the limits of their columns. */
export type TryRow = Omit<RunRow, "startDelayMs" | "startedAt" | "failures"> & {
  /** 2 or more. */
  readonly number: number;
  readonly startedAt: EpochMs;
  readonly failures: unknown;
};

const textOf = (rows: readonly TryRow[]): string =>
  JSON.stringify(
    rows.map((row) => ({
      scheduled_ms: row.scheduledAt,
      started_ms: row.startedAt,
      expires_ms: row.certificateExpiresAt,
      probe_no: row.probeNo,
      location_no: row.locationNo,
      number: row.number,
      duration_us: row.durationUs,
      dns_us: row.dnsUs,
      connect_us: row.connectUs,
      tls_us: row.tlsUs,
      first_byte_us: row.firstByteUs,
      transfer_us: row.transferUs,
      bytes_read: row.bytesRead,
      class: row.classCode,
      http_status: row.httpStatus,
      trace_id: row.traceId,
      address: row.address,
      detail: row.detail,
      failures: row.failures,
    })),
  );

/** Stores re-checks, each at most once by probe, location, slot and number; a replay is no change. Returns how many were new. */
export const insertTries = async (
  db: Db,
  { rows, ingestedAt }: { rows: readonly TryRow[]; ingestedAt: EpochMs },
): Promise<number> => {
  if (rows.length === 0) return 0;
  const inserted = await db`
    insert into run_tries (scheduled_at, started_at, ingested_at, certificate_expires_at, probe_no, duration_us, dns_us, connect_us,
                           tls_us, first_byte_us, transfer_us, bytes_read, location_no, number, class, http_status, trace_id,
                           address, detail, failures)
    select to_timestamp(r.scheduled_ms / 1000), to_timestamp(r.started_ms / 1000), to_timestamp(${ingestedAt}::float8 / 1000),
           to_timestamp(r.expires_ms / 1000), r.probe_no, r.duration_us, r.dns_us, r.connect_us, r.tls_us, r.first_byte_us,
           r.transfer_us, r.bytes_read, r.location_no, r.number, r.class, r.http_status, r.trace_id, r.address, r.detail,
           r.failures
      from jsonb_to_recordset(${textOf(rows)}::text::jsonb)
        as r (scheduled_ms float8, started_ms float8, expires_ms float8, probe_no int4, location_no int2, number int2,
              duration_us int4, dns_us int4, connect_us int4, tls_us int4, first_byte_us int4, transfer_us int4,
              bytes_read int4, class int2, http_status int2, trace_id uuid, address inet, detail text, failures jsonb)
     order by r.probe_no, r.location_no, r.scheduled_ms, r.number
    on conflict do nothing`;
  return inserted.count;
};

export type TryKey = { readonly probeNo: number; readonly locationNo: number; readonly scheduledAt: EpochMs };
export type StoredTry = TryKey & { readonly number: number } & Pick<
    TryRow,
    "startedAt" | "durationUs" | "classCode" | "httpStatus" | "detail" | "failures"
  >;

/** The re-checks of some runs, those of a run in their order. Primary key of `run_tries`, one look-up a run. */
export const readTries = async (db: Db, runs: readonly TryKey[]): Promise<StoredTry[]> => {
  if (runs.length === 0) return [];
  const keys = JSON.stringify(runs.map((run) => ({ ...run, scheduledMs: run.scheduledAt })));
  return db<StoredTry[]>`
    select t.probe_no as "probeNo", t.location_no as "locationNo",
           (extract(epoch from t.scheduled_at) * 1000)::float8 as "scheduledAt", t.number,
           (extract(epoch from t.started_at) * 1000)::float8 as "startedAt", t.duration_us as "durationUs",
           t.class as "classCode", t.http_status as "httpStatus", t.detail, t.failures
      from jsonb_to_recordset(${keys}::text::jsonb) as k ("probeNo" int4, "locationNo" int2, "scheduledMs" float8)
     cross join lateral (
       select * from run_tries
        where probe_no = k."probeNo" and location_no = k."locationNo" and scheduled_at = to_timestamp(k."scheduledMs" / 1000)
       offset 0) as t
     order by t.scheduled_at, t.probe_no, t.location_no, t.number`;
};

/** Deletes at most `limit` re-checks of slots before `before`; returns how many went. */
export const deleteTriesBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from run_tries where (probe_no, location_no, scheduled_at, number) in (
        select probe_no, location_no, scheduled_at, number from run_tries
         where scheduled_at < ${new Date(args.before)} limit ${args.limit}::int)`
  ).count;
