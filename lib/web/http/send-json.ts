import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Exchange } from "./exchange.ts";
import { send } from "./exchange.ts";
import type { Coding } from "./negotiate.ts";
import { codingFor, matchesEtag } from "./negotiate.ts";
import { COMMON_HEADERS, DATA_CONTENT_POLICY } from "./security-headers.ts";

const compressGzip = promisify(gzip);
const compressBrotli = promisify(brotliCompress);
/** Below this a header costs more than compression saves. */
const COMPRESS_FROM_BYTES = 1_024;

/** Compresses an answer that is made for one request. */
export const encodeBody = async (body: Buffer, coding: Coding): Promise<{ body: Buffer; coding: Coding }> => {
  if (body.length < COMPRESS_FROM_BYTES || coding === "identity") return { body, coding: "identity" };
  if (coding === "gzip") return { body: await compressGzip(body), coding };
  return { body: await compressBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }), coding };
};

/** The coding of the answer that the client likes best. */
export const acceptedCoding = (exchange: Exchange): Coding =>
  codingFor(exchange.req.headers["accept-encoding"] as string | undefined);

/** What the answer depends on beside what is always named. */
export const varyOf = ({ vary }: Exchange): readonly string[] => (vary === undefined ? [] : [vary]);

/** Answers with JSON that was made for this request: entity tag, 304, compression. */
export const sendJson = async (
  exchange: Exchange,
  value: unknown,
  options: {
    status?: number;
    cacheControl?: string;
    lastModifiedMs?: number | null;
    varyByCookie?: boolean;
    headers?: readonly string[];
  } = {},
): Promise<number> => {
  const { status = 200, cacheControl = "no-cache", lastModifiedMs = null, headers = [] } = options;
  const plain = Buffer.from(JSON.stringify(value));
  const tag = createHash("sha256").update(plain).digest("base64url").slice(0, 22);
  // Weak: the same data in another coding is the same answer.
  const etag = `W/"${tag}"`;
  const shared = [
    "ETag",
    etag,
    "Cache-Control",
    cacheControl,
    "Vary",
    [
      options.varyByCookie === true ? "Accept-Encoding, Authorization, Cookie" : "Accept-Encoding",
      ...varyOf(exchange),
    ].join(", "),
    "Content-Security-Policy",
    DATA_CONTENT_POLICY,
    ...(lastModifiedMs === null ? [] : ["Last-Modified", new Date(lastModifiedMs).toUTCString()]),
    ...COMMON_HEADERS,
    ...headers,
  ];
  const known = exchange.req.headers["if-none-match"];
  const since = Date.parse(exchange.req.headers["if-modified-since"] ?? "");
  const isUnmodified = lastModifiedMs !== null && Math.floor(lastModifiedMs / 1_000) * 1_000 <= since;
  const isRead = exchange.req.method === "GET" || exchange.req.method === "HEAD";
  if (status === 200 && isRead && (known === undefined ? isUnmodified : matchesEtag(known, etag))) {
    send(exchange, 304, shared, null);
    return 304;
  }
  const { body, coding } = await encodeBody(plain, acceptedCoding(exchange));
  const encoding = coding === "identity" ? [] : ["Content-Encoding", coding];
  send(
    exchange,
    status,
    ["Content-Type", "application/json; charset=utf-8", "Content-Length", String(body.length), ...encoding, ...shared],
    body,
  );
  return status;
};
