export type RandomBytes = (size: number) => Uint8Array;
export type RequestIds = {
  /** 32 lower-case hex digits, never all zero. */
  readonly traceId: () => string;
  /** 16 lower-case hex digits, never all zero. */
  readonly spanId: () => string;
};

const POOL_BYTES = 8_192;

/** Draws random bytes in large pieces: asking the system for each request costs more than the rest of its handling. */
export const createRequestIds = (randomBytes: RandomBytes): RequestIds => {
  let pool = Buffer.alloc(0);
  let used = 0;
  const take = (size: number): string => {
    if (used + size > pool.length) {
      pool = Buffer.from(randomBytes(POOL_BYTES));
      used = 0;
    }
    used += size;
    const text = pool.toString("hex", used - size, used);
    return /^0+$/.test(text) ? `${text.slice(1)}1` : text;
  };
  return { traceId: () => take(16), spanId: () => take(8) };
};

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

export type TraceParent = { readonly traceId: string; readonly spanId: string };

/** The ids of a valid `traceparent` header (W3C Trace Context), or null. */
export const traceParentOf = (header: string | undefined): TraceParent | null => {
  if (header === undefined) return null;
  const match = TRACEPARENT.exec(header);
  if (match === null || match[1] === "ff" || (match[1] === "00" && match[4] !== undefined)) return null;
  const [, , traceId = "", spanId = ""] = match;
  return /^0+$/.test(traceId) || /^0+$/.test(spanId) ? null : { traceId, spanId };
};

/** A client's own request id when it is short and plain, else null. */
export const requestIdOf = (header: string | readonly string[] | undefined): string | null =>
  typeof header === "string" && /^[A-Za-z0-9._:-]{8,128}$/.test(header) ? header : null;
