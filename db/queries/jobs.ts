import type { JobFacts, JobKind, JobStatus } from "#lib/contracts/jobs.ts";
import type { SORT_FIELDS } from "#lib/contracts/operations/list-operation.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";
import type { KeysetColumn, KeysetPage, ListOrder, SortColumns } from "./keyset.ts";
import { columnsOf, inOrder, millisOf, pageCondition, pageEnd, placeText } from "./keyset.ts";

// Work that takes longer than a request. Claims end by the database's own clock, so that it does not matter whose clock is wrong.

type JobRow = Omit<JobFacts, "params" | "createdAt" | "startedAt" | "finishedAt" | "expiresAt" | "callbackDueAt"> & {
  readonly params: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly callbackDueAt: Date | null;
};

const factsOf = (row: JobRow): JobFacts => ({
  ...row,
  params: JSON.parse(row.params) as Record<string, unknown>,
  createdAt: row.createdAt.getTime(),
  startedAt: row.startedAt?.getTime() ?? null,
  finishedAt: row.finishedAt?.getTime() ?? null,
  expiresAt: row.expiresAt?.getTime() ?? null,
  callbackDueAt: row.callbackDueAt?.getTime() ?? null,
});

const columns = (db: Db) => db`
  id, kind, params::text as params, state, progress, result_url as "resultUrl", error_code as "errorCode",
  error_detail as "errorDetail", created_at as "createdAt", started_at as "startedAt", finished_at as "finishedAt",
  expires_at as "expiresAt", callback_url as "callbackUrl", callback_tries as "callbackTries",
  callback_error as "callbackError", callback_due_at as "callbackDueAt"`;

export type JobToInsert = {
  readonly id: string;
  readonly kind: JobKind;
  readonly params: Readonly<Record<string, unknown>>;
  readonly actor: string;
  readonly author: string;
  readonly callbackUrl: string | null;
  /** Sealed. */
  readonly callbackSecret: string | null;
  readonly now: EpochMs;
};

/** Stores a job that is due at once or later, and answers with it as callers see it. */
export const insertJob = async (db: Db, job: JobToInsert): Promise<JobFacts> => {
  const rows = await db<JobRow[]>`
    insert into jobs (id, kind, params, actor, author, callback_url, callback_secret, due_at, created_at)
    values (${job.id}, ${job.kind}, ${JSON.stringify(job.params)}::text::jsonb, ${job.actor}, ${job.author},
            ${job.callbackUrl}, ${job.callbackSecret}, clock_timestamp(), ${new Date(job.now)})
    returning ${columns(db)}`;
  return factsOf(rows[0] as JobRow);
};

/** How many jobs of an asker wait or run. Index jobs_actor. */
export const countOpenJobs = async (db: Db, actor: string): Promise<number> => {
  const rows = await db<{ n: number }[]>`
    select count(*)::int4 as n from jobs where actor = ${actor} and state in ('queued', 'running')`;
  return rows[0]?.n ?? 0;
};

/** One job of an asker; null when there is none, or it is somebody else's. */
export const readJob = async (db: Db, { id, actor }: { id: string; actor: string }): Promise<JobFacts | null> => {
  const rows = await db<JobRow[]>`select ${columns(db)} from jobs where id = ${id} and actor = ${actor}`;
  return rows[0] === undefined ? null : factsOf(rows[0]);
};

export type JobPlace = { readonly at: EpochMs; readonly id: string };

export type JobFilter = {
  readonly actor: string;
  readonly status: JobStatus | null;
  readonly createdAfter: EpochMs | null;
};

const conditionsOf = (db: Db, { actor, status, createdAfter }: JobFilter) => db`
  actor = ${actor} and (${status}::text is null or state = ${status})
  and (${createdAfter === null} or created_at > ${new Date(createdAfter ?? 0)}::timestamptz)`;

/** What jobs can be ordered by; index jobs_actor narrows them to those of one asker first. */
export const jobColumns = (db: Db, order: ListOrder): KeysetColumn[] => {
  const known: SortColumns<(typeof SORT_FIELDS)["jobs"][number]> = {
    createdAt: { expression: millisOf(db, db`created_at`), type: "int8" },
    kind: { expression: db`kind`, type: "text" },
    status: { expression: db`state`, type: "text" },
  };
  return columnsOf(order, known, { expression: db`id`, type: "text", isDescending: true });
};

/** One page of the jobs of an asker in another order than the newest first. */
export const readSortedJobs = async (
  db: Db,
  args: { filter: JobFilter; columns: readonly KeysetColumn[]; page: KeysetPage },
): Promise<(JobFacts & { readonly place: string })[]> => {
  const { filter, columns: by, page } = args;
  const rows = await db<(JobRow & { readonly place: string })[]>`
    select ${columns(db)}, ${placeText(db, by)} as place from jobs
     where ${conditionsOf(db, filter)} ${pageCondition(db, by, page)} ${pageEnd(db, by, page)}`;
  return inOrder(rows, page).map((row) => ({ ...factsOf(row), place: row.place }));
};

/** Jobs of an asker next to a place, the newest first. Index jobs_actor. */
export const readJobPage = async (
  db: Db,
  args: {
    filter: JobFilter;
    limit: number;
    after: JobPlace | null;
    before: JobPlace | null;
  },
): Promise<JobFacts[]> => {
  const { filter, after, before } = args;
  // Instants are stored to the millisecond, as cursors carry them.
  const place = (at: JobPlace) => db`(${new Date(at.at)}::timestamptz, ${at.id}::text)`;
  const rows = await db<JobRow[]>`
    select ${columns(db)} from jobs
     where ${conditionsOf(db, filter)}
       ${after === null ? db`` : db`and (created_at, id) < ${place(after)}`}
       ${before === null ? db`` : db`and (created_at, id) > ${place(before)}`}
     order by ${before === null ? db`created_at desc, id desc` : db`created_at, id`} limit ${args.limit}`;
  const found = rows.map(factsOf);
  return before === null ? found : found.reverse();
};

/** Cancels a job that is not over; whoever runs it notices at its next step. Null when there was nothing to cancel. */
export const cancelJobRow = async (
  db: Db,
  { id, actor, now }: { id: string; actor: string; now: EpochMs },
): Promise<JobFacts | null> => {
  const rows = await db<JobRow[]>`
    update jobs set state = 'canceled', finished_at = ${new Date(now)}, claimed_until = null, updated_at = now(),
           callback_due_at = case when callback_url is null then null else clock_timestamp() end
     where id = ${id} and actor = ${actor} and state in ('queued', 'running')
    returning ${columns(db)}`;
  if (rows[0] === undefined) return null;
  await db`delete from job_results where job_id = ${id}`;
  return factsOf(rows[0]);
};

/** One part of a result; null after the last one. Primary key. */
export const readJobPart = async (
  db: Db,
  { id, part }: { id: string; part: number },
): Promise<{ body: string } | null> => {
  const rows = await db<{ body: string }[]>`select body from job_results where job_id = ${id} and part = ${part}`;
  return rows[0] ?? null;
};

/** The media type of a job's result; null while there is none. */
export const readJobResultType = async (db: Db, id: string): Promise<string | null> => {
  const rows = await db<{ type: string | null }[]>`select result_type as type from jobs where id = ${id}`;
  return rows[0]?.type ?? null;
};

/** Forgets results whose time is over, and jobs that were made before `before`. */
export const deleteOldJobs = async (
  db: Db,
  { now, before, limit }: { now: EpochMs; before: EpochMs; limit: number },
): Promise<number> => {
  const expired = await db`
    delete from job_results where job_id in (select id from jobs where expires_at <= ${new Date(now)} limit ${limit})`;
  const old = await db`
    delete from jobs where id in (select id from jobs where created_at < ${new Date(before)} limit ${limit})`;
  return expired.count + old.count;
};
