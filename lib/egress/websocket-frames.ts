/** Frames of WebSocket (RFC 6455, 5): a client writes them masked and reads them unmasked. */

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A frame with its one mask. At most 65,535 bytes of payload. */
export const clientFrame = (opcode: number, payload: Uint8Array, mask: Uint8Array): Buffer => {
  if (payload.length > 0xffff) throw new RangeError("frame too large");
  const head =
    payload.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | payload.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  const masked = Buffer.from(payload).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([head, mask, masked]);
};

/** What the peer said, put together from its fragments. */
export type Heard =
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "ping"; readonly payload: Buffer }
  /** `code` 1005: none was given. */
  | { readonly kind: "close"; readonly code: number }
  | { readonly kind: "broken"; readonly reason: string }
  | { readonly kind: "too large" };

type Frame = { readonly opcode: number; readonly isFinal: boolean; readonly payload: Buffer };

const broken = (reason: string): Heard => ({ kind: "broken", reason });

/** A frame counts as many bytes at least, so that a flood of empty ones comes to an end. */
const LEAST_COUNTED = 64;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** RFC 6455, 5.2: what no frame of a server may have without an extension. */
const faultOfHead = (first: number, second: number): string | null => {
  const opcode = first & 15;
  if ((first & 0x70) !== 0) return "reserved bits";
  if ((second & 0x80) !== 0) return "masked frame";
  if (!Object.values<number>(OPCODE).includes(opcode)) return "unknown opcode";
  if (opcode >= 8 && ((first & 0x80) === 0 || (second & 127) > 125)) return "broken control frame";
  return null;
};

/** The frame at the start of the bytes and where it ends; null when more bytes are needed. */
const readFrame = (bytes: Buffer, maxBytes: number): { frame: Frame; end: number } | Heard | null => {
  const [first, second] = [bytes[0], bytes[1]];
  if (first === undefined || second === undefined) return null;
  const fault = faultOfHead(first, second);
  if (fault !== null) return broken(fault);
  const short = second & 127;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + lengthBytes) return null;
  const length =
    lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : lengthBytes === 2 ? bytes.readUInt16BE(2) : short;
  if (length > maxBytes) return { kind: "too large" };
  const start = 2 + lengthBytes;
  if (bytes.length < start + length) return null;
  const payload = bytes.subarray(start, start + length);
  return { frame: { opcode: first & 15, isFinal: (first & 0x80) !== 0, payload }, end: start + length };
};

const closeOf = (payload: Buffer): Heard => {
  if (payload.length === 0) return { kind: "close", code: 1005 };
  if (payload.length === 1) return broken("broken close frame");
  const code = payload.readUInt16BE(0);
  // RFC 6455, 7.4: 1004 to 1006 and 1015 are never sent.
  const isKnown = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
  return isKnown ? { kind: "close", code } : broken("broken close frame");
};

const messageOf = (parts: readonly Buffer[], opcode: number): Heard => {
  const whole = Buffer.concat(parts);
  if (opcode === OPCODE.binary) return { kind: "message", text: whole.toString("utf8") };
  try {
    return { kind: "message", text: utf8.decode(whole) };
  } catch {
    return broken("text is not UTF-8");
  }
};

/**
 * Takes bytes as they come and gives what they say, in order. All that is said together may have `maxBytes`; past that
 * it is "too large". Nothing is read after a fault.
 */
export const createMessageReader = (maxBytes: number): ((bytes: Buffer) => readonly Heard[]) => {
  let rest: Buffer = Buffer.alloc(0);
  let counted = 0;
  let begun: { readonly opcode: number; readonly parts: Buffer[] } | null = null;

  const take = ({ opcode, isFinal, payload }: Frame): Heard | null => {
    if (opcode === OPCODE.close) return closeOf(payload);
    if (opcode === OPCODE.ping) return { kind: "ping", payload };
    if (opcode === OPCODE.pong) return null;
    if ((opcode === OPCODE.continuation) !== (begun !== null)) return broken("broken fragments");
    begun ??= { opcode, parts: [] };
    begun.parts.push(payload);
    if (!isFinal) return null;
    const message = messageOf(begun.parts, begun.opcode);
    begun = null;
    return message;
  };

  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const heard: Heard[] = [];
    for (;;) {
      const read = readFrame(rest, maxBytes - counted);
      if (read === null) return heard;
      if ("kind" in read) return [...heard, read];
      rest = rest.subarray(read.end);
      counted += Math.max(read.end, LEAST_COUNTED);
      const said = counted > maxBytes ? ({ kind: "too large" } as const) : take(read.frame);
      if (said !== null) heard.push(said);
      if (said?.kind === "broken" || said?.kind === "too large") return heard;
    }
  };
};
