import type { Db } from "#db/database.ts";
import type { OutcomeClass, Vote } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** What a run saw of a part, in the form of its row, with all values within the limits of their columns. */
export type PartRow = {
  readonly scheduledAt: EpochMs;
  readonly probeNo: number;
  readonly locationNo: number;
  readonly key: string;
  readonly name: string;
  readonly durationUs: number;
  readonly classCode: number;
  readonly httpStatus: number | null;
  readonly detail: string | null;
  readonly failures: unknown;
};

/** A target that names its entries anew in each answer must not fill the database. */
const MOST_PARTS = 1_000;

const textOf = (rows: readonly PartRow[]): string =>
  JSON.stringify(
    rows.map((row) => ({
      scheduled_at: new Date(row.scheduledAt).toISOString(),
      probe_no: row.probeNo,
      location_no: row.locationNo,
      key: row.key,
      name: row.name,
      duration_us: row.durationUs,
      class: row.classCode,
      http_status: row.httpStatus,
      detail: row.detail,
      failures: row.failures,
    })),
  );

/**
 * Stores what runs saw of their parts, each at most once; a replay is no change. Parts that are new are made known first,
 * at most 1,000 a probe; what is told about others is passed over. Names follow the newest run. Returns how many rows were new.
 */
export const insertPartRuns = async (db: Db, rows: readonly PartRow[]): Promise<number> => {
  if (rows.length === 0) return 0;
  const given = textOf(rows);
  await db`
    insert into probe_parts as p (probe_no, key, name)
    select n.probe_no, n.key, n.name
      from (select distinct on (probe_no, key) probe_no, key, name
              from jsonb_to_recordset(${given}::text::jsonb) as r (probe_no int4, key text, name text, scheduled_at timestamptz)
             order by probe_no, key, scheduled_at desc) n
     where exists (select from probe_parts k where k.probe_no = n.probe_no and k.key = n.key and k.name <> n.name)
        or (not exists (select from probe_parts k where k.probe_no = n.probe_no and k.key = n.key)
            and (select count(*) from probe_parts k where k.probe_no = n.probe_no) < ${MOST_PARTS}::int)
     order by n.probe_no, n.key
    on conflict (probe_no, key) do update set name = excluded.name, updated_at = now() where p.name <> excluded.name`;
  // A statement of its own: it sees the parts that were just made, here and by others meanwhile.
  const inserted = await db`
    insert into part_runs (scheduled_at, part_no, duration_us, location_no, class, http_status, detail, failures)
    select r.scheduled_at, p.no, r.duration_us, r.location_no, r.class, r.http_status, r.detail, r.failures
      from jsonb_to_recordset(${given}::text::jsonb)
        as r (scheduled_at timestamptz, probe_no int4, key text, duration_us int4, location_no int2, class int2,
              http_status int2, detail text, failures jsonb)
      join probe_parts p on p.probe_no = r.probe_no and p.key = r.key
     order by p.no, r.location_no, r.scheduled_at
    on conflict do nothing`;
  return inserted.count;
};

/** Deletes at most `limit` rows of parts from before `before`; returns how many went. */
export const deletePartRunsBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from part_runs where (part_no, location_no, scheduled_at) in (
        select part_no, location_no, scheduled_at from part_runs
         where scheduled_at < ${new Date(args.before)} limit ${args.limit}::int)`
  ).count;

/** Forgets parts that were made before `before` and that no row tells about any more; returns how many went. */
export const deleteSilentParts = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from probe_parts where no in (
        select p.no from probe_parts p
         where p.created_at < ${new Date(args.before)}
           and not exists (select from part_runs r where r.part_no = p.no)
         order by p.no limit ${args.limit}::int)`
  ).count;

export type PartIdentity = {
  readonly no: number;
  readonly key: string;
  readonly name: string;
  readonly createdAt: EpochMs;
};

/** The parts of a probe, by key; at most 1,000. Unique key of `probe_parts`. */
export const readParts = async (db: Db, probeNo: number): Promise<PartIdentity[]> => {
  const rows = await db<{ no: number; key: string; name: string; created_at: Date }[]>`
    select no, key, name, created_at from probe_parts where probe_no = ${probeNo} order by key collate "C"`;
  return rows.map(({ created_at, ...rest }) => ({ ...rest, createdAt: epochMs(created_at.getTime()) }));
};

/** How many parts each of these probes has; none: left out. */
export const countParts = async (db: Db, probeNos: readonly number[]): Promise<ReadonlyMap<number, number>> => {
  const rows = await db<{ probe_no: number; parts: number }[]>`
    select probe_no, count(*)::int4 as parts from probe_parts
     where probe_no = any(${`{${probeNos.join(",")}}`}::text::int4[]) group by probe_no`;
  return new Map(rows.map((row) => [row.probe_no, row.parts]));
};

/** What the newest run from a location saw of a part, and since when it has been seen like that. */
export type PartState = {
  readonly partNo: number;
  readonly locationId: string;
  readonly class: OutcomeClass;
  readonly vote: Vote;
  readonly at: EpochMs;
  readonly since: EpochMs;
  readonly durationUs: number;
  readonly httpStatus: number | null;
  readonly detail: string | null;
};

/**
 * The present state of parts at each of these locations. The last run of another class is the newest of the last ones of each
 * class, found by the index of 0012 however long ago it was.
 */
export const readPartStates = async (
  db: Db,
  args: { partNos: readonly number[]; locationNos: readonly number[] },
): Promise<PartState[]> => {
  const rows = await db<
    {
      part_no: number;
      location_id: string;
      class: OutcomeClass;
      vote: Vote;
      at: Date;
      since: Date;
      duration_us: number;
      http_status: number | null;
      detail: string | null;
    }[]
  >`
    select p.no as part_no, l.id as location_id, c.class, c.vote, n.scheduled_at as at, s.at as since, n.duration_us,
           n.http_status, n.detail
      from unnest(${`{${args.partNos.join(",")}}`}::text::int4[]) as p (no)
     cross join unnest(${`{${args.locationNos.join(",")}}`}::text::int2[]) as w (no)
     cross join lateral (
       select r.* from part_runs r where r.part_no = p.no and r.location_no = w.no
        order by r.scheduled_at desc limit 1) n
     cross join lateral (
       select max(last.at) as at
         from outcome_classes k
        cross join lateral (
          select r.scheduled_at as at from part_runs r
           where r.part_no = p.no and r.location_no = w.no and r.class = k.code
           order by r.scheduled_at desc limit 1) last
        where k.code <> n.class) other
     cross join lateral (
       select r.scheduled_at as at from part_runs r
        where r.part_no = p.no and r.location_no = w.no and r.class = n.class
          and r.scheduled_at > coalesce(other.at, '-infinity')
        order by r.scheduled_at limit 1) s
      join locations l on l.no = w.no
      join outcome_classes c on c.code = n.class
     order by p.no, l.position, l.id`;
  return rows.map((row) => ({
    partNo: row.part_no,
    locationId: row.location_id,
    class: row.class,
    vote: row.vote,
    at: epochMs(row.at.getTime()),
    since: epochMs(row.since.getTime()),
    durationUs: row.duration_us,
    httpStatus: row.http_status,
    detail: row.detail,
  }));
};
