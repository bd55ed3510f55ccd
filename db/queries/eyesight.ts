import type { Db } from "#db/database.ts";
import type { BlindSpan } from "#lib/core/location/eyesight.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { classOfCode, codeOfClass } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What is known of how well each location sees: its reference runs, and the spans in which it could not be trusted.

export type ReferenceRun = {
  readonly locationNo: number;
  readonly checkId: string;
  readonly scheduledAt: EpochMs;
  readonly class: OutcomeClass;
  readonly durationUs: number;
  readonly detail: string | null;
};

/** Inserts reference runs that are not there yet; returns how many were new. Keyed by location, check and instant. */
export const insertReferenceRuns = async (
  db: Db,
  args: { runs: readonly ReferenceRun[]; ingestedAt: EpochMs },
): Promise<number> => {
  const rows = args.runs.map((run) => ({
    location_no: run.locationNo,
    check_id: run.checkId,
    scheduled_at: new Date(run.scheduledAt).toISOString(),
    class: codeOfClass(run.class),
    duration_us: run.durationUs,
    detail: run.detail,
  }));
  const result = await db`
    insert into reference_runs (scheduled_at, ingested_at, duration_us, location_no, class, check_id, detail)
    select r.scheduled_at, ${new Date(args.ingestedAt)}::timestamptz, r.duration_us, r.location_no, r.class, r.check_id, r.detail
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (scheduled_at timestamptz, duration_us int4, location_no int2, class int2, check_id text, detail text)
     order by r.location_no, r.check_id, r.scheduled_at
    on conflict do nothing`;
  return result.count;
};

/** By location, the earliest instant among the reference runs that were stored after another. Index on `ingested_at`. */
export const readNewReferences = async (db: Db, ingestedAfter: EpochMs): Promise<Map<number, EpochMs>> => {
  const rows = await db<{ location_no: number; at: Date }[]>`
    select location_no, min(scheduled_at) as at from reference_runs
     where ingested_at > ${new Date(ingestedAfter)} group by location_no`;
  return new Map(rows.map((row) => [row.location_no, epochMs(row.at.getTime())]));
};

export type SeenReference = { readonly checkId: string; readonly at: EpochMs; readonly class: OutcomeClass };

/** Reference runs of one location scheduled at or after an instant, oldest first. Primary key. */
export const readReferencesSince = async (
  db: Db,
  args: { locationNo: number; since: EpochMs },
): Promise<SeenReference[]> => {
  const rows = await db<{ check_id: string; at: Date; class: number }[]>`
    select check_id, scheduled_at as at, class from reference_runs
     where location_no = ${args.locationNo} and scheduled_at >= ${new Date(args.since)} order by scheduled_at, check_id`;
  return rows.map((row) => ({ checkId: row.check_id, at: epochMs(row.at.getTime()), class: classOfCode(row.class) }));
};

/** Drops reference runs that were stored before an instant, at most `limit` of them. Returns how many. */
export const deleteReferenceRunsBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from reference_runs where (location_no, check_id, scheduled_at) in (
        select location_no, check_id, scheduled_at from reference_runs
         where ingested_at < ${new Date(args.before)} order by ingested_at limit ${args.limit})`
  ).count;

export type BlindCause = "reference" | "dissent" | "silent";

export type StoredSpan = BlindSpan & {
  readonly locationNo: number;
  readonly cause: BlindCause;
  readonly detail: string;
  readonly toldAt: EpochMs | null;
};

/** Spans of all locations that reach beyond an instant, oldest first; open ones always. Index on `ended_at`. */
export const readBlindSpans = async (db: Db, args: { endedAfter: EpochMs }): Promise<StoredSpan[]> => {
  const rows = await db<
    {
      location_no: number;
      cause: BlindCause;
      began_at: Date;
      ended_at: Date | null;
      detail: string;
      told_at: Date | null;
    }[]
  >`
    select location_no, cause, began_at, ended_at, detail, told_at from blind_spans
     where ended_at is null or ended_at > ${new Date(args.endedAfter)} order by location_no, cause, began_at`;
  return rows.map((row) => ({
    locationNo: row.location_no,
    cause: row.cause,
    since: epochMs(row.began_at.getTime()),
    until: row.ended_at === null ? null : epochMs(row.ended_at.getTime()),
    detail: row.detail,
    toldAt: row.told_at === null ? null : epochMs(row.told_at.getTime()),
  }));
};

/** By location number, the spans in which its votes do not count and that reach beyond an instant. */
export const readUncounted = async (db: Db, args: { endedAfter: EpochMs }): Promise<Map<number, BlindSpan[]>> => {
  const byLocation = new Map<number, BlindSpan[]>();
  for (const { locationNo, cause, since, until } of await readBlindSpans(db, args)) {
    if (cause === "silent") continue;
    byLocation.set(locationNo, [...(byLocation.get(locationNo) ?? []), { since, until }]);
  }
  return byLocation;
};

type SpanKey = { readonly locationNo: number; readonly cause: BlindCause };

/** Removes spans of a location by cause and beginning: they turned out to be none. */
export const deleteBlindSpans = async (db: Db, key: SpanKey, began: readonly EpochMs[]): Promise<void> => {
  if (began.length === 0) return;
  const list = `{${began.map((at) => `"${new Date(at).toISOString()}"`).join(",")}}`;
  await db`
    delete from blind_spans
     where location_no = ${key.locationNo} and cause = ${key.cause} and began_at = any(${list}::text::timestamptz[])`;
};

/** Writes spans by their beginnings; what has been told of one stays told. Ends come before beginnings. */
export const upsertBlindSpans = async (
  db: Db,
  key: SpanKey,
  args: { spans: readonly BlindSpan[]; detail: string },
): Promise<void> => {
  const ordered = [...args.spans].sort((a, b) => a.since - b.since);
  for (const { since, until } of ordered) {
    await db`
      insert into blind_spans (location_no, cause, began_at, ended_at, detail)
      values (${key.locationNo}, ${key.cause}, ${new Date(since)}, ${until === null ? null : new Date(until)}, ${args.detail})
      on conflict (location_no, cause, began_at) do update set ended_at = excluded.ended_at, updated_at = now()`;
  }
};

/** Notes that people were told of a span. */
export const markSpanTold = async (db: Db, key: SpanKey & { since: EpochMs; now: EpochMs }): Promise<void> => {
  await db`
    update blind_spans set told_at = ${new Date(key.now)}, updated_at = now()
     where location_no = ${key.locationNo} and cause = ${key.cause} and began_at = ${new Date(key.since)}`;
};
