import type { Judgement } from "#lib/core/assertions.ts";
import type { Assertion, ClientCertificate } from "#lib/core/definitions.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import { rootSpanIdOf, traceparentOf } from "#lib/core/trace-context.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { sendRequest } from "#lib/egress/request.ts";
import { mergeHeaders } from "#lib/egress/request-headers.ts";
import type { Answered, Caps, Exchange } from "#lib/egress/types.ts";
import { judgeHere, textOf } from "#probes/judging/judge.ts";
import type { CheckDeps, CheckResult } from "./check.ts";
import { hexOf } from "./hex-of.ts";

export type HttpTarget = {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** One deadline over all phases and redirects. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number | null;
  readonly maxRedirects: number;
  readonly caps: Caps;
  /** Judged as they are; the default on status is the caller's to add. */
  readonly assertions: readonly Assertion[];
  readonly allow: AllowList;
  /** PEM of the authority to trust instead of the public ones. */
  readonly caPem: string | null;
  /** Shown to servers that ask for one, on the origin of `url` only. */
  readonly clientCertificate?: ClientCertificate | null;
  /** Offers HTTP/2 and speaks it when the server takes it. */
  readonly http2?: boolean;
  readonly connection?: "fresh" | "reuse";
};

/** The target says itself what may be reached and whom to trust. */
export type HttpDeps = Omit<CheckDeps, "allow" | "caPem"> & {
  /** For requests that are steps of one trace; left out: the request is the trace's first span. */
  readonly newSpanId?: () => string;
};

/** Methods that may be sent again (RFC 9110, 9.2.2), as is done when a server closes a kept connection just then. */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** A check with the answer that it judged, for those that read more out of it; null when there was none. */
export type HttpRun = CheckResult & {
  readonly answer: (Pick<Answered, "status" | "headers"> & { readonly text: () => string }) | null;
};

/** What is to be thought of an answer; null when a shutdown came first. */
const judge = async (
  { assertions }: HttpTarget,
  { status, headers, body }: Answered,
  { certificateExpiresAt: expiresAt, durationUs }: Exchange,
  deps: HttpDeps,
): Promise<Judgement | null> => {
  const certificateDaysLeft = expiresAt === null ? null : Math.floor((expiresAt - deps.clock.now()) / DAY_MS);
  const job = { assertions, status, headers, body, durationUs, certificateDaysLeft };
  if (deps.judge === undefined) return judgeHere(job);
  try {
    return await deps.judge(job, deps.signal);
  } catch (error) {
    if (deps.signal.aborted) return null;
    throw error;
  }
};

const outcomeOf = async (target: HttpTarget, exchange: Exchange, deps: HttpDeps): Promise<Outcome> => {
  const { result, status: httpStatus, durationUs, phasesUs, bytesRead, address, certificateExpiresAt } = exchange;
  const measured = { httpStatus, durationUs, phasesUs, bytesRead, address, certificateExpiresAt };
  if (result.kind === "answered") {
    const judged = await judge(target, result, exchange, deps);
    return { ...measured, ...(judged ?? { class: "skipped", detail: "shutdown", failures: [] }) };
  }
  const failed = { ...measured, class: result.class, detail: result.detail, failures: [] };
  // Whatever was seen on the way to a refused address is kept back: all blocked runs look the same.
  if (result.class === "blocked") return { ...failed, httpStatus: null, address: null, certificateExpiresAt: null };
  return failed;
};

/**
 * Runs one HTTP check over a fresh connection. Never rejects and never throws for what the target did: a broken target
 * is an outcome. Ends at the latest when the deadline has passed and leaves nothing open.
 */
export const runHttp = async (target: HttpTarget, deps: HttpDeps): Promise<HttpRun> => {
  const traceId = hexOf(deps.randomBytes(16));
  const exchange = await sendRequest({
    url: target.url,
    method: target.method,
    headers: mergeHeaders(
      { accept: "*/*", "accept-encoding": "gzip, deflate, br", "user-agent": deps.userAgent },
      target.headers,
      { traceparent: traceparentOf(traceId, deps.newSpanId?.() ?? rootSpanIdOf(traceId)) },
    ),
    body: target.body,
    timeoutMs: target.timeoutMs,
    connectTimeoutMs: target.connectTimeoutMs,
    maxRedirects: target.maxRedirects,
    caps: target.caps,
    bodyPolicy: "full",
    allow: target.allow,
    signal: deps.signal,
    clock: deps.clock,
    ...(deps.resolver === undefined ? {} : { resolver: deps.resolver }),
    ...(target.caPem === null ? {} : { caPem: target.caPem }),
    ownCertificate: target.clientCertificate ?? null,
    http2: target.http2 === true,
    kept: target.connection === "reuse" && REPEATABLE.has(target.method) ? (deps.connections ?? null) : null,
  });
  const wasSent = exchange.address !== null && exchange.phasesUs.firstByte !== null;
  const { result } = exchange;
  const answer = result.kind === "answered" ? { ...result, text: () => textOf(result) } : null;
  return { outcome: await outcomeOf(target, exchange, deps), traceId: wasSent ? traceId : null, answer };
};

/** The same for those who need no more than its outcome. */
export const checkHttp = async (target: HttpTarget, deps: HttpDeps): Promise<CheckResult> => {
  const { outcome, traceId } = await runHttp(target, deps);
  return { outcome, traceId };
};
