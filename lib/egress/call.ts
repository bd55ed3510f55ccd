import type { Breaker } from "#lib/core/calls/breaker.ts";
import { admit, CLOSED, note } from "#lib/core/calls/breaker.ts";
import type { CallFailure } from "#lib/core/calls/call-failure.ts";
import { describeFailure, isTheirFault } from "#lib/core/calls/call-failure.ts";
import { nextStep } from "#lib/core/calls/retry.ts";
import type { TokenBucket } from "#lib/core/calls/token-bucket.ts";
import { draw } from "#lib/core/calls/token-bucket.ts";
import { retryAfterOf } from "#lib/core/delivery/retry-after.ts";
import { drawTraceparent } from "#lib/core/trace-context.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { durationMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter } from "#lib/runtime/metrics.ts";
import type { AllowList } from "./allow-list.ts";
import { sendRequest } from "./request.ts";
import type { Headers } from "./request-headers.ts";
import type { Resolver } from "./resolve-target.ts";
import { headerText } from "./response-head.ts";
import type { Answered, Failure } from "./types.ts";

/** Names the kind of system in logs and metrics: a closed set. */
export type Integration = "promql" | "dead_man" | "alertmanager";

/** What is remembered of one remote system between calls to it. */
export type CallerState = {
  breaker: Breaker;
  bucket: TokenBucket | null;
  /** Calls in a row that the other side put off, and by which status. */
  putOff: { readonly status: number; readonly rounds: number } | null;
};

export type CallerDeps = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly resolver?: Resolver;
};

export type CallArgs = {
  readonly integration: Integration;
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Headers;
  readonly body: string | null;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Of all attempts and the waits between them. */
  readonly deadlineMs: number;
  readonly maxResponseBytes: number;
  readonly callsPerMinute: number;
  readonly allow: AllowList;
  readonly signal: AbortSignal;
  /** The path lets its bearer in: the log does not repeat it. */
  readonly isPathSecret?: boolean;
  /** New credentials as headers after a 401; null when there are none to be had. */
  readonly refresh?: () => Promise<Headers | null>;
};

export type CallResult =
  | { readonly kind: "answered"; readonly status: number; readonly body: Buffer; readonly attempts: number }
  | {
      readonly kind: "failed";
      readonly failure: CallFailure;
      readonly attempts: number;
      /** When a new call makes sense; null: not before somebody changed something. */
      readonly retryAfterMs: DurationMs | null;
      /** The other side put us off as often as we go along with: operators should hear of it. */
      readonly isExhausted: boolean;
      /** The beginning of what came with an error status; empty when nothing did. Not to be trusted. */
      readonly text: string;
    };

const EXCERPT_BYTES = 1_000;

/** A caller that has called nobody yet: closed breaker, full rate. */
export const newCallerState = (): CallerState => ({ breaker: CLOSED, bucket: null, putOff: null });

const failureOf = ({ class: name, detail }: Failure): CallFailure => {
  const reason = `${name}: ${detail}`;
  switch (name) {
    case "blocked":
      return { kind: "blocked", reason };
    case "timeout":
    case "connect_timeout":
      return { kind: "timeout", reason };
    case "protocol_error":
    case "too_large":
    case "decode_error":
    case "too_many_redirects":
      return { kind: "malformed", reason };
    default:
      return { kind: "unreachable", reason };
  }
};

const judge = (result: Answered | Failure, now: ReturnType<Clock["now"]>): CallFailure | Answered => {
  if (result.kind === "failed") return failureOf(result);
  if (result.status >= 200 && result.status <= 299) return result;
  const retryAfterMs = retryAfterOf(headerText(result.headers, "retry-after") || null, now);
  return { kind: "status", status: result.status, retryAfterMs };
};

type FailedAttempt = CallFailure & { readonly text: string };

/** The beginning of the body of an answer, for people. */
const excerptOf = (result: Answered | Failure): string =>
  result.kind === "failed" ? "" : result.body.subarray(0, EXCERPT_BYTES).toString("utf8").replaceAll("\0", "");

/** Asks breaker and bucket. Null: go ahead. */
const admission = (deps: CallerDeps, state: CallerState, args: CallArgs): CallFailure | null => {
  const nowMs = deps.clock.monotonicMs();
  const drawn = draw(state.bucket, args.callsPerMinute, nowMs);
  if (drawn.kind === "empty") return { kind: "not_sent", reason: "rate limit", retryAfterMs: drawn.retryAfterMs };
  const admitted = admit(state.breaker, nowMs);
  state.breaker = admitted.next;
  if (admitted.kind === "refused")
    return { kind: "not_sent", reason: "circuit open", retryAfterMs: admitted.retryAfterMs };
  state.bucket = drawn.next;
  return null;
};

const attempt = async (
  deps: CallerDeps,
  state: CallerState,
  args: CallArgs,
  { headers: given, timeoutMs, number }: { headers: Headers; timeoutMs: number; number: number },
): Promise<FailedAttempt | Answered> => {
  const refused = admission(deps, state, args);
  if (refused !== null) return { ...refused, text: "" };
  const { url, method, body, allow, signal, maxResponseBytes, integration } = args;
  const { traceId, traceparent } = drawTraceparent(deps.random);
  const headers = { ...given, traceparent };
  const { result, durationUs } = await sendRequest({
    url,
    method,
    headers,
    body,
    timeoutMs,
    connectTimeoutMs: null,
    maxRedirects: 0,
    caps: { headBytes: 16_384, headFields: 2_000, bodyBytes: maxResponseBytes, decodedBytes: maxResponseBytes },
    bodyPolicy: "full",
    allow,
    signal,
    clock: deps.clock,
    ...(deps.resolver === undefined ? {} : { resolver: deps.resolver }),
  });
  const judged = judge(result, deps.clock.now());
  const isFine = judged.kind === "answered";
  state.breaker = note(state.breaker, isFine || !isTheirFault(judged), deps.clock.monotonicMs());
  const { host, pathname } = new URL(url);
  const fields = {
    integration,
    traceId,
    method,
    host,
    path: args.isPathSecret === true ? "[hidden]" : pathname,
    attempt: number,
    durationMs: durationUs / 1_000,
  };
  if (isFine)
    deps.log.info({ ...fields, statusCode: judged.status, bytes: judged.body.length }, "called another system");
  else deps.log.info({ ...fields, reason: describeFailure(judged) }, "a call to another system failed");
  counter({
    name: "nines_calls_total",
    help: "Attempts to call other systems, by kind of system and outcome.",
    labels: ["integration", "outcome"],
  }).inc({
    integration,
    outcome: judged.kind === "status" ? `status_${Math.floor(judged.status / 100)}xx` : judged.kind,
  });
  return isFine ? judged : { ...judged, text: excerptOf(result) };
};

/** Remembers how often in a row the other side put us off for the same reason. */
const countRounds = (state: CallerState, failure: CallFailure): number => {
  if (failure.kind === "not_sent") return 0;
  const status = failure.kind === "status" ? failure.status : null;
  if (status !== 429 && status !== 503) {
    state.putOff = null;
    return 0;
  }
  const rounds = state.putOff?.status === status ? state.putOff.rounds : 0;
  state.putOff = { status, rounds: rounds + 1 };
  return rounds;
};

/**
 * Calls another system and waits for its answer: the only client for synchronous calls of ours. One deadline over all
 * attempts; the retry matrix is `nextStep`, the circuit breaker and the rate limit live in `state`, one for each remote
 * system. Never throws for what the other side did; 2xx is an answer, everything else a failure with its class.
 */
export const callSystem = async (deps: CallerDeps, state: CallerState, args: CallArgs): Promise<CallResult> => {
  const { clock, random } = deps;
  const startMs = clock.monotonicMs();
  const leftMs = (): number => startMs + args.deadlineMs - clock.monotonicMs();
  let headers = args.headers;
  let isRefreshed = args.refresh === undefined;
  for (let attempts = 1; ; attempts += 1) {
    const timeoutMs = Math.max(1, Math.min(args.timeoutMs, leftMs()));
    const result = await attempt(deps, state, args, { headers, timeoutMs, number: attempts });
    if (result.kind === "answered") {
      state.putOff = null;
      return { kind: "answered", status: result.status, body: result.body, attempts };
    }
    const rounds = countRounds(state, result);
    const step = nextStep({ failure: result, attempts, rounds, isRefreshed, random: random() });
    const { text, ...failure } = result;
    const end = (retryAfterMs: DurationMs | null, isExhausted = false): CallResult => ({
      kind: "failed",
      failure,
      attempts,
      retryAfterMs,
      isExhausted,
      text,
    });
    if (args.signal.aborted) return end(durationMs(0));
    if (step.kind === "give_up") return end(null);
    if (step.kind === "later") return end(step.afterMs, step.isExhausted);
    if (step.kind === "refresh") {
      const fresh = (await args.refresh?.()) ?? null;
      if (fresh === null) return end(null);
      headers = { ...headers, ...fresh };
      isRefreshed = true;
      continue;
    }
    if (step.afterMs >= leftMs()) return end(step.afterMs);
    try {
      await clock.sleep(step.afterMs, args.signal);
    } catch {
      return end(durationMs(0));
    }
  }
};
