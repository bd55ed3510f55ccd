import type { AnswerFacts, AssertionEngines } from "#lib/core/assertions.ts";
import { judgeAnswer } from "#lib/core/assertions.ts";
import type { Assertion } from "#lib/core/definitions.ts";
import type { Outcome } from "#lib/core/outcome.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { sendRequest } from "#lib/egress/request.ts";
import { mergeHeaders } from "#lib/egress/request-headers.ts";
import type { Resolver } from "#lib/egress/resolve-target.ts";
import { headerText } from "#lib/egress/response-head.ts";
import type { Answered, Caps, Exchange } from "#lib/egress/types.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import { queryJsonPath } from "#probes/engines/json-path.ts";
import { matchesPattern } from "#probes/engines/patterns.ts";

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
};

export type CheckDeps = {
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  readonly resolver?: Resolver;
};

export type CheckResult = {
  readonly outcome: Outcome;
  /** 32 lower-case hex digits that the target saw in `traceparent`; null when nothing was sent. */
  readonly traceId: string | null;
};

const ENGINES: AssertionEngines = { matches: matchesPattern, query: queryJsonPath };

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Text of a body in the charset that it claims, or UTF-8 when that is unknown. Broken bytes become U+FFFD. */
const textOf = ({ headers, body }: Answered): string => {
  const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(headerText(headers, "content-type"))?.[1] ?? "utf-8";
  if (/^utf-?8$/i.test(charset)) return body.toString("utf8");
  try {
    return new TextDecoder(charset).decode(body);
  } catch {
    return body.toString("utf8");
  }
};

const factsOf = (answer: Answered, exchange: Exchange, now: EpochMs): AnswerFacts => {
  let text: string | undefined;
  const expiresAt = exchange.certificateExpiresAt;
  return {
    status: answer.status,
    headers: answer.headers,
    bodyText: () => {
      text ??= textOf(answer);
      return text;
    },
    durationUs: exchange.durationUs,
    certificateDaysLeft: expiresAt === null ? null : Math.floor((expiresAt - now) / DAY_MS),
  };
};

const outcomeOf = (target: HttpTarget, exchange: Exchange, now: EpochMs): Outcome => {
  const { result, status: httpStatus, durationUs, phasesUs, bytesRead, address, certificateExpiresAt } = exchange;
  const measured = { httpStatus, durationUs, phasesUs, bytesRead, address, certificateExpiresAt };
  if (result.kind === "answered")
    return { ...measured, ...judgeAnswer(target.assertions, factsOf(result, exchange, now), ENGINES) };
  const failed = { ...measured, class: result.class, detail: result.detail, failures: [] };
  // Whatever was seen on the way to a refused address is kept back: all blocked runs look the same.
  if (result.class === "blocked") return { ...failed, httpStatus: null, address: null, certificateExpiresAt: null };
  return failed;
};

/**
 * Runs one HTTP check over a fresh connection. Never rejects and never throws for what the target did: a broken target
 * is an outcome. Ends at the latest when the deadline has passed and leaves nothing open.
 */
export const checkHttp = async (target: HttpTarget, deps: CheckDeps): Promise<CheckResult> => {
  const ids = hexOf(deps.randomBytes(24));
  const traceId = ids.slice(0, 32);
  const exchange = await sendRequest({
    url: target.url,
    method: target.method,
    headers: mergeHeaders(
      { accept: "*/*", "accept-encoding": "gzip, deflate, br", "user-agent": deps.userAgent },
      target.headers,
      { traceparent: `00-${traceId}-${ids.slice(32)}-01` },
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
  });
  const wasSent = exchange.address !== null && exchange.phasesUs.firstByte !== null;
  return { outcome: outcomeOf(target, exchange, deps.clock.now()), traceId: wasSent ? traceId : null };
};
