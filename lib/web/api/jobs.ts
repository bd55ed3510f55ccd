import { once } from "node:events";
import { assertAddress } from "#lib/commands/endpoints/endpoint-rules.ts";
import { askJob, cancelJob } from "#lib/commands/jobs/ask-job.ts";
import type { JobKind, JobStatus } from "#lib/contracts/jobs.ts";
import type { JOB_OPERATIONS } from "#lib/contracts/operations/jobs.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { actorOf, authorise } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import type { JobResult } from "#lib/read/jobs.ts";
import { getJob, listJobs, openJobResult } from "#lib/read/jobs.ts";
import type { Exchange } from "../http/exchange.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "../http/security-headers.ts";
import { authorOf } from "./exclusions.ts";
import type { HandlersOf } from "./types.ts";

/** What the result of a kind holds needs its own scope, or a job would be a way around it. */
const SCOPES: Readonly<Record<JobKind, Scope | null>> = {
  statement: "statements:write",
  run_export: "probes:read",
  audit_export: "audit:read",
  backtest: null,
};

const LOOK_AGAIN_SECONDS = "30";
const isOver = (status: JobStatus): boolean => status !== "queued" && status !== "running";

const sendResult =
  ({ contentType, parts }: JobResult, id: string) =>
  async (exchange: Exchange): Promise<number> => {
    const { req, res, requestId } = exchange;
    const name = `${id}.${contentType.includes("ndjson") ? "ndjson" : "json"}`;
    res.writeHead(200, [
      ...["Content-Type", `${contentType}; charset=utf-8`, "Cache-Control", "private, no-store"],
      ...["Content-Disposition", `attachment; filename="${name}"`, "Content-Security-Policy", DATA_CONTENT_POLICY],
      ...COMMON_HEADERS,
      ...["X-Request-ID", requestId],
    ]);
    if (req.method !== "HEAD") {
      for await (const text of parts()) {
        if (res.destroyed) return 200;
        // A slow reader is waited for, so that no more than a part is in memory.
        if (!res.write(text)) await Promise.race([once(res, "drain"), once(res, "close")]);
      }
    }
    res.end();
    return 200;
  };

export const jobHandlers: HandlersOf<typeof JOB_OPERATIONS> = {
  listJobs: async ({ database, clock }, { principal, query }) => ({
    body: await listJobs(database, query, { actor: actorOf(principal), now: clock.now() }),
  }),
  getJob: async ({ database, clock }, { principal, params }) => {
    const body = await getJob(database, { id: params.id, actor: actorOf(principal), now: clock.now() });
    return { body, headers: isOver(body.status) ? [] : ["Retry-After", LOOK_AGAIN_SECONDS] };
  },
  getJobResult: async ({ database, clock }, { principal, params }) => {
    const result = await openJobResult(database, { id: params.id, actor: actorOf(principal), now: clock.now() });
    return { body: null, stream: sendResult(result, params.id) };
  },
  createJob: async ({ tx, now, actor, randomBytes, secretBox }, { principal, body }) => {
    const { kind, callbackUrl = null, ...params } = body;
    const scope = SCOPES[kind];
    if (authorise(principal, { scope }).kind !== "allowed")
      throw new AppError("FORBIDDEN", `a job of the kind ${kind} also needs the scope ${scope}`);
    if (callbackUrl !== null) await assertAddress(tx, callbackUrl, judgeUrl, "callbackUrl");
    const author = authorOf(principal);
    const made = await askJob(tx, { kind, params, callbackUrl, actor, author, now, randomBytes, secretBox });
    return {
      body: made,
      location: `/v1/jobs/${made.id}`,
      headers: ["Retry-After", LOOK_AGAIN_SECONDS],
    };
  },
  cancelJob: async ({ tx, now, actor }, { params }) => ({ body: await cancelJob(tx, { id: params.id, actor, now }) }),
};
