import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { cancelJobRow, countOpenJobs, insertJob, readJob } from "#db/queries/jobs.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { JobKind, JobResource, NewJobResource } from "#lib/contracts/jobs.ts";
import { jobResource } from "#lib/contracts/jobs.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

const MOST_OPEN = 10;
const SECRET_BYTES = 32;

/** What the secret of a job's callback is sealed under. */
export const callbackSecretContext = (jobId: string): string => `jobs:${jobId}:callback_secret`;

export type JobToAsk = {
  readonly kind: JobKind;
  readonly params: Readonly<Record<string, unknown>>;
  readonly callbackUrl: string | null;
  /** As the audit log names who asks; nobody else sees the job. */
  readonly actor: string;
  /** The same for people. */
  readonly author: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  readonly secretBox: SecretBox;
};

/** Puts a job into the queue. @throws AppError CONFLICT when ten of the same asker are open */
export const askJob = async (tx: Tx, args: JobToAsk): Promise<NewJobResource> => {
  const { kind, params, callbackUrl, actor, author, now, randomBytes, secretBox } = args;
  if ((await countOpenJobs(tx, actor)) >= MOST_OPEN)
    throw new AppError("CONFLICT", `${MOST_OPEN} of your jobs wait or run; cancel one, or wait until one is done`);
  const id = newId("job", now, randomBytes);
  const secret = callbackUrl === null ? null : `whsec_${Buffer.from(randomBytes(SECRET_BYTES)).toString("base64")}`;
  const callbackSecret = secret === null ? null : secretBox.seal(secret, callbackSecretContext(id));
  const job = await insertJob(tx, { id, kind, params, actor, author, callbackUrl, callbackSecret, now });
  await insertAudit(tx, { at: now, actor, action: "job.created", subject: id, before: null, after: { kind, params } });
  return { ...jobResource(job, now), callbackSecret: secret };
};

/** Stops a job of the asker's own; one that is over stays as it is. @throws AppError NOT_FOUND */
export const cancelJob = async (
  tx: Tx,
  { id, actor, now }: { readonly id: string; readonly actor: string; readonly now: EpochMs },
): Promise<JobResource> => {
  const canceled = await cancelJobRow(tx, { id, actor, now });
  if (canceled !== null) {
    await insertAudit(tx, { at: now, actor, action: "job.canceled", subject: id, before: null, after: null });
    return jobResource(canceled, now);
  }
  const job = await readJob(tx, { id, actor });
  if (job === null) throw new AppError("NOT_FOUND", "there is no job of yours with this id");
  return jobResource(job, now);
};
