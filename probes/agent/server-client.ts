import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { AgentWork, OFFSET_HEADER, PROBES_PATH, PushResult, RUNS_PATH, TIME_HEADER } from "#lib/contracts/ingest.ts";
import { drawTraceparent } from "#lib/core/trace-context.ts";
import { addMs } from "#lib/core/units.ts";
import { sendRequest } from "#lib/egress/request.ts";
import type { Exchange as Sent } from "#lib/egress/types.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { AgentIdentity } from "./identity.ts";
import type { ServerAddress } from "./server-address.ts";
import type { ServerClock } from "./server-clock.ts";

const compress = promisify(gzip);

/** An answer that is no success: `status` and `code` as the server gave them, or null when it was not reached. */
export type Refusal = {
  readonly kind: "refused";
  readonly status: number | null;
  readonly code: string | null;
  readonly detail: string;
};

export type Pulled =
  | { readonly kind: "work"; readonly etag: string | null; readonly work: AgentWork }
  | { readonly kind: "same" }
  | Refusal;

export type Pushed = { readonly kind: "stored"; readonly result: PushResult } | Refusal;

export type ServerClient = {
  readonly pull: (etag: string | null, signal: AbortSignal) => Promise<Pulled>;
  /** `body` is the JSON of a push; at most MAX_PUSH_BYTES. */
  readonly push: (body: string, signal: AbortSignal) => Promise<Pushed>;
};

const PULL_TIMEOUT_MS = 15_000;
/** Short, so that runs reach the disk soon when bytes vanish; enough for a piece on a line of 100 kbit/s. */
const PUSH_TIMEOUT_MS = 4_000;
/** Ten thousand probes with long bodies and headers. */
const MAX_WORK_BYTES = 64 * 1_048_576;
const MAX_ANSWER_BYTES = 65_536;

const headerOf = (sent: Sent, name: string): string | null =>
  sent.result.kind === "answered" ? (sent.result.headers.find(([one]) => one === name)?.[1] ?? null) : null;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const refusalOf = ({ result }: Sent): Refusal => {
  if (result.kind === "failed")
    return { kind: "refused", status: null, code: null, detail: `${result.class}: ${result.detail}` };
  const body = parseJson(result.body.toString("utf8"));
  const problem = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const code = typeof problem.code === "string" ? problem.code : null;
  const detail = typeof problem.detail === "string" ? problem.detail.slice(0, 300) : `status ${result.status}`;
  return { kind: "refused", status: result.status, code, detail };
};

export type ServerClientArgs = {
  readonly address: ServerAddress;
  readonly identity: AgentIdentity;
  readonly clock: ServerClock;
  /** This machine's clock, not corrected. */
  readonly localNow: Clock["now"];
  readonly userAgent: string;
  readonly random: () => number;
  readonly caPem: string | null;
};

/** The server read its clock about halfway between the request and the first byte of its answer. */
const observeTime = (sent: Sent, { clock, localNow }: ServerClientArgs): void => {
  const serverMs = Number(headerOf(sent, TIME_HEADER) ?? Number.NaN);
  if (!Number.isFinite(serverMs)) return;
  const sinceUs = (sent.phasesUs.transfer ?? 0) + (sent.phasesUs.firstByte ?? 0) / 2;
  clock.observe(serverMs, addMs(localNow(), -sinceUs / 1_000));
};

/** Speaks to the server: one connection a request, through the egress module, each with a token of its own. */
export const createServerClient = (args: ServerClientArgs): ServerClient => {
  const { address, identity, clock, userAgent, random, caPem } = args;

  const send = async (
    request: { method: string; path: string; headers: Record<string, string>; body: Uint8Array | null },
    limits: { timeoutMs: number; maxBytes: number; signal: AbortSignal },
  ): Promise<Sent> => {
    const sent = await sendRequest({
      url: `${address.base}${request.path}`,
      method: request.method,
      headers: {
        accept: "application/json",
        "user-agent": userAgent,
        traceparent: drawTraceparent(random).traceparent,
        authorization: `Bearer ${await identity.sign(clock.now())}`,
        ...request.headers,
      },
      body: request.body,
      timeoutMs: limits.timeoutMs,
      connectTimeoutMs: null,
      maxRedirects: 0,
      caps: { headBytes: 16_384, headFields: 200, bodyBytes: limits.maxBytes, decodedBytes: limits.maxBytes },
      bodyPolicy: "full",
      allow: address.allow,
      signal: limits.signal,
      clock,
      ...(caPem === null ? {} : { caPem }),
    });
    observeTime(sent, args);
    return sent;
  };

  return {
    pull: async (etag, signal) => {
      const offsetMs = clock.offsetMs();
      const headers: Record<string, string> = {
        ...(etag === null ? {} : { "if-none-match": etag }),
        ...(offsetMs === null ? {} : { [OFFSET_HEADER]: String(offsetMs) }),
      };
      const limits = { timeoutMs: PULL_TIMEOUT_MS, maxBytes: MAX_WORK_BYTES, signal };
      const sent = await send({ method: "GET", path: PROBES_PATH, headers, body: null }, limits);
      const { result } = sent;
      if (result.kind === "answered" && result.status === 304) return { kind: "same" };
      if (result.kind === "failed" || result.status !== 200) return refusalOf(sent);
      const work = AgentWork.safeParse(parseJson(result.body.toString("utf8")));
      if (work.success) return { kind: "work", etag: headerOf(sent, "etag"), work: work.data };
      return { kind: "refused", status: 200, code: null, detail: "the answer is not a list of probes" };
    },
    push: async (body, signal) => {
      const headers = { "content-type": "application/json", "content-encoding": "gzip" };
      const request = { method: "POST", path: RUNS_PATH, headers, body: await compress(body) };
      const sent = await send(request, { timeoutMs: PUSH_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES, signal });
      const { result } = sent;
      if (result.kind === "failed" || result.status !== 200) return refusalOf(sent);
      const stored = PushResult.safeParse(parseJson(result.body.toString("utf8")));
      if (stored.success) return { kind: "stored", result: stored.data };
      return { kind: "refused", status: 200, code: null, detail: "the answer is not the result of a push" };
    },
  };
};
