import type { Database } from "#db/database.ts";
import type { ClaimedJob } from "#db/queries/job-claims.ts";
import { advanceJob, claimJob, failJob, finishJob, keepJob, releaseJob } from "#db/queries/job-claims.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import type { JobWork, JobWorld } from "./job-kinds.ts";
import { workOf } from "./job-kinds.ts";

export type JobDeps = {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly randomBytes: RandomBytes;
  readonly signal: AbortSignal;
};

/** A claim without a step for so long is anybody's: whoever held it is gone. */
const JOB_LEASE_MS = 30_000;
const FINAL_LEASE_MS = 90_000;
const WRITE_DEADLINE_MS = 20_000;
const FINAL_DEADLINE_MS = 60_000;
const RETRY_MS = 10_000;
/** Claims without a step in between, after which a job is given up. */
const MOST_TRIES = 8;
const RESULT_KEPT_MS = DAY_MS;
const MOST_RESULT_BYTES = 256_000_000;

/** What trying again would not cure. */
const HOPELESS: ReadonlySet<string> = new Set(["NOT_FOUND", "INVALID_REQUEST", "PAYLOAD_TOO_LARGE", "FORBIDDEN"]);

const runSteps = async (
  { database, clock, signal }: JobDeps,
  job: ClaimedJob,
  work: Extract<JobWork, { kind: "steps" }>,
): Promise<void> => {
  let { cursor, parts: part } = job;
  let bytes = 0;
  while (!signal.aborted) {
    const step = await work.step(cursor, part);
    bytes += Buffer.byteLength(step.body);
    if (bytes > MOST_RESULT_BYTES)
      throw new AppError("PAYLOAD_TOO_LARGE", "the result has more than 256 MB; ask for less at a time");
    const isHeld = await database.transaction(
      async (tx) => {
        const { body, progress } = step;
        const row = { part, body, cursor: step.cursor, progress, leaseMs: JOB_LEASE_MS };
        if (!(await advanceJob(tx, job, row))) return false;
        const now = clock.now();
        const end = { resultUrl: `/v1/jobs/${job.id}/result`, resultType: work.type, now };
        return step.isLast ? finishJob(tx, job, { ...end, expiresAt: addMs(now, RESULT_KEPT_MS) }) : true;
      },
      { deadlineMs: WRITE_DEADLINE_MS },
    );
    if (!isHeld || step.isLast) return;
    cursor = step.cursor;
    if (step.body !== "") part += 1;
  }
};

const runFinal = async (
  { database, clock }: JobDeps,
  job: ClaimedJob,
  { work }: Extract<JobWork, { kind: "final" }>,
): Promise<void> => {
  if (!(await database.transaction((tx) => keepJob(tx, job, FINAL_LEASE_MS)))) return;
  await database.transaction(
    async (tx) => {
      const { resultUrl, type, body } = await work(tx);
      const now = clock.now();
      const row = { part: 0, body, cursor: null, progress: 1, leaseMs: JOB_LEASE_MS };
      const isHeld = await advanceJob(tx, job, row);
      const expiresAt = body === "" ? null : addMs(now, RESULT_KEPT_MS);
      if (isHeld) await finishJob(tx, job, { resultUrl, resultType: type, expiresAt, now });
      // What was written above must not stay when the job was canceled meanwhile.
      else throw new AppError("LEASE_LOST", "the job is not ours any more");
    },
    { deadlineMs: FINAL_DEADLINE_MS },
  );
};

const settleFault = async (deps: JobDeps, job: ClaimedJob, error: unknown): Promise<void> => {
  const { database, clock, log } = deps;
  const code = errorCodeOf(error) ?? "INTERNAL";
  if (code === "LEASE_LOST") return;
  if (HOPELESS.has(code) || job.tries >= MOST_TRIES) {
    // Only sentences of ours are told: the message of any other error may quote what it choked on.
    const detail = error instanceof AppError ? error.detail : "a fault of ours; the log has the details";
    await database.transaction((tx) => failJob(tx, job, { code, detail, now: clock.now() }));
    if (!HOPELESS.has(code)) log.error({ jobId: job.id, error }, "a job was given up");
    return;
  }
  log.warn({ jobId: job.id, error }, "a job broke off; trying again");
  await database.transaction((tx) => releaseJob(tx, job, RETRY_MS * job.tries));
};

/**
 * Claims one job and works on it until it is over, canceled or the signal aborts; it goes on later from its last step,
 * here or elsewhere, also after a kill. False when there was none to do.
 */
export const runJobOnce = async (deps: JobDeps): Promise<boolean> => {
  const { database, clock, randomBytes, signal } = deps;
  const job = await database.transaction((tx) => claimJob(tx, JOB_LEASE_MS));
  if (job === null) return false;
  const world: JobWorld = { database, now: clock.now, randomBytes };
  try {
    const work = workOf(world, job);
    await (work.kind === "steps" ? runSteps(deps, job, work) : runFinal(deps, job, work));
    if (signal.aborted) await database.transaction((tx) => releaseJob(tx, job, 0));
  } catch (error) {
    await settleFault(deps, job, error);
  }
  return true;
};
