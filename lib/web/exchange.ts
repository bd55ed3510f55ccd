import type { IncomingMessage, ServerResponse } from "node:http";

/** One request and its answer on the way through the pipeline. */
export type Exchange = {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly requestId: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Of the monotonic clock. */
  readonly startedMs: number;
  /** Decoded, without query and trailing slash; what logs name. */
  path: string;
  /** Label of metrics: a closed set, never a path that a client chose. */
  route: string;
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
  res.writeHead(status, [...headers, "X-Request-ID", requestId]);
  if (req.method === "HEAD" || body === null || BODILESS.has(status)) res.end();
  else res.end(body);
};
