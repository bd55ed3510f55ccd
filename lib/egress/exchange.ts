import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { isIP } from "node:net";
import type { SecureContext } from "node:tls";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import { classifyError } from "./classify.ts";
import { hostOf } from "./judge-url.ts";
import type { BodyReader } from "./read-body.ts";
import { readBody } from "./read-body.ts";
import type { Headers } from "./request-headers.ts";
import type { Head } from "./response-head.ts";
import { codingOf, headerText, readHead } from "./response-head.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { Answered, Caps, Failure } from "./types.ts";

/** "full": all of it within the caps. "excerpt": what fits and comes in time. "none": the head is the answer. */
export type BodyPolicy = "full" | "excerpt" | "none";

/** Opens a TCP connection to an address that was checked; a test may lead it elsewhere. */
export type ConnectTcp = (target: { host: string; port: number; autoSelectFamily: false; noDelay: true }) => Socket;

export type HopArgs = {
  readonly url: URL;
  /** Checked already. The connection goes here and nowhere else. */
  readonly address: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer | null;
  readonly remainingMs: number;
  readonly connectTimeoutMs: number | null;
  readonly caps: Caps;
  readonly bodyPolicyFor: (head: Head) => BodyPolicy;
  readonly secureContext: SecureContext | null;
  readonly connectTcp: ConnectTcp;
  readonly stopwatch: Stopwatch;
  readonly signal: AbortSignal;
};

export type HopResult = {
  readonly result: Answered | Failure;
  readonly status: number | null;
  readonly bytesRead: number;
  readonly certificateExpiresAt: EpochMs | null;
};

/** A server may send hints before its answer; one that sends more than this has no answer. */
const MAX_INTERIM_RESPONSES = 50;

const failed = (name: Failure["class"], detail: string): Failure => ({ kind: "failed", class: name, detail });

const openSocket = ({ url, address, secureContext, connectTcp }: HopArgs): Socket => {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const target = { host: address, port, autoSelectFamily: false, noDelay: true } as const;
  if (secureContext === null) return connectTcp(target);
  const host = hostOf(url);
  // An address is never sent as SNI; it is still compared with the certificate, as the host of the connection.
  const servername = isIP(host) === 0 ? host : "";
  return connectTls({ ...target, servername, secureContext, ALPNProtocols: ["http/1.1"] });
};

const expiryOf = (socket: Socket): EpochMs | null => {
  if (!(socket instanceof TLSSocket)) return null;
  const at = socket.getPeerX509Certificate()?.validToDate.getTime();
  return at === undefined || Number.isNaN(at) ? null : epochMs(at);
};

/** Everything that one exchange holds open, and the only way to let go of it. */
type Flight = {
  socket: Socket | null;
  request: ClientRequest | null;
  reader: BodyReader | null;
  head: Head | null;
  hasAnswerByte: boolean;
  interimResponses: number;
  certificateExpiresAt: EpochMs | null;
};

/**
 * One request and its answer over a fresh connection to one address. Resolves once, at the latest when `remainingMs`
 * have passed; the socket, timers and listeners are gone then. Never rejects.
 */
export const exchangeOnce = (args: HopArgs): Promise<HopResult> =>
  new Promise((settle) => {
    const { stopwatch, signal } = args;
    const flight: Flight = {
      socket: null,
      request: null,
      reader: null,
      head: null,
      hasAnswerByte: false,
      interimResponses: 0,
      certificateExpiresAt: null,
    };
    const timers: NodeJS.Timeout[] = [];
    let isSettled = false;
    const finish = (outcome: Answered | Failure) => {
      if (isSettled) return;
      isSettled = true;
      stopwatch.pause();
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      flight.reader?.close();
      flight.request?.destroy();
      flight.socket?.destroy();
      settle({
        result: outcome,
        status: flight.head?.status ?? null,
        bytesRead: flight.reader?.bytesRead() ?? 0,
        certificateExpiresAt: flight.certificateExpiresAt,
      });
    };
    const onAbort = () => finish(failed("skipped", "shutdown"));
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort);
    timers.push(setTimeout(() => fail(failed("timeout", stopwatch.phase())), Math.max(0, args.remainingMs)));
    if (args.connectTimeoutMs !== null && args.connectTimeoutMs < args.remainingMs) {
      const giveUp = () => stopwatch.phase() === "connect" && finish(failed("connect_timeout", "no answer to SYN"));
      timers.push(setTimeout(giveUp, args.connectTimeoutMs));
    }
    const fail = (reason: Failure) => finish(excerptInsteadOf(reason, args, flight));
    stopwatch.enter("connect");
    try {
      start(args, flight, { finish, fail });
    } catch (error) {
      finish(failed("internal_error", error instanceof Error && "code" in error ? String(error.code) : "request"));
    }
  });

type Ends = { readonly finish: (result: Answered | Failure) => void; readonly fail: (reason: Failure) => void };

/** For an excerpt the head is the answer already: what goes wrong after it only shortens the excerpt. */
const excerptInsteadOf = (reason: Failure, args: HopArgs, { head, reader }: Flight): Answered | Failure => {
  if (head === null || args.bodyPolicyFor(head) !== "excerpt") return reason;
  return { kind: "answered", ...head, body: reader?.soFar() ?? Buffer.alloc(0) };
};

const start = (args: HopArgs, flight: Flight, ends: Ends): void => {
  const { stopwatch } = args;
  const onError = (error: Error) => {
    const { hasAnswerByte, head } = flight;
    ends.fail(classifyError({ error, phase: stopwatch.phase(), hasAnswerByte, hasHead: head !== null }));
  };
  const createConnection = () => {
    const socket = openSocket(args);
    flight.socket = socket;
    socket.on("error", onError);
    socket.once("connect", () => stopwatch.enter(args.secureContext === null ? "first_byte" : "tls"));
    socket.once("secureConnect", () => {
      flight.certificateExpiresAt = expiryOf(socket);
      stopwatch.enter("first_byte");
    });
    socket.once("data", () => {
      flight.hasAnswerByte = true;
      stopwatch.enter("transfer");
    });
    return socket;
  };
  const request = httpRequest({
    method: args.method,
    path: args.url.pathname + args.url.search,
    headers: args.headers,
    setHost: false,
    maxHeaderSize: args.caps.headBytes,
    insecureHTTPParser: false,
    createConnection,
  });
  flight.request = request;
  request.maxHeadersCount = args.caps.headFields + 1;
  request.on("error", onError);
  request.on("information", () => {
    flight.interimResponses += 1;
    if (flight.interimResponses > MAX_INTERIM_RESPONSES)
      ends.fail(failed("protocol_error", "too many interim responses"));
  });
  request.on("upgrade", () => ends.fail(failed("protocol_error", "unasked upgrade")));
  request.on("response", (response) => onResponse(response, args, flight, { ...ends, onError }));
  request.end(args.body ?? undefined);
};

/** No need to read what is announced to be over the cap; a length beside no body (HEAD, 304) announces nothing. */
const isAnnouncedTooLarge = ({ status, headers }: Head, { method, caps }: HopArgs): boolean =>
  method !== "HEAD" && status !== 304 && Number(headerText(headers, "content-length")) > caps.bodyBytes;

const onResponse = (
  response: IncomingMessage,
  args: HopArgs,
  flight: Flight,
  { finish, fail, onError }: Ends & { onError: (error: Error) => void },
): void => {
  response.on("error", onError);
  const head = readHead(response, args.caps);
  if ("kind" in head) return finish(head);
  flight.head = head;
  const policy = args.bodyPolicyFor(head);
  if (policy === "none") return finish({ kind: "answered", ...head, body: Buffer.alloc(0) });
  if (policy === "full" && isAnnouncedTooLarge(head, args)) return finish(failed("too_large", "content-length"));
  const coding = codingOf(head.headers);
  if (coding !== null && typeof coding === "object") return fail(coding);
  flight.reader = readBody({
    response,
    coding,
    caps: args.caps,
    onTransferred: () => args.stopwatch.pause(),
    onDone: (result) => (Buffer.isBuffer(result) ? finish({ kind: "answered", ...head, body: result }) : fail(result)),
  });
};
