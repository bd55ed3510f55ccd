import { connect as connectTcp, isIP } from "node:net";
import type { SecureContext } from "node:tls";
import type { EpochMs } from "#lib/core/units.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { AllowList } from "./allow-list.ts";
import type { BodyPolicy, ConnectTcp, HopResult } from "./exchange.ts";
import { exchangeOnce } from "./exchange.ts";
import { hostOf, judgeRedirect, judgeUrl } from "./judge-url.ts";
import type { Headers } from "./request-headers.ts";
import { faultOfHeaders, headersAcrossOrigins, headersWithoutBody, mergeHeaders } from "./request-headers.ts";
import type { ResolvedTarget, Resolver } from "./resolve-target.ts";
import { resolveTarget, systemResolver } from "./resolve-target.ts";
import type { Head } from "./response-head.ts";
import { headerText } from "./response-head.ts";
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
};

type Hop = { readonly url: URL; readonly method: string; readonly headers: Headers; readonly body: Buffer | null };
type Trail = { status: number | null; bytesRead: number; address: string | null; certificateExpiresAt: EpochMs | null };

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_ADDRESSES = 4;

const failed = (name: Failure["class"], detail: string): Failure => ({ kind: "failed", class: name, detail });

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
  if (secureContext === null) return failed("internal_error", "certificate authority not readable");
  let hop = firstHop(args);
  for (let redirects = 0; ; redirects += 1) {
    if ("kind" in hop) return hop;
    const result = await runHop(hop, args, stopwatch, trail, secureContext);
    if (result.kind === "failed" || !isFollowed(result, args)) return result;
    if (redirects >= args.maxRedirects) return failed("too_many_redirects", `more than ${args.maxRedirects}`);
    hop = nextHop(hop, result, args);
  }
};

const contextFor = ({ caPem }: RequestArgs): (() => SecureContext) | null => {
  try {
    if (caPem !== undefined) secureContextFor(caPem);
    return () => secureContextFor(caPem);
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

/** Waits for a look-up no longer than the deadline; a look-up cannot be cancelled, its late answer is dropped. */
const lookUp = (hop: Hop, args: RequestArgs, remainingMs: number): Promise<ResolvedTarget | Failure> =>
  new Promise((settle) => {
    const end = (result: ResolvedTarget | Failure) => {
      clearTimeout(timer);
      args.signal.removeEventListener("abort", onAbort);
      settle(result);
    };
    const onAbort = () => end(failed("skipped", "shutdown"));
    const timer = setTimeout(() => end(failed("timeout", "dns")), Math.max(0, remainingMs));
    args.signal.addEventListener("abort", onAbort);
    resolveTarget(hop.url, args.allow, args.resolver ?? systemResolver).then(end, () =>
      end(failed("internal_error", "resolver")),
    );
  });

/** A literal address was judged as part of its URL and needs no look-up. */
const addressesOf = async (hop: Hop, args: RequestArgs, stopwatch: Stopwatch): Promise<ResolvedTarget | Failure> => {
  const host = hostOf(hop.url);
  if (isIP(host) !== 0) {
    stopwatch.touch("dns");
    return { kind: "ready", addresses: [host] };
  }
  stopwatch.enter("dns");
  const target = await lookUp(hop, args, args.timeoutMs - stopwatch.elapsedMs());
  stopwatch.pause();
  return target;
};

const runHop = async (
  hop: Hop,
  args: RequestArgs,
  stopwatch: Stopwatch,
  trail: Trail,
  secureContext: () => SecureContext,
): Promise<Answered | Failure> => {
  if (args.signal.aborted) return failed("skipped", "shutdown");
  const target = await addressesOf(hop, args, stopwatch);
  if (target.kind === "failed") return target;
  if (target.kind === "denied") return BLOCKED;
  if (target.kind === "unresolved") return failed("dns_error", target.detail);
  const context = hop.url.protocol === "https:" ? secureContext() : null;
  return tryAddresses(hop, args, stopwatch, trail, { addresses: target.addresses, context });
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
      stopwatch,
      signal: args.signal,
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
