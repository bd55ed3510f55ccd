import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AppError } from "#lib/core/errors.ts";
import { repeatedJsonKeys } from "#lib/core/repeated-json-keys.ts";
import { readBytes } from "./read-bytes.ts";

const inflate = promisify(gunzip);

export type JsonLimits = {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** For bodies that programs of others write: the last of several equal keys counts, in place of a refusal. */
  readonly allowsRepeatedKeys?: true;
};

const tooLarge = (maxBytes: number): AppError =>
  new AppError("PAYLOAD_TOO_LARGE", `the body may have ${maxBytes} bytes, before and after decoding`);

/** Refuses what is not JSON before a byte of it is read. @throws AppError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE */
export const checkJsonHead = ({ headers }: IncomingMessage, { maxBytes }: JsonLimits): void => {
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers["content-type"] ?? ""))
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "send application/json");
  const coding = (headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (coding !== "identity" && coding !== "gzip")
    throw new AppError("UNSUPPORTED_MEDIA_TYPE", "send the body as it is, or in gzip");
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
};

const decode = async (bytes: Buffer, coding: string | undefined, maxBytes: number): Promise<Buffer> => {
  if (coding?.trim().toLowerCase() !== "gzip") return bytes;
  try {
    return await inflate(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes);
    throw new AppError("INVALID_REQUEST", "the body is not gzip");
  }
};

/** How deep lists and objects are nested in a JSON text, found without building any of them. */
const depthOfJson = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (isText) {
      if (code === 0x5c) i += 1;
      else if (code === 0x22) isText = false;
    } else if (code === 0x22) isText = true;
    else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
  return deepest;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new AppError("INVALID_REQUEST", "the body is not JSON");
  }
};

/**
 * Reads a JSON body within limits of size and depth (T32). A key that stands twice in one object is refused by name.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_REQUEST.
 */
export const readJsonBody = async (req: IncomingMessage, limits: JsonLimits): Promise<unknown> => {
  checkJsonHead(req, limits);
  const sent = await readBytes(req, limits.maxBytes);
  if (sent === null) throw tooLarge(limits.maxBytes);
  const bytes = await decode(sent, req.headers["content-encoding"], limits.maxBytes);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new AppError("INVALID_REQUEST", "the body is not UTF-8");
  }
  if (depthOfJson(text) > limits.maxDepth)
    throw new AppError("INVALID_REQUEST", `the body is nested deeper than ${limits.maxDepth} levels`);
  const body = parse(text);
  const repeated = limits.allowsRepeatedKeys === true ? [] : repeatedJsonKeys(text);
  if (repeated.length === 0) return body;
  const fields = repeated.map((field) => ({
    field,
    message: "stands more than once in its object",
    code: "duplicate",
  }));
  throw new AppError("INVALID_REQUEST", `keys stand more than once: ${repeated.join(", ")}`, { cause: { fields } });
};
