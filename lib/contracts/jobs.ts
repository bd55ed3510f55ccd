import { z } from "zod";
import { Identifier, Instant } from "./values.ts";

/** Work that takes longer than a request: asked for, looked at until it is done, and fetched. */

const JOB_KINDS = ["statement", "run_export", "audit_export", "backtest"] as const;
export type JobKind = (typeof JOB_KINDS)[number];
export const JOB_STATUSES = ["queued", "running", "done", "failed", "canceled"] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

const fields = {
  id: Identifier,
  kind: z.enum(JOB_KINDS),
  status: z.enum(JOB_STATUSES),
  progress: z.number().min(0).max(1).meta({ description: "From 0 to 1" }),
  estimatedCompletion: Instant.nullable().meta({
    description: "At the pace so far; null when there is none to tell from",
  }),
  resultUrl: z.string().nullable().meta({ description: "Where the result is, once it is done and until it expires" }),
  expiresAt: Instant.nullable().meta({ description: "Until when the result is kept; null: it does not expire" }),
  error: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
  params: z.record(z.string(), z.unknown()).meta({ description: "What was asked for" }),
  callback: z
    .strictObject({
      url: z.string(),
      tries: z.number().int().nonnegative(),
      lastError: z.string().nullable(),
      nextTryAt: Instant.nullable(),
    })
    .nullable()
    .meta({ description: "Who is told of the end" }),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
};

export const JobResource = z
  .strictObject(fields)
  .meta({ id: "Job", description: "Work that takes longer than a request" });
export type JobResource = z.infer<typeof JobResource>;

export const NewJobResource = z
  .strictObject({
    ...fields,
    callbackSecret: z
      .string()
      .nullable()
      .meta({ description: "Signs the callback after Standard Webhooks: shown this once, null without callbackUrl" }),
  })
  .meta({ id: "NewJob" });
export type NewJobResource = z.infer<typeof NewJobResource>;

/** The stored facts of a job. Instants are milliseconds since the epoch. */
export type JobFacts = {
  readonly id: string;
  readonly kind: JobKind;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: JobStatus;
  readonly progress: number;
  readonly resultUrl: string | null;
  readonly errorCode: string | null;
  readonly errorDetail: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly expiresAt: number | null;
  readonly callbackUrl: string | null;
  readonly callbackTries: number;
  readonly callbackError: string | null;
  readonly callbackDueAt: number | null;
};

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** When a running job ends if it goes on as before. Below a twentieth its pace says nothing. */
const estimateOf = ({ state, progress, startedAt }: JobFacts, now: number): string | null =>
  state !== "running" || startedAt === null || progress < 0.05
    ? null
    : iso(Math.round(startedAt + (now - startedAt) / progress));

/** The one way to make a JobResource. */
export const jobResource = (job: JobFacts, now: number): JobResource => ({
  id: job.id,
  kind: job.kind,
  status: job.state,
  progress: job.progress,
  estimatedCompletion: estimateOf(job, now),
  resultUrl: job.expiresAt !== null && job.expiresAt <= now ? null : job.resultUrl,
  expiresAt: iso(job.expiresAt),
  error: job.errorCode === null ? null : { code: job.errorCode, detail: job.errorDetail ?? "" },
  params: { ...job.params },
  callback:
    job.callbackUrl === null
      ? null
      : {
          url: job.callbackUrl,
          tries: job.callbackTries,
          lastError: job.callbackError,
          nextTryAt: iso(job.callbackDueAt),
        },
  createdAt: new Date(job.createdAt).toISOString(),
  startedAt: iso(job.startedAt),
  finishedAt: iso(job.finishedAt),
});
