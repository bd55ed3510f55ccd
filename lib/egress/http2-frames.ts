/** Frames of HTTP/2 (RFC 9113, 4 and 6): what one request needs of them. */

export const FRAME = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;
const SETTING = { enablePush: 2, initialWindowSize: 4, maxHeaderListSize: 6 } as const;

export const MAX_FRAME_BYTES = 16_384;
const HEAD_BYTES = 9;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

const ERROR_NAMES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

/** RFC 9113, 7: the name of an error code. */
export const nameOfHttp2Error = (code: number): string => ERROR_NAMES[code] ?? `error ${code}`;

export type Frame = {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
};

/** One frame with its head of nine bytes (RFC 9113, section 4.1). */
export const frame = (type: number, flags: number, stream: number, payload: Uint8Array): Buffer => {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const setting = (name: number, value: number): Buffer => Buffer.concat([Buffer.from([0, name]), uint32(value)]);

/** What a client says first. `windowBytes`: how much the peer may send without being asked for more. */
export const greeting = ({ windowBytes, headBytes }: { windowBytes: number; headBytes: number }): Buffer =>
  Buffer.concat([
    PREFACE,
    frame(
      FRAME.settings,
      0,
      0,
      Buffer.concat([
        setting(SETTING.enablePush, 0),
        setting(SETTING.initialWindowSize, windowBytes),
        setting(SETTING.maxHeaderListSize, headBytes),
      ]),
    ),
    frame(FRAME.windowUpdate, 0, 0, uint32(windowBytes)),
  ]);

/** Whether a flag is set on a frame. */
export const hasFlag = ({ flags }: Frame, flag: number): boolean => (flags & flag) !== 0;

/** The payload of DATA or HEADERS without padding and priority; null when they do not fit. */
export const contentOf = (received: Frame): Buffer | null => {
  const { payload, type } = received;
  const isPadded = hasFlag(received, FLAG.padded);
  const skipped = (isPadded ? 1 : 0) + (type === FRAME.headers && hasFlag(received, FLAG.priority) ? 5 : 0);
  const padding = isPadded ? (payload[0] ?? 0) : 0;
  return skipped + padding > payload.length ? null : payload.subarray(skipped, payload.length - padding);
};

export type FrameFault = "not HTTP/2" | "HTTP/2 FRAME_SIZE_ERROR";

/**
 * Takes bytes as they come and gives whole frames. What does not begin with SETTINGS is no HTTP/2, which shows before
 * the first frame is whole; one that is announced to be larger than agreed is a fault.
 */
export const createFrameReader = (): ((bytes: Buffer) => readonly Frame[] | FrameFault) => {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const frames: Frame[] = [];
    while (rest.length >= 4) {
      const length = rest.readUIntBE(0, 3);
      if (isFirst && (rest[3] !== FRAME.settings || length > MAX_FRAME_BYTES)) return "not HTTP/2";
      if (length > MAX_FRAME_BYTES) return "HTTP/2 FRAME_SIZE_ERROR";
      if (rest.length < HEAD_BYTES + length) break;
      isFirst = false;
      frames.push({
        type: rest[3] ?? 0,
        flags: rest[4] ?? 0,
        stream: rest.readUInt32BE(5) & 0x7fff_ffff,
        payload: rest.subarray(HEAD_BYTES, HEAD_BYTES + length),
      });
      rest = rest.subarray(HEAD_BYTES + length);
    }
    return frames;
  };
};
