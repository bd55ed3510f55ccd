import type { Socket } from "node:net";
import { connect as connectTcp } from "node:net";
import type { SecureContext } from "node:tls";
import type { EpochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { AllowList } from "./allow-list.ts";
import { compileAllowList } from "./allow-list.ts";
import { failed } from "./end-once.ts";
import type { BodyPolicy, HopResult } from "./exchange.ts";
import { exchangeOnce } from "./exchange.ts";
import { MAX_FIRST_BODY_BYTES } from "./http2-call.ts";
import { hostOf, judgeRedirect, judgeUrl } from "./judge-url.ts";
import type { KeptConnections } from "./kept-connections.ts";
import { keyOfConnection } from "./kept-connections.ts";
import { lookUp } from "./look-up.ts";
import type { ConnectTcp } from "./open-socket.ts";
import type { Headers } from "./request-headers.ts";
import { faultOfHeaders, headersAcrossOrigins, headersWithoutBody, mergeHeaders } from "./request-headers.ts";
import type { Resolver } from "./resolve-target.ts";
import { judgeResolved } from "./resolve-target.ts";
import type { Head } from "./response-head.ts";
import { headerText } from "./response-head.ts";
import type { OwnCertificate } from "./secure-context.ts";
import { secureContextFor } from "./secure-context.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { createStopwatch } from "./stopwatch.ts";
import type { Answered, Caps, Exchange, Failure } from "./types.ts";
import { BLOCKED } from "./types.ts";

export type RequestArgs = {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array | null;
  /** One deadline over look-up, connection, handshake, answer and all redirects. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number | null;
  /** 0: an answer with a redirect status is the answer. */
  readonly maxRedirects: number;
  readonly caps: Caps;
  readonly bodyPolicy: BodyPolicy;
  readonly allow: AllowList;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly resolver?: Resolver;
  readonly connectTcp?: ConnectTcp;
  /** PEM of the authority to trust instead of the public ones. */
  readonly caPem?: string;
  /** Shown to a server that asks for one, on the origin of `url` only. */
  readonly ownCertificate?: OwnCertificate | null;
  /** Offers HTTP/2 over TLS and speaks it when the server takes it. */
  readonly http2?: boolean;
  /**
   * Where a connection comes from and goes back to, instead of a fresh one. Only for methods that may be sent again, as
   * is done when the server closed the kept connection just then (RFC 9110, 9.2.2). Not together with `http2`.
   */
  readonly kept?: KeptConnections | null;
  /** Looks at each connection whose handshake is over; must not throw. */
  readonly onSecure?: ((socket: Socket) => void) | undefined;
};

type Hop = { readonly url: URL; readonly method: string; readonly headers: Headers; readonly body: Buffer | null };
type Trail = { status: number | null; bytesRead: number; address: string | null; certificateExpiresAt: EpochMs | null };

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_ADDRESSES = 4;

/**
 * The one way out for HTTP. Judges the URL, looks its name up once, connects to a checked address, and judges each
 * redirect anew. Never throws for what the target did or for what the policy refused; resolves within the deadline.
 */
export const sendRequest = async (args: RequestArgs): Promise<Exchange> => {
  const stopwatch = createStopwatch(args.clock.monotonicMs);
  const trail: Trail = { status: null, bytesRead: 0, address: null, certificateExpiresAt: null };
  const result = await follow(args, stopwatch, trail);
  stopwatch.stop();
  return { result, ...trail, durationUs: stopwatch.durationUs(), phasesUs: stopwatch.phasesUs() };
};

const firstHop = (args: RequestArgs): Hop | Failure => {
  const fault = faultOfHeaders(args.headers);
  if (fault !== null) return failed("internal_error", fault);
  if (judgeUrl(args.url, args.allow).verdict === "deny") return BLOCKED;
  const body = args.body === null ? null : Buffer.from(args.body);
  return { url: new URL(args.url), method: args.method, headers: mergeHeaders(args.headers), body };
};

const follow = async (args: RequestArgs, stopwatch: Stopwatch, trail: Trail): Promise<Answered | Failure> => {
  const secureContext = contextFor(args);
  if (secureContext === null) return failed("internal_error", "certificate not readable");
  let hop = firstHop(args);
  for (let redirects = 0; ; redirects += 1) {
    if ("kind" in hop) return hop;
    const result = await runHop(hop, args, stopwatch, trail, secureContext);
    if (result.kind === "failed" || !isFollowed(result, args)) return result;
    if (redirects >= args.maxRedirects) return failed("too_many_redirects", `more than ${args.maxRedirects}`);
    hop = nextHop(hop, result, args);
  }
};

type ContextFor = (url: URL) => SecureContext | null;

/** The trust settings for each hop; null when a PEM cannot be read. */
const contextFor = ({ url: first, caPem, ownCertificate = null }: RequestArgs): ContextFor | null => {
  const origin = URL.parse(first)?.origin;
  const contextOf: ContextFor = ({ protocol, origin: each }) =>
    protocol === "https:" ? secureContextFor(caPem, each === origin ? ownCertificate : null) : null;
  try {
    if (caPem !== undefined || ownCertificate !== null) secureContextFor(caPem, ownCertificate);
    return contextOf;
  } catch {
    return null;
  }
};

const isFollowed = ({ status, headers }: Head, { maxRedirects }: RequestArgs): boolean =>
  maxRedirects > 0 && REDIRECTS.has(status) && headerText(headers, "location") !== "";

/** Fetch standard, "HTTP-redirect fetch": 303 turns all but HEAD into GET, 301 and 302 turn POST into GET. */
const dropsBody = (status: number, method: string): boolean =>
  (status === 303 && method !== "GET" && method !== "HEAD") ||
  ((status === 301 || status === 302) && method === "POST");

const nextHop = (hop: Hop, { status, headers }: Head, { allow }: RequestArgs): Hop | Failure => {
  // Node hands header bytes over as Latin-1; what is sent in practice is UTF-8.
  const location = Buffer.from(headerText(headers, "location"), "latin1").toString("utf8");
  const next = judgeRedirect(hop.url, location, allow);
  if (next === null) return failed("protocol_error", "redirect to no URL");
  if (next.judged.verdict === "deny") return BLOCKED;
  const kept = next.url.origin === hop.url.origin ? hop.headers : headersAcrossOrigins(hop.headers);
  if (!dropsBody(status, hop.method)) return { ...hop, url: next.url, headers: kept };
  return { url: next.url, method: "GET", headers: headersWithoutBody(kept), body: null };
};

const runHop = async (
  hop: Hop,
  args: RequestArgs,
  stopwatch: Stopwatch,
  trail: Trail,
  secureContext: ContextFor,
): Promise<Answered | Failure> => {
  const context = secureContext(hop.url);
  const again = await runKept(hop, args, stopwatch, trail, context);
  if (again !== null) return again;
  const target = await lookUp(hop.url, { ...args, stopwatch });
  if (target.kind === "failed") return target;
  return tryAddresses(hop, args, stopwatch, trail, { addresses: target.addresses, context });
};

const keyOf = ({ url: { origin } }: Hop, { url, caPem, ownCertificate: own = null }: RequestArgs): string =>
  keyOfConnection(origin, caPem, ...(URL.parse(url)?.origin === origin ? [own?.certPem, own?.keyPem] : []));

const AGAIN: ReadonlySet<string> = new Set(["connect_reset", "empty_reply"]);

/**
 * The request over an idle connection. Null when there is none, or when the server closed it just then: nothing is known
 * about the target yet. Its address is judged again, since the allow-list may have changed.
 */
const runKept = async (
  hop: Hop,
  args: RequestArgs,
  stopwatch: Stopwatch,
  trail: Trail,
  context: SecureContext | null,
): Promise<Answered | Failure | null> => {
  if (args.kept === undefined || args.kept === null) return null;
  const key = keyOf(hop, args);
  const address = args.kept.idleAddress(key);
  if (address === null) return null;
  if (judgeResolved(hostOf(hop.url), [address], compileAllowList(args.allow)).kind === "denied") {
    args.kept?.drop(key);
    return BLOCKED;
  }
  const before = { ...trail };
  const result = await tryAddresses(hop, args, stopwatch, trail, { addresses: [address], context });
  if (result.kind !== "failed" || !AGAIN.has(result.class)) return result;
  args.kept?.drop(key);
  Object.assign(trail, before);
  return null;
};

const CAN_TRY_NEXT: ReadonlySet<string> = new Set(["connect_refused", "connect_timeout", "internal_error"]);

/** Tries the addresses in turn until one takes the connection. All but the last get at most half of the time left. */
const tryAddresses = async (
  hop: Hop,
  args: RequestArgs,
  stopwatch: Stopwatch,
  trail: Trail,
  { addresses, context }: { addresses: readonly string[]; context: SecureContext | null },
): Promise<Answered | Failure> => {
  const tried = addresses.slice(0, MAX_ADDRESSES);
  let last: HopResult | null = null;
  for (const [index, address] of tried.entries()) {
    const remainingMs = args.timeoutMs - stopwatch.elapsedMs();
    const isLast = index === tried.length - 1;
    const patience = isLast ? args.connectTimeoutMs : Math.min(args.connectTimeoutMs ?? remainingMs, remainingMs / 2);
    trail.address = address;
    last = await exchangeOnce({
      ...hop,
      headers: withFraming(hop),
      address,
      remainingMs,
      connectTimeoutMs: patience,
      caps: args.caps,
      bodyPolicyFor: (head) => (isFollowed(head, args) ? "none" : args.bodyPolicy),
      secureContext: context,
      connectTcp: args.connectTcp ?? connectTcp,
      http2: args.http2 === true && (hop.body?.length ?? 0) <= MAX_FIRST_BODY_BYTES,
      agent: args.kept?.agentFor(keyOf(hop, args)) ?? null,
      stopwatch,
      signal: args.signal,
      onSecure: args.onSecure,
    });
    trail.status = last.status ?? trail.status;
    trail.bytesRead += last.bytesRead;
    trail.certificateExpiresAt = last.certificateExpiresAt ?? trail.certificateExpiresAt;
    const { result } = last;
    const isStuck = result.kind === "failed" && stopwatch.phase() === "connect" && CAN_TRY_NEXT.has(result.class);
    if (!isStuck) return result;
  }
  return last?.result ?? failed("dns_error", "ENODATA");
};

const METHODS_WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);

const withFraming = ({ url, method, headers, body }: Hop): Headers => {
  const framed = { host: url.host, ...headers };
  if (body === null && METHODS_WITHOUT_BODY.has(method)) return framed;
  return { ...framed, "content-length": String(body?.length ?? 0) };
};
