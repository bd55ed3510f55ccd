/** The few bytes of Protocol Buffers and of gRPC's framing that the health service needs. */

/** grpc.health.v1: `HealthCheckResponse.ServingStatus` in its order. */
export const SERVING_STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

/** google.golang.org/grpc/codes and every other implementation: the codes 0 to 16 in their order. */
const CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

/** The name of a gRPC status code, or "code 42" for one that no specification knows. */
export const nameOfGrpcCode = (code: number): string => CODES[code] ?? `code ${code}`;

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return [...bytes, rest];
};

/** `HealthCheckRequest{service}` in a frame: compressed flag, length (4 bytes), message. */
export const healthCheckRequest = (service: string): Buffer => {
  const name = Buffer.from(service, "utf8");
  // Field 1, wire type 2 (length-delimited); the empty string is the default and takes no bytes.
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

export type UnframedMessage =
  | { readonly kind: "message"; readonly message: Buffer }
  | { readonly kind: "broken"; readonly reason: "no message" | "compressed" | "framing" };

/** The one message of a unary answer. */
export const unframe = (body: Buffer): UnframedMessage => {
  if (body.length === 0) return { kind: "broken", reason: "no message" };
  if (body.length < 5 || body.readUInt32BE(1) !== body.length - 5) return { kind: "broken", reason: "framing" };
  if (body[0] !== 0) return { kind: "broken", reason: body[0] === 1 ? "compressed" : "framing" };
  return { kind: "message", message: body.subarray(5) };
};

type Read = { readonly value: number; readonly next: number };

/** At most 10 bytes; what does not fit into 53 bits is no status and only skipped. */
const readVarint = (bytes: Buffer, at: number): Read | null => {
  let value = 0;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) return null;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, next: at + i + 1 };
  }
  return null;
};

/** Where the field ends that begins at `at` with this wire type; null when it cannot be read. */
const endOfField = (bytes: Buffer, at: number, wireType: number): number | null => {
  switch (wireType) {
    case 0:
      return readVarint(bytes, at)?.next ?? null;
    case 1:
      return at + 8;
    case 2: {
      const length = readVarint(bytes, at);
      return length === null ? null : length.next + length.value;
    }
    case 5:
      return at + 4;
    default:
      return null;
  }
};

/** The `status` of a `HealthCheckResponse` as a number; unknown fields are skipped. Null: the message is broken. */
export const servingStatusOf = (message: Buffer): number | null => {
  let status = 0;
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    if (tag === null) return null;
    const wireType = tag.value % 8;
    if (Math.floor(tag.value / 8) === 1) {
      const read = wireType === 0 ? readVarint(message, tag.next) : null;
      if (read === null) return null;
      status = read.value;
    }
    const end = endOfField(message, tag.next, wireType);
    if (end === null || end > message.length) return null;
    at = end;
  }
  return status;
};
