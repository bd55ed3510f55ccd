import type { SloRow } from "#db/queries/config.ts";
import { describeFailure } from "#lib/core/calls/call-failure.ts";
import type { PromqlSource, SliDefinition } from "#lib/core/definitions.ts";
import type { PollStep } from "#lib/core/promql/plan-poll.ts";
import type { MinuteValues } from "#lib/core/promql/read-answer.ts";
import { errorOfAnswer, readRangeAnswer } from "#lib/core/promql/read-answer.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { durationMs, MINUTE_MS, SECOND_MS, startOfMinute } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import type { CallerDeps, CallerState, CallResult } from "#lib/egress/call.ts";
import { callSystem } from "#lib/egress/call.ts";

const ATTEMPT_TIMEOUT_MS = 10 * SECOND_MS;
const CALL_DEADLINE_MS = 20 * SECOND_MS;
/** A day of minutes is some 40 kB. */
const MAX_RESPONSE_BYTES = 1_048_576;
const CALLS_PER_MINUTE = 600;
/** A query that the server refuses or answers oddly is asked again after this. */
const WRONG_ANSWER_RETRY_MS = durationMs(MINUTE_MS);

/** An SLO in force whose events are counted elsewhere. */
export type PromqlSlo = SloRow & {
  /** With the credentials of its source. */
  readonly sli: Extract<SliDefinition, { kind: "promql" }>;
  /** Its credentials cannot be opened: it is never asked without them. */
  readonly isClosed: boolean;
};

export type SourceAnswer =
  | { readonly kind: "values"; readonly values: MinuteValues }
  | {
      readonly kind: "failed";
      /** One line for people; names no address. */
      readonly reason: string;
      readonly retryAfterMs: DurationMs;
      /** The server itself cannot be used now, whatever it is asked. */
      readonly isWholeSource: boolean;
      readonly isExhausted: boolean;
    };

/** Stands for the answer of a source that is not asked, because we have no credentials for it. */
export const CLOSED: SourceAnswer = {
  kind: "failed",
  reason: "its credentials were sealed with another NINES_SECRET_KEY: apply the configuration again",
  retryAfterMs: WRONG_ANSWER_RETRY_MS,
  isWholeSource: false,
  isExhausted: false,
};

const authorizationOf = (auth: PromqlSource["auth"]): Readonly<Record<string, string>> => {
  if (auth === null) return {};
  if (auth.kind === "bearer") return { authorization: `Bearer ${auth.token}` };
  return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}` };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const answerOf = (result: CallResult): SourceAnswer => {
  if (result.kind === "failed") {
    const { failure, retryAfterMs, isExhausted, text } = result;
    // 400 and 422 are the server's way to say that it does not like the query (Prometheus HTTP API).
    const isQuery = failure.kind === "status" && (failure.status === 400 || failure.status === 422);
    return {
      kind: "failed",
      reason: errorOfAnswer(parsed(text)) ?? `the server ${describeFailure(failure)}`,
      retryAfterMs: retryAfterMs ?? WRONG_ANSWER_RETRY_MS,
      isWholeSource: !isQuery,
      isExhausted,
    };
  }
  const read = readRangeAnswer(parsed(result.body.toString("utf8")));
  if (read.kind === "values") return read;
  const { reason } = read;
  return { kind: "failed", reason, retryAfterMs: WRONG_ANSWER_RETRY_MS, isWholeSource: false, isExhausted: false };
};

/**
 * Asks a Prometheus-compatible server for the value of a query at the end of each minute of a step. POST, because queries
 * are long; `nocache` keeps VictoriaMetrics from answering about late samples from its cache.
 */
export const askSource = async (
  deps: CallerDeps,
  args: {
    state: CallerState;
    source: PromqlSource;
    query: string;
    step: Pick<PollStep, "first" | "last">;
    allow: AllowList;
    signal: AbortSignal;
  },
): Promise<SourceAnswer> => {
  const { state, source, query, step, allow, signal } = args;
  const endOf = (minute: PollStep["first"]): string => String((startOfMinute(minute) + MINUTE_MS) / SECOND_MS);
  const body = new URLSearchParams({
    query,
    start: endOf(step.first),
    end: endOf(step.last),
    step: "60",
    nocache: "1",
  });
  const result = await callSystem(deps, state, {
    integration: "promql",
    url: `${source.url}/api/v1/query_range`,
    method: "POST",
    headers: {
      ...source.headers,
      ...authorizationOf(source.auth),
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: body.toString(),
    timeoutMs: ATTEMPT_TIMEOUT_MS,
    deadlineMs: CALL_DEADLINE_MS,
    maxResponseBytes: MAX_RESPONSE_BYTES,
    callsPerMinute: CALLS_PER_MINUTE,
    allow,
    signal,
  });
  return answerOf(result);
};
