import type { Database } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { DueCallback } from "#db/queries/job-claims.ts";
import { claimCallback, settleCallback } from "#db/queries/job-claims.ts";
import { readJob } from "#db/queries/jobs.ts";
import { callbackSecretContext } from "#lib/commands/jobs/ask-job.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { jobResource } from "#lib/contracts/jobs.ts";
import { signWebhook } from "#lib/contracts/sign-webhook.ts";
import { traceparentOf } from "#lib/core/trace-context.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import type { PostArgs, PostResult } from "#lib/egress/post.ts";
import { postJson } from "#lib/egress/post.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { traceOfAttempt } from "../trace-of-attempt.ts";

export type CallbackDeps = {
  readonly database: Database;
  readonly clock: Clock;
  readonly secretBox: SecretBox;
  readonly signal: AbortSignal;
  /** `postJson`, or another in tests. */
  readonly post?: (args: PostArgs) => Promise<PostResult>;
};

const TIMEOUT_MS = 15_000;
const LEASE_MS = 60_000;
const MOST_ANSWER_BYTES = 4_096;
const SECOND = 1_000;
/** After so long each time; then it is given up, and whoever asked still finds the job by its address. */
const RETRY_SECONDS = [10, 60, 300, 1_800, 7_200, 21_600, 43_200] as const;

const retryOf = ({ tries }: DueCallback): number | null => {
  const seconds = RETRY_SECONDS[tries - 1];
  return seconds === undefined ? null : seconds * SECOND;
};

const bodyOf = async ({ database, clock }: CallbackDeps, { id, actor }: DueCallback): Promise<Buffer | null> => {
  const facts = await database.read((db) => readJob(db, { id, actor }));
  if (facts === null) return null;
  const data = jobResource({ ...facts, callbackDueAt: null }, clock.now());
  const timestamp = data.finishedAt ?? new Date(clock.now()).toISOString();
  return Buffer.from(JSON.stringify({ type: `job.${data.status}`, timestamp, data }));
};

const send = async (deps: CallbackDeps, callback: DueCallback, body: Buffer): Promise<string | null> => {
  const { database, clock, secretBox, signal, post = postJson } = deps;
  const { id, url } = callback;
  const allow = (await database.read(readConfigDocument))?.egress.allow ?? [];
  if (judgeUrl(url, allow).verdict === "deny") return "blocked: address not allowed";
  if (url.startsWith("http:") && allow.length === 0) return "blocked: plain http";
  const secrets = [secretBox.open(callback.secret, callbackSecretContext(id))];
  const signed = signWebhook({ id, timestampSeconds: Math.floor(clock.now() / SECOND), body, secrets });
  const { traceId, spanId } = traceOfAttempt(id, `${id}.${callback.tries}`);
  const headers = { ...signed, traceparent: traceparentOf(traceId, spanId) };
  const answer = await post({
    ...{ url, headers, body, allow, signal, clock },
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: MOST_ANSWER_BYTES,
  });
  if (answer.kind === "failed") return answer.reason;
  return answer.status >= 200 && answer.status < 300 ? null : `answered ${answer.status}`;
};

/**
 * Tells one asker that their job is over: signed after Standard Webhooks under the id of the job, at least once. False when
 * nobody is to be told now.
 */
export const sendCallbackOnce = async (deps: CallbackDeps): Promise<boolean> => {
  const { database } = deps;
  const callback = await database.transaction((tx) => claimCallback(tx, LEASE_MS));
  if (callback === null) return false;
  const body = await bodyOf(deps, callback);
  const error = body === null ? null : await send(deps, callback, body).catch(() => "the call could not be made");
  const retryMs = error === null ? null : retryOf(callback);
  await database.transaction((tx) => settleCallback(tx, { id: callback.id, error, retryMs }));
  return true;
};
