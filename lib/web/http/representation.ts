import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Coding } from "./negotiate.ts";
import { COMMON_HEADERS } from "./security-headers.ts";

const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

export type Variant = {
  readonly body: Buffer;
  readonly etag: string;
  /** Flat header pairs of a 200 and of a 304. */
  readonly okHeaders: readonly string[];
  readonly notModifiedHeaders: readonly string[];
};

/** One resource as finished bytes in every coding: answering it is a look-up and a write. */
export type Representation = {
  readonly variants: Readonly<Record<Coding, Variant>>;
  /** Milliseconds since the epoch, cut to whole seconds as HTTP dates are. */
  readonly lastModifiedMs: number;
};

export type RepresentationArgs = {
  readonly body: Buffer;
  readonly contentType: string;
  readonly cacheControl: string;
  readonly vary: string;
  readonly lastModifiedMs: number;
  /** Flat pairs, such as Content-Language or a content policy. */
  readonly extraHeaders: readonly string[];
  /** 1 to 11; 5 for pages that are built anew every few seconds, 11 for files that never change. */
  readonly brotliQuality: number;
};

const tagOf = (body: Buffer): string => createHash("sha256").update(body).digest("base64url").slice(0, 22);

const variantOf = (args: RepresentationArgs, coding: Coding, body: Buffer, tag: string): Variant => {
  const etag = coding === "identity" ? `"${tag}"` : `"${tag}-${coding}"`;
  const shared = [
    "ETag",
    etag,
    "Cache-Control",
    args.cacheControl,
    "Vary",
    args.vary,
    "Last-Modified",
    new Date(args.lastModifiedMs).toUTCString(),
    ...args.extraHeaders,
    ...COMMON_HEADERS,
  ];
  const encoding = coding === "identity" ? [] : ["Content-Encoding", coding];
  return {
    body,
    etag,
    okHeaders: ["Content-Type", args.contentType, "Content-Length", String(body.length), ...encoding, ...shared],
    notModifiedHeaders: shared,
  };
};

/** Compresses off the event loop and lays out all headers. A coding that does not save bytes gets the plain ones. */
export const buildRepresentation = async (args: RepresentationArgs): Promise<Representation> => {
  const tag = tagOf(args.body);
  const brotliOptions = {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: args.brotliQuality,
      [constants.BROTLI_PARAM_SIZE_HINT]: args.body.length,
    },
  };
  const [br, gz] = await Promise.all([compressBrotli(args.body, brotliOptions), compressGzip(args.body, { level: 6 })]);
  const identity = variantOf(args, "identity", args.body, tag);
  return {
    lastModifiedMs: Math.floor(args.lastModifiedMs / 1_000) * 1_000,
    variants: {
      identity,
      gzip: gz.length < args.body.length ? variantOf(args, "gzip", gz, tag) : identity,
      br: br.length < args.body.length ? variantOf(args, "br", br, tag) : identity,
    },
  };
};
