import type { Phases } from "#lib/core/outcome.ts";
import { judgeRedirect } from "#lib/egress/judge-url.ts";
import { sendRequest } from "#lib/egress/request.ts";
import { headerText } from "#lib/egress/response-head.ts";
import type { HandshakeFacts } from "#lib/egress/tls-facts.ts";
import { handshakeFactsOf } from "#lib/egress/tls-facts.ts";
import type { Answered, Exchange } from "#lib/egress/types.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import type { BlackboxFacts, BlackboxRequest } from "#lib/web/inbound/blackbox-facts.ts";
import type { BlackboxDeps } from "./deps.ts";
import { secondsOf, wordsOf } from "./deps.ts";

const MOST_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

type Hops = {
  readonly exchanges: readonly Exchange[];
  readonly redirects: number;
  readonly url: string;
  readonly tls: HandshakeFacts | null;
  /** Why it did not go on; null when the last exchange is the answer. */
  readonly refusal: string | null;
};

const locationOf = ({ result }: Exchange): string | null => {
  if (result.kind !== "answered" || !REDIRECTS.has(result.status)) return null;
  const location = headerText(result.headers, "location");
  return location === "" ? null : Buffer.from(location, "latin1").toString("utf8");
};

/** Follows redirects one request at a time, so that each can be told apart; each is judged as all requests are. */
const follow = async (request: BlackboxRequest & { url: string }, deps: BlackboxDeps): Promise<Hops> => {
  const { timeoutMs, allow } = request;
  const beganMs = deps.clock.monotonicMs();
  const exchanges: Exchange[] = [];
  let { url } = request;
  for (;;) {
    let tls: HandshakeFacts | null = null;
    const exchange = await sendRequest({
      url,
      method: "GET",
      headers: { accept: "*/*", "accept-encoding": "gzip", "user-agent": deps.userAgent },
      body: null,
      timeoutMs: Math.max(1, timeoutMs - (deps.clock.monotonicMs() - beganMs)),
      connectTimeoutMs: null,
      maxRedirects: 0,
      caps: DEFAULT_CAPS,
      bodyPolicy: "full",
      allow,
      signal: deps.signal,
      clock: deps.clock,
      ...(deps.caPem === null ? {} : { caPem: deps.caPem }),
      onSecure: (socket) => {
        tls = handshakeFactsOf(socket);
      },
    });
    exchanges.push(exchange);
    const redirects = exchanges.length - 1;
    const end = (refusal: string | null): Hops => ({ exchanges, redirects, url, tls, refusal });
    const location = locationOf(exchange);
    if (location === null) return end(null);
    if (redirects >= MOST_REDIRECTS) return end("too_many_redirects");
    const next = judgeRedirect(new URL(url), location, allow);
    if (next === null || next.judged.verdict === "deny") return end("blocked: address not allowed");
    url = next.url.href;
  }
};

const sum = (exchanges: readonly Exchange[], phase: keyof Phases): number =>
  exchanges.reduce((total, { phasesUs }) => total + secondsOf(phasesUs[phase]), 0);

const lastModifiedOf = ({ headers }: Answered): number | null => {
  const ms = Date.parse(headerText(headers, "last-modified"));
  return Number.isNaN(ms) ? null : ms / 1_000;
};

const contentLengthOf = ({ headers }: Answered): number => {
  const text = headerText(headers, "content-length");
  return /^\d+$/.test(text) ? Number(text) : -1;
};

/** The check `http_2xx`: a GET over a fresh connection, redirects followed, good when the last status is 2xx. */
export const runHttp = async (
  request: BlackboxRequest & { url: string },
  deps: BlackboxDeps,
): Promise<BlackboxFacts> => {
  const { exchanges, redirects, url, tls, refusal } = await follow(request, deps);
  const last = exchanges.at(-1);
  const answer = last?.result.kind === "answered" ? last.result : null;
  const words = refusal ?? (answer === null ? wordsOf(last?.result) : `status ${answer.status}`);
  const lookupSeconds = sum(exchanges, "dns");
  return {
    isGood: refusal === null && answer !== null && answer.status >= 200 && answer.status <= 299,
    words,
    durationSeconds: exchanges.reduce((total, { durationUs }) => total + secondsOf(durationUs), 0),
    lookupSeconds,
    address: last?.address ?? null,
    tls,
    http: {
      phases: {
        connect: sum(exchanges, "connect"),
        processing: sum(exchanges, "firstByte"),
        resolve: lookupSeconds,
        tls: sum(exchanges, "tls"),
        transfer: sum(exchanges, "transfer"),
      },
      status: last?.status ?? 0,
      version: answer === null ? 0 : 1.1,
      redirects,
      contentLength: answer === null ? 0 : contentLengthOf(answer),
      bodyLength: answer?.body.length ?? 0,
      lastModified: answer === null ? null : lastModifiedOf(answer),
      isSecure: tls !== null && url.startsWith("https:"),
    },
  };
};
