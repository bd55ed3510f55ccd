import type postgres from "postgres";
import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { minuteOf, startOfMinute } from "#lib/core/units.ts";

/** A run in the form of its row: numbers for probe and location, all values already within the limits of their columns. */
export type RunRow = {
  readonly scheduledAt: EpochMs;
  /** How long after its slot it started; null where that does not fit, and `startedAt` says it. */
  readonly startDelayMs: number | null;
  readonly startedAt: EpochMs | null;
  readonly certificateExpiresAt: EpochMs | null;
  readonly probeNo: number;
  readonly locationNo: number;
  readonly durationUs: number;
  readonly dnsUs: number | null;
  readonly connectUs: number | null;
  readonly tlsUs: number | null;
  readonly firstByteUs: number | null;
  readonly transferUs: number | null;
  readonly bytesRead: number;
  readonly classCode: number;
  readonly httpStatus: number | null;
  /** 32 hex digits. */
  readonly traceId: string | null;
  readonly address: string | null;
  readonly detail: string | null;
  /** JSON text. */
  readonly failures: string | null;
};

const ESCAPED = /["\\]/g;

/** One column as the text of an array: a third of the cost of the driver's own, and null needs no type. */
const arrayOf = (rows: readonly RunRow[], pick: (row: RunRow) => string | number | null): string =>
  `{${rows
    .map((row) => {
      const value = pick(row);
      if (value === null) return "null";
      return typeof value === "number" ? value : `"${value.replace(ESCAPED, "\\$&")}"`;
    })
    .join(",")}}`;

/** Milliseconds as numbers: Postgres reads them, and we write them, several times faster than dates in words. */
const instantsOf = (rows: readonly RunRow[], pick: (row: RunRow) => EpochMs | null): string =>
  `{${rows.map((row) => pick(row) ?? "null").join(",")}}`;

/** The columns that every row has, in the order of `valuesOf`. */
export const runColumns = (db: Db) => db`
  scheduled_at, started_at, ingested_at, certificate_expires_at, probe_no, location_no, duration_us, dns_us, connect_us, tls_us,
  first_byte_us, transfer_us, bytes_read, class, http_status, is_late, trace_id, address, detail, failures, start_delay_ms`;

/**
 * Rows as `select … unnest(…), unnest(…)`: side by side in the list, Postgres hands element after element on; in `from` it
 * would keep a table of each array first. A run of a minute before `closedUntil` is late.
 */
export const valuesOf = (
  db: Db,
  { rows, ingestedAt }: { rows: readonly RunRow[]; ingestedAt: EpochMs },
  isLate: postgres.PendingQuery<postgres.Row[]>,
) => db`
  select to_timestamp(r.scheduled_ms / 1000) as scheduled_at, to_timestamp(r.started_ms / 1000), to_timestamp(${ingestedAt}::float8 / 1000),
         to_timestamp(r.expires_ms / 1000), r.probe_no, r.location_no, r.duration_us, r.dns_us, r.connect_us, r.tls_us,
         r.first_byte_us, r.transfer_us, r.bytes_read, r.class, r.http_status, ${isLate}, r.trace_id, r.address, r.detail,
         r.failures, r.start_delay_ms
    from (select unnest(${instantsOf(rows, (row) => row.scheduledAt)}::text::float8[]) as scheduled_ms,
                 unnest(${instantsOf(rows, (row) => row.startedAt)}::text::float8[]) as started_ms,
                 unnest(${instantsOf(rows, (row) => row.certificateExpiresAt)}::text::float8[]) as expires_ms,
                 unnest(${arrayOf(rows, (row) => row.probeNo)}::text::int4[]) as probe_no,
                 unnest(${arrayOf(rows, (row) => row.locationNo)}::text::int2[]) as location_no,
                 unnest(${arrayOf(rows, (row) => row.durationUs)}::text::int4[]) as duration_us,
                 unnest(${arrayOf(rows, (row) => row.dnsUs)}::text::int4[]) as dns_us,
                 unnest(${arrayOf(rows, (row) => row.connectUs)}::text::int4[]) as connect_us,
                 unnest(${arrayOf(rows, (row) => row.tlsUs)}::text::int4[]) as tls_us,
                 unnest(${arrayOf(rows, (row) => row.firstByteUs)}::text::int4[]) as first_byte_us,
                 unnest(${arrayOf(rows, (row) => row.transferUs)}::text::int4[]) as transfer_us,
                 unnest(${arrayOf(rows, (row) => row.bytesRead)}::text::int4[]) as bytes_read,
                 unnest(${arrayOf(rows, (row) => row.classCode)}::text::int2[]) as class,
                 unnest(${arrayOf(rows, (row) => row.httpStatus)}::text::int2[]) as http_status,
                 unnest(${arrayOf(rows, (row) => row.traceId)}::text::uuid[]) as trace_id,
                 unnest(${arrayOf(rows, (row) => row.address)}::text::inet[]) as address,
                 unnest(${arrayOf(rows, (row) => row.detail)}::text::text[]) as detail,
                 unnest(${arrayOf(rows, (row) => row.failures)}::text::jsonb[]) as failures,
                 unnest(${arrayOf(rows, (row) => row.startDelayMs)}::text::int2[]) as start_delay_ms) as r`;

type Inserting = { readonly rows: readonly RunRow[]; readonly ingestedAt: EpochMs };
export type InsertCounts = { readonly inserted: number; readonly late: number };

const beforeClosed = (db: Db) => db`
  coalesce(to_timestamp(r.scheduled_ms / 1000) < (select closed_until from rollup_progress), false)`;

/** Minutes of runs with their locations, each once, in the order in which all writers lock them. */
const marksOf = (rows: readonly RunRow[]): { minutes: string; locationNos: string } => {
  const seen = new Map<string, readonly [minute: EpochMs, locationNo: number]>();
  let last = "";
  for (const { scheduledAt, locationNo } of rows) {
    const minute = startOfMinute(minuteOf(scheduledAt));
    const key = `${minute} ${locationNo}`;
    if (key !== last) seen.set(key, [minute, locationNo]);
    last = key;
  }
  const marks = [...seen.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return { minutes: `{${marks.map((mark) => mark[0])}}`, locationNos: `{${marks.map((mark) => mark[1])}}` };
};

/**
 * Inserts runs of which none is there yet, as nearly every batch is, and in the same statement marks their minutes for the
 * rollup: a third less work for Postgres than asking of each row whether it is new. The marks ask for the runs, so that
 * runs are locked before minutes, as `insertRuns` does: the other way round the two block each other for good. Returns
 * how many were new, and how many of those late.
 * @throws PostgresError 23505 when one is there already or comes twice, and 23514 when the partition of a day is missing;
 * nothing is written then.
 */
export const insertNewRuns = async (db: Db, given: Inserting): Promise<InsertCounts> => {
  const { minutes, locationNos } = marksOf(given.rows);
  const [row] = await db<{ closed_ms: number | null }[]>`
    with inserted as (insert into runs (${runColumns(db)}) ${valuesOf(db, given, beforeClosed(db))} returning 1),
    marked as (
      insert into dirty_minutes (minute, location_no)
      select to_timestamp(m.ms / 1000), m.location_no
        from unnest(${minutes}::text::float8[], ${locationNos}::text::int2[]) as m (ms, location_no)
       where (select count(*) from inserted) > 0
      on conflict (minute, location_no) do update set marks = dirty_minutes.marks + 1)
    select (select extract(epoch from closed_until) * 1000 from rollup_progress)::float8 as closed_ms`;
  const closedMs = row?.closed_ms ?? 0;
  const late = given.rows.filter(({ scheduledAt }) => scheduledAt < closedMs).length;
  return { inserted: given.rows.length, late };
};

/**
 * Inserts runs that are not there yet and, in the same statement, marks the minute and location of each new one for the
 * rollup. A run of a minute that is closed already is late. Returns how many were new, and how many of those late.
 * @throws PostgresError 23514 when the partition of a day is missing; nothing is written then.
 */
export const insertRuns = async (db: Db, given: Inserting): Promise<InsertCounts> => {
  const counts = await db<{ inserted: number; late: number }[]>`
    with inserted as (
      insert into runs (${runColumns(db)}) ${valuesOf(db, given, beforeClosed(db))}
      on conflict do nothing
      returning scheduled_at, location_no, is_late),
    marked as (
      insert into dirty_minutes (minute, location_no)
      select distinct date_trunc('minute', scheduled_at), location_no from inserted order by 1, 2
      on conflict (minute, location_no) do update set marks = dirty_minutes.marks + 1)
    select count(*)::int4 as inserted, (count(*) filter (where is_late))::int4 as late from inserted`;
  return counts[0] ?? { inserted: 0, late: 0 };
};

/** Notes the first run of a probe from a location, or an earlier one that came in late. */
export const noteFirstRuns = async (
  db: Db,
  firsts: readonly { probeNo: number; locationNo: number; firstScheduledAt: EpochMs }[],
): Promise<void> => {
  const column = (values: readonly (string | number)[]): string => `{${values.join(",")}}`;
  await db`
    insert into first_runs as f (probe_no, location_no, first_scheduled_at)
    select n.probe_no, n.location_no, n.first_scheduled_at
      from unnest(${column(firsts.map((first) => first.probeNo))}::text::int4[],
                  ${column(firsts.map((first) => first.locationNo))}::text::int2[],
                  ${column(firsts.map((first) => new Date(first.firstScheduledAt).toISOString()))}::text::timestamptz[])
        as n (probe_no, location_no, first_scheduled_at)
     where not exists (select 1 from first_runs as k
                        where k.probe_no = n.probe_no and k.location_no = n.location_no
                          and k.first_scheduled_at <= n.first_scheduled_at)
     order by n.probe_no, n.location_no
    on conflict (probe_no, location_no)
      do update set first_scheduled_at = least(f.first_scheduled_at, excluded.first_scheduled_at)`;
};

/** The numbers of probes and locations by their ids; retired ones too, because their last runs may still arrive. */
export const readNumbers = async (
  db: Db,
  { probeIds, locationIds }: { probeIds: readonly string[]; locationIds: readonly string[] },
): Promise<{ probes: Map<string, number>; locations: Map<string, number> }> => {
  const rows = await db<{ kind: string; id: string; no: number }[]>`
    select 'probe' as kind, id, no from probes
     where id in (select jsonb_array_elements_text(${JSON.stringify(probeIds)}::text::jsonb))
    union all
    select 'location', id, no from locations
     where id in (select jsonb_array_elements_text(${JSON.stringify(locationIds)}::text::jsonb))`;
  const numbersOf = (kind: string) => new Map(rows.filter((row) => row.kind === kind).map((row) => [row.id, row.no]));
  return { probes: numbersOf("probe"), locations: numbersOf("location") };
};
