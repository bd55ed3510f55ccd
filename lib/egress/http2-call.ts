import type { Conversation, ConverseArgs, Talk } from "./converse.ts";
import { converse } from "./converse.ts";
import { failed } from "./end-once.ts";
import { createFieldDecoder, encodeFields } from "./hpack.ts";
import type { Frame } from "./http2-frames.ts";
import {
  contentOf,
  createFrameReader,
  FLAG,
  FRAME,
  frame,
  greeting,
  hasFlag,
  MAX_FRAME_BYTES,
  nameOfHttp2Error,
} from "./http2-frames.ts";
import type { Headers } from "./request-headers.ts";
import { headerText } from "./response-head.ts";
import type { Failure, HeaderList } from "./types.ts";
import { DEFAULT_CAPS } from "./types.ts";

/**
 * One request over HTTP/2. Written here rather than with `node:http2`, whose native part ends the whole process
 * (an assertion in the destructor of its session) when a server sends more header fields than it takes.
 */

export type Http2Call = {
  /** The host and port as the peer is asked for them. */
  readonly authority: string;
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Headers;
  /** At most 65,535 bytes: what a peer takes before it says how much it wants. */
  readonly body: Uint8Array;
  readonly maxBodyBytes: number;
  /** Told once, when the head of the answer is whole. */
  readonly onHead?: (head: { readonly status: number; readonly headers: HeaderList }) => void;
};

export type Http2Answer = {
  readonly status: number;
  readonly headers: HeaderList;
  /** Empty when the answer had a head only. */
  readonly trailers: HeaderList;
  readonly body: Buffer;
};

const STREAM = 1;
/** RFC 9113, 6.9.2: the window of a peer that has not named another. */
export const MAX_FIRST_BODY_BYTES = 65_535;
/** What a peer may say beside its answer; more of it is no answer. */
const MAX_ASIDES = 100;

const broken = (detail: string): Failure => failed("protocol_error", detail);

type Progress = {
  hasSettings: boolean;
  asides: number;
  /** A head that goes on in CONTINUATION frames. */
  block: { readonly parts: Buffer[]; bytes: number; readonly endsStream: boolean } | null;
  head: { readonly status: number; readonly headers: HeaderList } | null;
  trailers: HeaderList;
  readonly chunks: Buffer[];
  bytes: number;
  hasEnded: boolean;
};
type Work = {
  readonly progress: Progress;
  readonly decode: ReturnType<typeof createFieldDecoder>;
  readonly maxBodyBytes: number;
  readonly reply: (bytes: Buffer) => void;
};

const regular = (fields: HeaderList): HeaderList => fields.filter(([name]) => !name.startsWith(":"));

const takeHead = ({ progress, decode }: Work, block: Buffer, endsStream: boolean): Failure | null => {
  const decoded = decode(block);
  if (decoded.kind === "broken") return broken("HTTP/2 COMPRESSION_ERROR");
  if (decoded.kind === "too large") return failed("too_large", "header fields");
  const { fields } = decoded;
  if (progress.head !== null) {
    if (!endsStream) return broken("second head");
    progress.trailers = regular(fields);
    progress.hasEnded = true;
    return null;
  }
  const status = headerText(fields, ":status");
  if (!/^[1-9]\d\d$/.test(status)) return broken("invalid status code");
  if (status.startsWith("1")) return endsStream ? broken("invalid status code") : takeAside(progress);
  progress.head = { status: Number(status), headers: regular(fields) };
  progress.hasEnded = endsStream;
  return null;
};

const takeAside = (progress: Progress): Failure | null => {
  progress.asides += 1;
  return progress.asides > MAX_ASIDES ? broken("too many frames beside the answer") : null;
};

const takeBlock = (work: Work, received: Frame): Failure | null => {
  const { progress } = work;
  const isFirst = received.type === FRAME.headers;
  if (isFirst !== (progress.block === null) || received.stream !== STREAM) return broken("HTTP/2 PROTOCOL_ERROR");
  const content = isFirst ? contentOf(received) : received.payload;
  if (content === null) return broken("HTTP/2 PROTOCOL_ERROR");
  const block = progress.block ?? { parts: [], bytes: 0, endsStream: hasFlag(received, FLAG.endStream) };
  progress.block = block;
  block.parts.push(content);
  block.bytes += content.length;
  if (block.bytes > DEFAULT_CAPS.headBytes) return failed("too_large", "head bytes");
  if (!hasFlag(received, FLAG.endHeaders)) return takeAside(progress);
  progress.block = null;
  return takeHead(work, Buffer.concat(block.parts), block.endsStream);
};

const takeData = ({ progress, maxBodyBytes }: Work, received: Frame): Failure | null => {
  const content = contentOf(received);
  if (content === null || received.stream !== STREAM || progress.head === null) return broken("HTTP/2 PROTOCOL_ERROR");
  progress.chunks.push(content);
  progress.bytes += content.length;
  progress.hasEnded = hasFlag(received, FLAG.endStream);
  if (progress.bytes > maxBodyBytes) return failed("too_large", "body");
  return content.length === 0 ? takeAside(progress) : null;
};

/** Frames about the connection. An ending that was announced without an error may still bring the answer. */
const takeControl = ({ progress, reply }: Work, received: Frame): Failure | null => {
  const { type, payload } = received;
  const isAck = hasFlag(received, FLAG.ack);
  if (type === FRAME.settings && !isAck) reply(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
  if (type === FRAME.ping && !isAck && payload.length === 8) reply(frame(FRAME.ping, FLAG.ack, 0, payload));
  if (type === FRAME.pushPromise) return broken("HTTP/2 PROTOCOL_ERROR");
  if (type === FRAME.resetStream || type === FRAME.goAway) {
    const at = type === FRAME.goAway ? 4 : 0;
    if (payload.length < at + 4) return broken("HTTP/2 FRAME_SIZE_ERROR");
    const code = payload.readUInt32BE(at);
    if (type === FRAME.resetStream || code !== 0) return broken(`HTTP/2 ${nameOfHttp2Error(code)}`);
  }
  return takeAside(progress);
};

const take = (work: Work, received: Frame): Failure | null => {
  const { progress } = work;
  progress.hasSettings = true;
  if (received.type === FRAME.headers || received.type === FRAME.continuation) return takeBlock(work, received);
  if (progress.block !== null) return broken("HTTP/2 PROTOCOL_ERROR");
  return received.type === FRAME.data ? takeData(work, received) : takeControl(work, received);
};

const framesOf = (head: Buffer, body: Uint8Array): readonly Buffer[] => {
  if (body.length === 0) return [frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, STREAM, head)];
  const frames = [frame(FRAME.headers, FLAG.endHeaders, STREAM, head)];
  for (let from = 0; from < body.length; from += MAX_FRAME_BYTES) {
    const isLast = from + MAX_FRAME_BYTES >= body.length;
    frames.push(frame(FRAME.data, isLast ? FLAG.endStream : 0, STREAM, body.subarray(from, from + MAX_FRAME_BYTES)));
  }
  return frames;
};

const requestOf = (call: Http2Call, scheme: "http" | "https"): Buffer => {
  const head = encodeFields([
    [":method", call.method],
    [":scheme", scheme],
    [":path", call.path],
    [":authority", call.authority],
    ...Object.entries(call.headers),
  ]);
  if (head.length > MAX_FRAME_BYTES || call.body.length > MAX_FIRST_BODY_BYTES)
    throw new RangeError("request too large");
  return Buffer.concat([
    greeting({ windowBytes: call.maxBodyBytes + 2 * MAX_FRAME_BYTES, headBytes: DEFAULT_CAPS.headBytes }),
    ...framesOf(head, call.body),
  ]);
};

/** One request and its answer over an open connection that both sides agreed to speak HTTP/2 on. */
export const speakHttp2 = (
  call: Http2Call,
  scheme: "http" | "https",
  { socket, done, fail }: Talk<Http2Answer>,
): void => {
  const progress: Progress = {
    hasSettings: false,
    asides: 0,
    block: null,
    head: null,
    trailers: [],
    chunks: [],
    bytes: 0,
    hasEnded: false,
  };
  const read = createFrameReader();
  const work: Work = {
    progress,
    decode: createFieldDecoder(DEFAULT_CAPS),
    maxBodyBytes: call.maxBodyBytes,
    reply: (bytes) => void (socket.writable && socket.write(bytes)),
  };
  let isHeadTold = false;
  socket.on("data", (bytes: Buffer) => {
    if (socket.destroyed) return;
    const frames = read(bytes);
    if (typeof frames === "string") return fail(broken(frames));
    for (const received of frames) {
      const failure = take(work, received);
      if (failure !== null) return fail(failure);
      const { head, hasEnded, trailers, chunks } = progress;
      if (head !== null && !isHeadTold) {
        isHeadTold = true;
        call.onHead?.(head);
      }
      if (hasEnded && head !== null) return done({ ...head, trailers, body: Buffer.concat(chunks) });
    }
  });
  // Settings are no answer: a peer that says them and leaves has said nothing.
  socket.once("end", () => {
    if (progress.hasSettings && progress.head === null) fail(failed("empty_reply", "closed without an answer"));
  });
  socket.write(requestOf(call, scheme));
};

/**
 * One POST over HTTP/2 on a fresh connection to a checked address, with trailers; with prior knowledge when it is plain.
 * Never throws for what the peer did; resolves within the deadline with nothing open.
 */
export const callHttp2 = (args: ConverseArgs, call: Http2Call): Promise<Conversation<Http2Answer>> =>
  converse<Http2Answer>(args.tls === null ? args : { ...args, tls: { ...args.tls, alpn: ["h2"] } }, (talk) =>
    speakHttp2(call, args.tls === null ? "http" : "https", talk),
  );
