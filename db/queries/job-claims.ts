import type { JobKind } from "#lib/contracts/jobs.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

// Jobs as their runner sees them. `claim` grows each time that a job changes hands: whoever was paused for too long finds
// that its claim is not the job's any more, and writes nothing.

export type ClaimedJob = {
  readonly id: string;
  readonly kind: JobKind;
  /** JSON. */
  readonly params: string;
  readonly actor: string;
  readonly author: string;
  readonly cursor: string | null;
  /** How many parts of the result are stored. */
  readonly parts: number;
  readonly tries: number;
  readonly claim: string;
};
export type JobClaim = Pick<ClaimedJob, "id" | "claim">;

/** Takes the job that has been due for longest and that nobody holds; null when there is none. Never waits for another runner. */
export const claimJob = async (db: Db, leaseMs: number): Promise<ClaimedJob | null> => {
  const rows = await db<ClaimedJob[]>`
    with due as (
      select id from jobs
       where state in ('queued', 'running') and due_at <= clock_timestamp()
         and (claimed_until is null or claimed_until <= clock_timestamp())
       order by due_at, id limit 1
         for update skip locked)
    update jobs j
       set state = 'running', claim = j.claim + 1, tries = j.tries + 1, updated_at = now(),
           claimed_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond',
           started_at = coalesce(j.started_at, date_trunc('milliseconds', clock_timestamp()))
      from due where j.id = due.id
    returning j.id, j.kind, j.params::text as params, j.actor, j.author, j.cursor, j.tries, j.claim::text as claim,
              (select count(*)::int4 from job_results r where r.job_id = j.id) as parts`;
  return rows[0] ?? null;
};

const held = (db: Db, { id, claim }: JobClaim) => db`id = ${id} and claim = ${claim}::bigint and state = 'running'`;

/** Prolongs a claim. False: the job was canceled, or is another runner's. */
export const keepJob = async (db: Db, job: JobClaim, leaseMs: number): Promise<boolean> => {
  const rows = await db`
    update jobs set claimed_until = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond', updated_at = now()
     where ${held(db, job)} returning id`;
  return rows.length === 1;
};

/** Stores a part of the result and how far the job is. False, and nothing is stored: as `keepJob`. */
export const advanceJob = async (
  db: Db,
  job: JobClaim,
  step: { part: number; body: string; cursor: string | null; progress: number; leaseMs: number },
): Promise<boolean> => {
  const rows = await db`
    update jobs
       set cursor = ${step.cursor}, progress = greatest(progress, ${step.progress}::float8), tries = 0, updated_at = now(),
           claimed_until = clock_timestamp() + ${step.leaseMs}::float8 * interval '1 millisecond'
     where ${held(db, job)} returning id`;
  if (rows.length !== 1) return false;
  if (step.body !== "")
    await db`insert into job_results (job_id, part, body) values (${job.id}, ${step.part}, ${step.body})`;
  return true;
};

/** Ends a job well. False: as `keepJob`. */
export const finishJob = async (
  db: Db,
  job: JobClaim,
  end: { resultUrl: string; resultType: string; expiresAt: EpochMs | null; now: EpochMs },
): Promise<boolean> => {
  const rows = await db`
    update jobs
       set state = 'done', progress = 1, result_url = ${end.resultUrl}, result_type = ${end.resultType},
           expires_at = ${end.expiresAt === null ? null : new Date(end.expiresAt)}::timestamptz,
           finished_at = ${new Date(end.now)}, claimed_until = null, updated_at = now(),
           callback_due_at = case when callback_url is null then null else clock_timestamp() end
     where ${held(db, job)} returning id`;
  return rows.length === 1;
};

/** Ends a job that cannot be done. */
export const failJob = async (
  db: Db,
  job: JobClaim,
  { code, detail, now }: { code: string; detail: string; now: EpochMs },
): Promise<void> => {
  const rows = await db`
    update jobs
       set state = 'failed', error_code = ${code}, error_detail = ${detail}, finished_at = ${new Date(now)},
           claimed_until = null, updated_at = now(),
           callback_due_at = case when callback_url is null then null else clock_timestamp() end
     where ${held(db, job)} returning id`;
  if (rows.length === 1) await db`delete from job_results where job_id = ${job.id}`;
};

/** Gives a job back: it goes on where it stands, after `delayMs`. */
export const releaseJob = async (db: Db, job: JobClaim, delayMs: number): Promise<void> => {
  await db`
    update jobs
       set claimed_until = null, due_at = clock_timestamp() + ${delayMs}::float8 * interval '1 millisecond', updated_at = now()
     where ${held(db, job)}`;
};

export type DueCallback = {
  readonly id: string;
  readonly actor: string;
  readonly url: string;
  /** Sealed. */
  readonly secret: string;
  /** This one included. */
  readonly tries: number;
};

/** Takes a callback that is due, for `leaseMs`; null when there is none. */
export const claimCallback = async (db: Db, leaseMs: number): Promise<DueCallback | null> => {
  const rows = await db<DueCallback[]>`
    with due as (
      select id from jobs where callback_due_at <= clock_timestamp()
       order by callback_due_at, id limit 1 for update skip locked)
    update jobs j
       set callback_tries = j.callback_tries + 1, updated_at = now(),
           callback_due_at = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond'
      from due where j.id = due.id
    returning j.id, j.actor, j.callback_url as url, j.callback_secret as secret, j.callback_tries as tries`;
  return rows[0] ?? null;
};

/** Notes how a callback went: `retryMs` null when it is not tried again. */
export const settleCallback = async (
  db: Db,
  { id, error, retryMs }: { id: string; error: string | null; retryMs: number | null },
): Promise<void> => {
  await db`
    update jobs
       set callback_error = ${error}, updated_at = now(),
           callback_due_at = ${retryMs === null ? db`null` : db`clock_timestamp() + ${retryMs}::float8 * interval '1 millisecond'`}
     where id = ${id}`;
};
