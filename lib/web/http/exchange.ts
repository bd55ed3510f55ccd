import type { IncomingMessage, ServerResponse } from "node:http";

/** One request and its answer on the way through the pipeline. */
export type Exchange = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly traceId: string;
  readonly spanId: string;
  /** The caller's own span, when it told us of one. */
  readonly parentSpanId: string | null;
  /** Of the monotonic clock. */
  readonly startedMs: number;
  /** Decoded, without query and trailing slash; what logs name. */
  path: string;
  /** Label of metrics: a closed set, never a path that a client chose. */
  route: string;
  /** Who asks, by id, once that is known; what logs name. */
  callerId?: string;
  /** Request headers that the answer depends on beside those that are named where it is written. */
  vary?: string;
  /** The answer is for the one who asks alone: nothing on the way may keep it, and no other origin may read it. */
  isPrivate?: boolean;
};

/** Heads as they were, but for what would let others have the answer. */
const privately = (headers: readonly string[]): readonly string[] => {
  const kept = headers.filter((_, index) => {
    const name = headers[index - (index % 2)]?.toLowerCase();
    return name !== "cache-control" && name !== "access-control-allow-origin";
  });
  return [...kept, "Cache-Control", "private, no-store"];
};

const BODILESS = new Set([204, 304]);

/** Writes a whole answer. HEAD gets the same head without the body. Extra pairs come before the request id. */
export const send = (
  exchange: Exchange,
  status: number,
  headers: readonly string[],
  body: Buffer | string | null,
): void => {
  const { req, res, requestId } = exchange;
  const shown = exchange.isPrivate === true ? privately(headers) : headers;
  res.writeHead(status, [...shown, "X-Request-ID", requestId]);
  if (req.method === "HEAD" || body === null || BODILESS.has(status)) res.end();
  else res.end(body);
};
