import type { Db } from "#db/database.ts";
import type { OutcomeClass, Vote } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// Single runs, and what they saw of parts, as `/v1/runs` lists them: each location is one range of a primary key, read
// backwards, so that a page costs as much as it shows.

export type ListedFailure = { readonly assertion: string; readonly expected: string; readonly seen: string };

export type ListedRun = {
  readonly locationNo: number;
  readonly locationId: string;
  readonly scheduledAt: EpochMs;
  readonly startedAt: EpochMs | null;
  readonly class: OutcomeClass;
  readonly vote: Vote;
  readonly detail: string | null;
  readonly durationUs: number;
  /** Null for a part. */
  readonly phasesUs: Readonly<Record<"dns" | "connect" | "tls" | "firstByte" | "transfer", number | null>> | null;
  readonly httpStatus: number | null;
  readonly bytesRead: number | null;
  readonly address: string | null;
  readonly certificateExpiresAt: EpochMs | null;
  /** 32 hex digits. */
  readonly traceId: string | null;
  readonly isLate: boolean | null;
  readonly failures: readonly ListedFailure[];
};

/** A place in the list: the newest first, and of one instant the location with the greatest number. */
export type RunPlace = { readonly scheduledAt: EpochMs; readonly locationNo: number };

export type RunPageAsk = {
  readonly probeNo: number;
  readonly locationNos: readonly number[];
  /** Half-open. */
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly limit: number;
  /** Older than this place, or newer than that one; one of them at most. */
  readonly after: RunPlace | null;
  readonly before: RunPlace | null;
};

type RawRun = {
  location_no: number;
  location_id: string;
  scheduled_at: Date;
  started_at: Date | null;
  class: OutcomeClass;
  vote: Vote;
  detail: string | null;
  duration_us: number;
  dns_us: number | null;
  connect_us: number | null;
  tls_us: number | null;
  first_byte_us: number | null;
  transfer_us: number | null;
  http_status: number | null;
  bytes_read: number | null;
  address: string | null;
  certificate_expires_at: Date | null;
  trace_id: string | null;
  is_late: boolean | null;
  failures: string | null;
};

const instantOrNull = (at: Date | null): EpochMs | null => (at === null ? null : epochMs(at.getTime()));

const listedRun = (row: RawRun, isPart: boolean): ListedRun => ({
  locationNo: row.location_no,
  locationId: row.location_id,
  scheduledAt: epochMs(row.scheduled_at.getTime()),
  startedAt: instantOrNull(row.started_at),
  class: row.class,
  vote: row.vote,
  detail: row.detail,
  durationUs: row.duration_us,
  phasesUs: isPart
    ? null
    : {
        dns: row.dns_us,
        connect: row.connect_us,
        tls: row.tls_us,
        firstByte: row.first_byte_us,
        transfer: row.transfer_us,
      },
  httpStatus: row.http_status,
  bytesRead: row.bytes_read,
  address: row.address,
  certificateExpiresAt: instantOrNull(row.certificate_expires_at),
  traceId: row.trace_id,
  isLate: row.is_late,
  failures: row.failures === null ? [] : (JSON.parse(row.failures) as ListedFailure[]),
});

/** When a run of the table `alias` started: late starts are written out, others as a delay. */
const startOf = (db: Db, alias: "r" | "w") =>
  db`coalesce(${db(alias)}.started_at, ${db(alias)}.scheduled_at + ${db(alias)}.start_delay_ms * interval '1 millisecond')`;

const locationsOf = (db: Db, { locationNos }: RunPageAsk) =>
  db`unnest(${`{${locationNos.join(",")}}`}::text::int2[]) as w (no)`;

/** Rows `r` of one location `w` that the page may hold: bounds for the key first, then the place itself. */
const rowsOf = (db: Db, { from, until, after, before }: RunPageAsk) => db`
      r.location_no = w.no
  and r.scheduled_at >= ${new Date(Math.max(from, before?.scheduledAt ?? from))}::timestamptz
  and r.scheduled_at < ${new Date(until)}::timestamptz
  and (${after === null} or r.scheduled_at <= ${new Date(after?.scheduledAt ?? 0)}::timestamptz)
  and (${after === null} or (r.scheduled_at, r.location_no) < (${new Date(after?.scheduledAt ?? 0)}::timestamptz, ${after?.locationNo ?? 0}::int2))
  and (${before === null} or (r.scheduled_at, r.location_no) > (${new Date(before?.scheduledAt ?? 0)}::timestamptz, ${before?.locationNo ?? 0}::int2))`;

const orderOf = (db: Db, { before }: RunPageAsk) =>
  before === null ? db`scheduled_at desc, location_no desc` : db`scheduled_at, location_no`;
const innerOrderOf = (db: Db, { before }: RunPageAsk) =>
  before === null ? db`r.scheduled_at desc` : db`r.scheduled_at`;

const inOrder = (rows: readonly RawRun[], { before }: RunPageAsk, isPart: boolean): ListedRun[] => {
  const found = rows.map((row) => listedRun(row, isPart));
  return before === null ? found : found.reverse();
};

/** At most `limit` runs of a probe next to a place. Always the newest first. */
export const readRunPage = async (db: Db, ask: RunPageAsk): Promise<ListedRun[]> => {
  const rows = await db<RawRun[]>`
    select p.*, l.id as location_id, c.class as class, c.vote
      from (select f.* from ${locationsOf(db, ask)}
             cross join lateral (
               select r.location_no, r.scheduled_at, ${startOf(db, "r")} as started_at, r.class as class_code, r.detail, r.duration_us, r.dns_us,
                      r.connect_us, r.tls_us, r.first_byte_us, r.transfer_us, r.http_status, r.bytes_read,
                      host(r.address) as address, r.certificate_expires_at, replace(r.trace_id::text, '-', '') as trace_id,
                      r.is_late, r.failures::text as failures
                 from runs r where r.probe_no = ${ask.probeNo} and ${rowsOf(db, ask)}
                order by ${innerOrderOf(db, ask)} limit ${ask.limit}::int) f
             order by ${orderOf(db, ask)} limit ${ask.limit}::int) p
      join locations l on l.no = p.location_no
      join outcome_classes c on c.code = p.class_code
     order by ${orderOf(db, ask)}`;
  return inOrder(rows, ask, false);
};

/** As `readRunPage`, of what runs saw of one part; when it started and its trace are those of the run itself. */
export const readPartRunPage = async (db: Db, partNo: number, ask: RunPageAsk): Promise<ListedRun[]> => {
  const rows = await db<RawRun[]>`
    select p.*, l.id as location_id, c.class as class, c.vote, ${startOf(db, "w")} as started_at, w.is_late,
           replace(w.trace_id::text, '-', '') as trace_id, host(w.address) as address
      from (select f.* from ${locationsOf(db, ask)}
             cross join lateral (
               select r.location_no, r.scheduled_at, r.class as class_code, r.detail, r.duration_us, null::int as dns_us,
                      null::int as connect_us, null::int as tls_us, null::int as first_byte_us, null::int as transfer_us,
                      r.http_status, null::int as bytes_read, null::timestamptz as certificate_expires_at,
                      r.failures::text as failures
                 from part_runs r where r.part_no = ${partNo} and ${rowsOf(db, ask)}
                order by ${innerOrderOf(db, ask)} limit ${ask.limit}::int) f
             order by ${orderOf(db, ask)} limit ${ask.limit}::int) p
      join locations l on l.no = p.location_no
      join outcome_classes c on c.code = p.class_code
      left join runs w on w.probe_no = ${ask.probeNo} and w.location_no = p.location_no and w.scheduled_at = p.scheduled_at
     order by ${orderOf(db, ask)}`;
  return inOrder(rows, ask, true);
};
