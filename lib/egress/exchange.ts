import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { SecureContext } from "node:tls";
import type { EpochMs } from "#lib/core/units.ts";
import { classifyError } from "./classify.ts";
import { endOnce, failed } from "./end-once.ts";
import type { Http2Answer, Http2Call } from "./http2-call.ts";
import { speakHttp2 } from "./http2-call.ts";
import type { ConnectTcp } from "./open-socket.ts";
import { expiryOf, openSocket } from "./open-socket.ts";
import type { BodyReader } from "./read-body.ts";
import { readBody } from "./read-body.ts";
import type { Headers } from "./request-headers.ts";
import type { Head } from "./response-head.ts";
import { codingOf, headerText, readHead } from "./response-head.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { Answered, Caps, Failure } from "./types.ts";

/** "full": all of it within the caps. "excerpt": what fits and comes in time. "none": the head is the answer. */
export type BodyPolicy = "full" | "excerpt" | "none";

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
  /** Offers HTTP/2 and speaks it when the server takes it. The body must fit into one window (65,535 bytes). */
  readonly http2: boolean;
  /** Where an idle connection is taken from and put back to; null for a connection of its own. */
  readonly agent: Agent | null;
  readonly stopwatch: Stopwatch;
  readonly signal: AbortSignal;
  /** Looks at a connection whose handshake is over; must not throw. */
  readonly onSecure?: ((socket: Socket) => void) | undefined;
};

export type HopResult = {
  readonly result: Answered | Failure;
  readonly status: number | null;
  readonly bytesRead: number;
  readonly certificateExpiresAt: EpochMs | null;
  /** The connection was kept from an earlier request. */
  readonly isReused: boolean;
};

/** A server may send hints before its answer; one that sends more than this has no answer. */
const MAX_INTERIM_RESPONSES = 50;

/** Everything that one exchange holds open, and the only way to let go of it. */
type Flight = {
  socket: Socket | null;
  request: ClientRequest | null;
  response: IncomingMessage | null;
  isReused: boolean;
  onError: ((error: Error) => void) | null;
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
      response: null,
      isReused: false,
      onError: null,
      reader: null,
      head: null,
      hasAnswerByte: false,
      interimResponses: 0,
      certificateExpiresAt: null,
    };
    const {
      end: finish,
      isOver,
      later,
    } = endOnce<Answered | Failure>(signal, (outcome) => {
      stopwatch.pause();
      flight.reader?.close();
      letGo(args, flight, outcome);
      settle({
        result: outcome,
        status: flight.head?.status ?? null,
        bytesRead: flight.reader?.bytesRead() ?? 0,
        certificateExpiresAt: flight.certificateExpiresAt,
        isReused: flight.isReused,
      });
    });
    if (isOver()) return;
    const fail = (reason: Failure) => finish(excerptInsteadOf(reason, args, flight));
    later(Math.max(0, args.remainingMs), () => fail(failed("timeout", stopwatch.phase())));
    if (args.connectTimeoutMs !== null && args.connectTimeoutMs < args.remainingMs) {
      const giveUp = () => stopwatch.phase() === "connect" && finish(failed("connect_timeout", "no answer to SYN"));
      later(args.connectTimeoutMs, giveUp);
    }
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

/** A connection whose answer came whole goes back to where it was taken from; every other one is closed. */
const letGo = (
  { agent }: HopArgs,
  { socket, request, response, onError }: Flight,
  outcome: Answered | Failure,
): void => {
  if (agent !== null && outcome.kind === "answered" && response?.complete === true) {
    if (onError !== null) socket?.off("error", onError);
    return;
  }
  request?.destroy();
  socket?.destroy();
};

type Course = Ends & { readonly onError: (error: Error) => void };

const start = (args: HopArgs, flight: Flight, ends: Ends): void => {
  const { stopwatch } = args;
  const onError = (error: Error) => {
    const { hasAnswerByte, head } = flight;
    ends.fail(classifyError({ error, phase: stopwatch.phase(), hasAnswerByte, hasHead: head !== null }));
  };
  flight.onError = onError;
  const course: Course = { ...ends, onError };
  if (!args.http2 || args.secureContext === null) return speakHttp1(args, flight, course, null);
  const socket = connectWatched(args, flight, course);
  socket.once("secureConnect", () => {
    if ("alpnProtocol" in socket && socket.alpnProtocol === "h2") speakSecondVersion(args, flight, course, socket);
    else speakHttp1(args, flight, course, socket);
  });
};

const awaitAnswer = (socket: Socket, { stopwatch }: HopArgs, flight: Flight): void => {
  socket.once("data", () => {
    flight.hasAnswerByte = true;
    stopwatch.enter("transfer");
  });
};

/** Opens the connection and follows its phases. */
const connectWatched = (args: HopArgs, flight: Flight, { onError }: Course): Socket => {
  const { stopwatch } = args;
  stopwatch.enter("connect");
  const socket = openSocket(args);
  flight.socket = socket;
  // A connection that is kept has an owner at every moment: an error between two of them must not end the process.
  if (args.agent !== null) socket.on("error", () => undefined);
  socket.on("error", onError);
  socket.once("connect", () => stopwatch.enter(args.secureContext === null ? "first_byte" : "tls"));
  socket.once("secureConnect", () => {
    // Before the expiry is read: Node gives the peer's certificate as an object once, and nothing of it afterwards.
    args.onSecure?.(socket);
    flight.certificateExpiresAt = expiryOf(socket);
    if (args.agent !== null) expiryOfKept.set(socket, flight.certificateExpiresAt);
    stopwatch.enter("first_byte");
  });
  if (!args.http2) awaitAnswer(socket, args, flight);
  return socket;
};

/** Node forgets the certificate of the peer after the first answer. */
const expiryOfKept = new WeakMap<Socket, EpochMs | null>();

/** Node says only now which connection the agent gave: one that was kept has no phases before the first byte. */
const takeKept = (socket: Socket, args: HopArgs, flight: Flight, { onError }: Course): void => {
  if (flight.socket === socket) return;
  flight.socket = socket;
  flight.isReused = true;
  flight.certificateExpiresAt = expiryOfKept.get(socket) ?? null;
  socket.on("error", onError);
  args.stopwatch.enter("first_byte");
  awaitAnswer(socket, args, flight);
};

/** @param open the connection to speak over; null: one is opened, or taken from the agent. */
const speakHttp1 = (args: HopArgs, flight: Flight, course: Course, open: Socket | null): void => {
  const { agent, caps } = args;
  const createConnection = () => open ?? connectWatched(args, flight, course);
  if (agent !== null) agent.createConnection = createConnection;
  if (open !== null) awaitAnswer(open, args, flight);
  const request = httpRequest({
    method: args.method,
    path: args.url.pathname + args.url.search,
    headers: args.headers,
    setHost: false,
    maxHeaderSize: caps.headBytes,
    insecureHTTPParser: false,
    ...(agent === null ? { createConnection } : { agent }),
  });
  flight.request = request;
  if (agent !== null) request.once("socket", (socket) => takeKept(socket, args, flight, course));
  request.maxHeadersCount = caps.headFields + 1;
  request.on("error", course.onError);
  request.on("information", () => {
    flight.interimResponses += 1;
    if (flight.interimResponses > MAX_INTERIM_RESPONSES)
      course.fail(failed("protocol_error", "too many interim responses"));
  });
  request.on("upgrade", () => course.fail(failed("protocol_error", "unasked upgrade")));
  request.on("response", (response) => {
    flight.response = response;
    response.on("error", course.onError);
    const head = readHead(response, caps);
    if ("kind" in head) course.finish(head);
    else takeAnswer(head, response, args, flight, course);
  });
  request.end(args.body ?? undefined);
};

/** HTTP/2 on a connection whose server took it. */
const speakSecondVersion = (args: HopArgs, flight: Flight, course: Course, socket: Socket): void => {
  const { host = args.url.host, ...headers } = args.headers;
  const call: Http2Call = {
    authority: host,
    method: args.method,
    path: args.url.pathname + args.url.search,
    headers,
    body: args.body ?? Buffer.alloc(0),
    maxBodyBytes: args.caps.bodyBytes,
    onHead: (head) => {
      flight.hasAnswerByte = true;
      flight.head = head;
      args.stopwatch.enter("transfer");
      if (args.bodyPolicyFor(head) === "none") course.finish({ kind: "answered", ...head, body: Buffer.alloc(0) });
    },
  };
  const onAnswer = ({ status, headers: fields, body }: Http2Answer) => {
    const response = Object.assign(Readable.from(body.length === 0 ? [] : [body]), { complete: true });
    takeAnswer({ status, headers: fields }, response, args, flight, course);
  };
  socket.once("end", () => course.onError(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
  speakHttp2(call, "https", { socket, done: onAnswer, fail: course.fail });
};

/** No need to read what is announced to be over the cap; a length beside no body (HEAD, 304) announces nothing. */
const isAnnouncedTooLarge = ({ status, headers }: Head, { method, caps }: HopArgs): boolean =>
  method !== "HEAD" && status !== 304 && Number(headerText(headers, "content-length")) > caps.bodyBytes;

/** Reads the body as the policy wants it, and ends the exchange with it. */
const takeAnswer = (
  head: Head,
  response: Readable & { readonly complete: boolean },
  args: HopArgs,
  flight: Flight,
  { finish, fail }: Ends,
): void => {
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
