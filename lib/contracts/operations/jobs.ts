import { z } from "zod";
import { parseStatementPeriod } from "#lib/core/statements/period.ts";
import { JOB_STATUSES, JobResource, NewJobResource } from "../jobs.ts";
import { createdAfter, listOperation, sortedPaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { id, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const isPeriod = (text: string): boolean => parseStatementPeriod(text) !== null;
const isDay = (text: string): boolean => {
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
};
const isCallback = (text: string): boolean => {
  try {
    const { protocol, username, password } = new URL(text);
    return /^https?:$/.test(protocol) && username === "" && password === "";
  } catch {
    return false;
  }
};

const instantText = z.iso.datetime({ error: "must be an instant such as 2026-11-03T14:00:00Z" }).optional();
const callbackUrl = z
  .string()
  .max(2_000)
  .refine(isCallback, "must be an address such as https://example.com/nines, without credentials in it")
  .optional()
  .meta({ description: "Is told of the end, in place of looking", example: "https://example.com/nines" });

const CreateJobBody = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("statement"),
      period: z.string().max(20).refine(isPeriod, "must be a month or quarter such as 2026-10 or 2026-Q3"),
      serviceId: id.optional(),
      callbackUrl,
    }),
    z.strictObject({
      kind: z.literal("run_export"),
      day: z
        .string()
        .regex(/^\d{4}-\d\d-\d\d$/, "must be a day such as 2026-11-21")
        .refine(isDay, "must be a day such as 2026-11-21")
        .meta({ description: "In UTC" }),
      probe: id.optional(),
      callbackUrl,
    }),
    z.strictObject({
      kind: z.literal("audit_export"),
      from: instantText,
      to: instantText,
      callbackUrl,
    }),
    z.strictObject({
      kind: z.literal("backtest"),
      sloId: id,
      objective: z
        .string()
        .regex(/^\d{2}(\.\d{1,9})?$/, "must be a percentage such as 99.95")
        .refine((text) => Number(text) > 50, "must be over 50")
        .optional(),
      from: instantText,
      to: instantText,
      callbackUrl,
    }),
  ])
  .meta({ id: "JobCreation", example: { kind: "backtest", sloId: "shop-availability", objective: "99.95" } });

export const JOB_OPERATIONS = [
  listOperation({
    operationId: "listJobs",
    path: "/v1/jobs",
    tag: "jobs",
    summary: "List one's own jobs of the last 30 days, the newest first",
    scope: "jobs:read",
    query: { ...sortedPaging("jobs"), createdAfter, status: z.enum(JOB_STATUSES).optional() },
    item: JobResource,
    name: "JobList",
  }),
  {
    operationId: "getJob",
    method: "GET",
    path: "/v1/jobs/{id}",
    tag: "jobs",
    summary: "Look how far a job is; Retry-After says when to look again",
    scope: "jobs:read",
    query: NoQuery,
    response: JobResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "getJobResult",
    method: "GET",
    path: "/v1/jobs/{id}/result",
    tag: "jobs",
    summary: "Fetch what a job made: JSON, or JSON lines for exports",
    scope: "jobs:read",
    query: NoQuery,
    response: z.unknown().meta({ id: "JobResult", description: "As the kind of the job says" }),
    produces: ["application/x-ndjson"],
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "createJob",
    method: "POST",
    path: "/v1/jobs",
    tag: "jobs",
    summary:
      "Ask for a statement, an export of runs or of the audit log, or a backtest; the scope of its data is needed too",
    scope: "jobs:write",
    query: NoQuery,
    body: CreateJobBody,
    response: NewJobResource,
    status: 202,
    cost: 10,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "cancelJob",
    method: "POST",
    path: "/v1/jobs/{id}/cancel",
    tag: "jobs",
    summary: "Stop a job; one that is over stays as it is",
    scope: "jobs:write",
    query: NoQuery,
    response: JobResource,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
