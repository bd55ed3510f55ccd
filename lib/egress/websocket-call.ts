import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import type { DurationUs } from "#lib/core/units.ts";
import { durationUs } from "#lib/core/units.ts";
import { classifyError } from "./classify.ts";
import type { Conversation, ConverseArgs, Talk } from "./converse.ts";
import { converse } from "./converse.ts";
import type { Headers } from "./request-headers.ts";
import { headerText, readHead } from "./response-head.ts";
import type { Failure } from "./types.ts";
import { DEFAULT_CAPS } from "./types.ts";
import type { Heard } from "./websocket-frames.ts";
import { clientFrame, createMessageReader, OPCODE } from "./websocket-frames.ts";

export type WebsocketCall = {
  /** Path and query. */
  readonly path: string;
  /** `host` among them; names in lower case. */
  readonly headers: Headers;
  readonly send: string | null;
  /** Whether a message is the one that is awaited; null: none is. */
  readonly isAwaited: ((message: string) => boolean) | null;
  readonly randomBytes: (count: number) => Uint8Array;
};

export type WebsocketAnswer =
  /** The server answered, and not with an upgrade. */
  | { readonly kind: "refused"; readonly status: number }
  /** What was awaited has come, or nothing was awaited. */
  | { readonly kind: "heard" }
  /** The server closed, or said too much, before it came. `last` is the last message. */
  | { readonly kind: "closed"; readonly code: number; readonly last: string | null };

/** RFC 6455, 1.3: what the key is hashed with, so that only a WebSocket server answers right. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MAX_MESSAGE_BYTES = 1_048_576;
/** How long the peer may take to close; the check is decided by then. */
const CLOSING_MS = 250;
const MAX_INTERIM_RESPONSES = 50;

const broken = (detail: string): Failure => ({ kind: "failed", class: "protocol_error", detail });

const faultOfUpgrade = (response: IncomingMessage, key: string, { headers }: WebsocketCall): Failure | null => {
  const head = readHead(response, DEFAULT_CAPS);
  if ("kind" in head) return head;
  const field = (name: string) => headerText(head.headers, name).trim();
  const accept = createHash("sha1")
    .update(key + ACCEPT_SUFFIX)
    .digest("base64");
  if (field("upgrade").toLowerCase() !== "websocket") return broken("upgrade to another protocol");
  if (field("sec-websocket-accept") !== accept) return broken("wrong accept key");
  if (field("sec-websocket-extensions") !== "") return broken("extension not asked for");
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((each) => each.trim());
  const chosen = field("sec-websocket-protocol");
  return chosen !== "" && !offered.includes(chosen) ? broken("subprotocol not asked for") : null;
};

type Ends = Pick<Talk<WebsocketAnswer>, "done" | "fail"> & { readonly onDecided: () => void };

/** Says goodbye and waits a moment for the answer. What happens to the connection by now changes nothing any more. */
const close = (socket: Socket, call: WebsocketCall, decide: () => void): void => {
  const timer = setTimeout(decide, CLOSING_MS);
  const end = () => {
    clearTimeout(timer);
    decide();
  };
  // Before the listeners of the conversation, which would take an ending for a fault.
  for (const event of ["end", "error", "close"] as const) socket.prependOnceListener(event, end);
  socket.write(clientFrame(OPCODE.close, Buffer.from([0x03, 0xe8]), call.randomBytes(4)));
};

const converseInFrames = (
  socket: Socket,
  first: Buffer,
  call: WebsocketCall,
  { done, fail, onDecided }: Ends,
): void => {
  const read = createMessageReader(MAX_MESSAGE_BYTES);
  let [isDecided, last]: [boolean, string | null] = [false, null];
  const decide = () => {
    isDecided = true;
    onDecided();
    close(socket, call, () => done({ kind: "heard" }));
  };
  const take = (heard: Heard): void => {
    switch (heard.kind) {
      case "message":
        last = heard.text;
        if (call.isAwaited?.(heard.text) === true) decide();
        return;
      case "ping":
        if (socket.writable) socket.write(clientFrame(OPCODE.pong, heard.payload, call.randomBytes(4)));
        return;
      case "close":
        return done({ kind: "closed", code: heard.code, last });
      case "broken":
        return fail(broken(heard.reason));
      case "too large":
        return fail({ kind: "failed", class: "too_large", detail: "messages" });
    }
  };
  const onBytes = (bytes: Buffer) => {
    for (const heard of socket.destroyed ? [] : read(bytes)) {
      if (!isDecided) take(heard);
      else if (heard.kind === "close") done({ kind: "heard" });
    }
  };
  socket.on("data", onBytes);
  if (call.send !== null) socket.write(clientFrame(OPCODE.text, Buffer.from(call.send), call.randomBytes(4)));
  if (call.isAwaited === null) decide();
  if (first.length > 0) onBytes(first);
};

const speak = (call: WebsocketCall, { socket, done, fail, onDecided }: Talk<WebsocketAnswer> & Ends): void => {
  const key = Buffer.from(call.randomBytes(16)).toString("base64");
  let interimResponses = 0;
  const request = httpRequest({
    method: "GET",
    path: call.path,
    headers: {
      ...call.headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
    },
    setHost: false,
    maxHeaderSize: DEFAULT_CAPS.headBytes,
    insecureHTTPParser: false,
    createConnection: () => socket,
  });
  request.maxHeadersCount = DEFAULT_CAPS.headFields + 1;
  socket.once("close", () => request.destroy());
  request.on("error", (error) =>
    fail(classifyError({ error, phase: "first_byte", hasAnswerByte: socket.bytesRead > 0, hasHead: false })),
  );
  request.on("information", () => {
    interimResponses += 1;
    if (interimResponses > MAX_INTERIM_RESPONSES) fail(broken("too many interim responses"));
  });
  request.on("response", (response) => {
    response.on("error", () => undefined);
    const head = readHead(response, DEFAULT_CAPS);
    if ("kind" in head) fail(head);
    else done({ kind: "refused", status: head.status });
  });
  request.on("upgrade", (response, _socket, first) => {
    const fault = faultOfUpgrade(response, key, call);
    if (fault === null) converseInFrames(socket, first, call, { done, fail, onDecided });
    else fail(fault);
  });
  request.end();
};

/** The measures without the time that the goodbye took. */
const withoutGoodbye = (
  conversation: Conversation<WebsocketAnswer>,
  goodbyeMs: number,
): Conversation<WebsocketAnswer> => {
  const less = <Length extends DurationUs | null>(length: Length) =>
    length === null ? null : durationUs(Math.max(0, length - goodbyeMs * 1_000));
  const { durationUs: total, phasesUs } = conversation;
  return {
    ...conversation,
    durationUs: less(total) ?? total,
    phasesUs: { ...phasesUs, transfer: less(phasesUs.transfer) },
  };
};

/**
 * Upgrades a fresh connection to a checked address to WebSocket, says one message, waits for another, and closes. Never
 * throws for what the peer did; resolves within the deadline with nothing open.
 */
export const callWebsocket = async (
  args: ConverseArgs,
  call: WebsocketCall,
): Promise<Conversation<WebsocketAnswer>> => {
  const { tls, clock } = args;
  let decidedAt: number | null = null;
  const onDecided = () => {
    decidedAt = clock.monotonicMs();
  };
  const alpn = ["http/1.1"];
  const conversation = await converse<WebsocketAnswer>(
    { ...args, tls: tls === null ? null : { ...tls, alpn } },
    (talk) => speak(call, { ...talk, onDecided }),
  );
  return decidedAt === null ? conversation : withoutGoodbye(conversation, clock.monotonicMs() - decidedAt);
};
