import type { Readable, Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import type { Coding } from "./response-head.ts";
import type { Caps, Failure } from "./types.ts";

export type BodyReader = {
  /** Bytes as they came from the wire. */
  readonly bytesRead: () => number;
  /** What is there by now, decoded. */
  readonly soFar: () => Buffer;
  /** Frees the decoder. May be called at any time and twice. */
  readonly close: () => void;
};

type ReaderArgs = {
  readonly response: Readable & { readonly complete: boolean };
  readonly coding: Coding | null;
  readonly caps: Caps;
  /** The last byte has come; decoding may still go on. */
  readonly onTransferred: () => void;
  readonly onDone: (result: Buffer | Failure) => void;
};

const failure = (name: "too_large" | "decode_error", detail: string): Failure => ({
  kind: "failed",
  class: name,
  detail,
});

/** RFC 9110 means zlib by "deflate"; half of the world sends the raw form. RFC 1950 tells them apart. */
const isZlib = (first: Buffer): boolean => {
  const [cmf, flags] = [first[0] ?? 0, first[1] ?? 0];
  return (cmf & 0x0f) === 8 && (first.length < 2 || ((cmf << 8) | flags) % 31 === 0);
};

const decoderFor = (coding: Coding, first: Buffer): Transform => {
  switch (coding) {
    case "gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "deflate":
      return isZlib(first) ? createInflate() : createInflateRaw();
  }
};

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "broken");

/** Reads a body within both caps, undoing one content coding. The caller destroys the connection after `onDone`. */
export const readBody = ({ response, coding, caps, onTransferred, onDone }: ReaderArgs): BodyReader => {
  const chunks: Buffer[] = [];
  let [rawBytes, keptBytes, isDone] = [0, 0, false];
  let decoder: Transform | null = null;
  const done = (result: Buffer | Failure) => {
    if (isDone) return;
    isDone = true;
    onDone(result);
  };
  const keep = (chunk: Buffer) => {
    if (isDone) return;
    const room = caps.decodedBytes - keptBytes;
    chunks.push(chunk.length <= room ? chunk : chunk.subarray(0, room));
    keptBytes += chunk.length;
    if (keptBytes > caps.decodedBytes) done(failure("too_large", decoder === null ? "body" : "inflated body"));
  };
  const openDecoder = (kind: Coding, first: Buffer): Transform =>
    decoderFor(kind, first)
      .on("data", keep)
      .on("error", (error) => done(failure("decode_error", codeOf(error))))
      .on("end", () => done(Buffer.concat(chunks)));
  response.on("data", (chunk: Buffer) => {
    rawBytes += chunk.length;
    if (isDone) return;
    if (coding === null) keep(chunk);
    else {
      decoder ??= openDecoder(coding, chunk);
      decoder.write(chunk);
    }
    if (rawBytes > caps.bodyBytes) done(failure("too_large", "body"));
  });
  response.on("end", () => {
    if (!response.complete) return;
    onTransferred();
    if (decoder === null) done(Buffer.concat(chunks));
    else decoder.end();
  });
  return { bytesRead: () => rawBytes, soFar: () => Buffer.concat(chunks), close: () => decoder?.destroy() };
};
