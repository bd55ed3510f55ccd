import type { Db } from "#db/database.ts";
import type { RunRow } from "./runs.ts";
import { arrayOf, instantsOf } from "./runs.ts";

// What `nines bench ingest` compares with and measures. Nothing of the service calls these.

/** A table with the columns of `runs` and nothing else: no key, no index, no partition, no check. */
export const createBareTable = async (db: Db): Promise<void> => {
  await db`drop table if exists bench_runs`;
  await db`create table bench_runs (like runs)`;
};

/** The barest insert of the same rows in one statement. */
export const insertBare = async (db: Db, rows: readonly RunRow[], at: Date): Promise<void> => {
  await db`
    insert into bench_runs (scheduled_at, started_at, ingested_at, certificate_expires_at, probe_no, location_no, duration_us, dns_us,
                            connect_us, tls_us, first_byte_us, transfer_us, bytes_read, class, http_status, is_late, trace_id,
                            address, detail, failures)
    select a, b, ${at.toISOString()}::timestamptz, c, d, e, f, g, h, i, j, k, l, m, n, false, o, p, q, r
      from unnest(${instantsOf(rows, (row) => row.scheduledAt)}::text::timestamptz[],
                  ${instantsOf(rows, (row) => row.startedAt)}::text::timestamptz[],
                  ${instantsOf(rows, (row) => row.certificateExpiresAt)}::text::timestamptz[],
                  ${arrayOf(rows, (row) => row.probeNo)}::text::int4[], ${arrayOf(rows, (row) => row.locationNo)}::text::int2[],
                  ${arrayOf(rows, (row) => row.durationUs)}::text::int4[], ${arrayOf(rows, (row) => row.dnsUs)}::text::int4[],
                  ${arrayOf(rows, (row) => row.connectUs)}::text::int4[], ${arrayOf(rows, (row) => row.tlsUs)}::text::int4[],
                  ${arrayOf(rows, (row) => row.firstByteUs)}::text::int4[],
                  ${arrayOf(rows, (row) => row.transferUs)}::text::int4[], ${arrayOf(rows, (row) => row.bytesRead)}::text::int4[],
                  ${arrayOf(rows, (row) => row.classCode)}::text::int2[], ${arrayOf(rows, (row) => row.httpStatus)}::text::int2[],
                  ${arrayOf(rows, (row) => row.traceId)}::text::uuid[], ${arrayOf(rows, (row) => row.address)}::text::inet[],
                  ${arrayOf(rows, (row) => row.detail)}::text::text[], ${arrayOf(rows, (row) => row.failures)}::text::jsonb[])
        as x (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)`;
};

export type TableSize = {
  readonly table: string;
  readonly rows: number;
  readonly heap: number;
  readonly indexes: number;
};

/** Rows and bytes of a table with its partitions. */
export const readTableSize = async (db: Db, table: string): Promise<TableSize> => {
  const [counted] = await db<{ rows: number }[]>`select count(*)::float8 as rows from ${db(table)}`;
  const [size] = await db<{ heap: number; indexes: number }[]>`
    select coalesce(sum(pg_table_size(c)), 0)::float8 as heap, coalesce(sum(pg_indexes_size(c)), 0)::float8 as indexes
      from (select to_regclass(${table})::oid as c
            union all select inhrelid from pg_inherits where inhparent = to_regclass(${table})) as own`;
  return { table, rows: counted?.rows ?? 0, heap: size?.heap ?? 0, indexes: size?.indexes ?? 0 };
};
