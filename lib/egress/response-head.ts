import type { Caps, Failure, HeaderList } from "./types.ts";

export type Head = { readonly status: number; readonly headers: HeaderList };
export type Coding = "gzip" | "deflate" | "br";

const CODINGS: ReadonlyMap<string, Coding | null> = new Map([
  ["", null],
  ["identity", null],
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "br"],
]);

const broken = (detail: string): Failure => ({ kind: "failed", class: "protocol_error", detail });

/** All values of a header, joined as RFC 9110, 5.3 allows. Empty when it is absent. */
export const headerText = (headers: HeaderList, name: string): string =>
  headers
    .filter(([each]) => each === name)
    .map(([, value]) => value)
    .join(", ");

const pairsOf = (raw: readonly string[]): HeaderList => {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([(raw[i] ?? "").toLowerCase(), raw[i + 1] ?? ""]);
  return pairs;
};

const bytesOf = (headers: HeaderList): number =>
  headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);

/**
 * Checks what Node's parser lets pass: its own byte count leaves out separators, and it takes any three digits as a
 * status, HTTP/2.0 as a version, and transfer codings that it does not undo.
 */
export const readHead = (
  response: { statusCode?: number | undefined; httpVersion: string; rawHeaders: readonly string[] },
  caps: Caps,
): Head | Failure => {
  const headers = pairsOf(response.rawHeaders);
  if (headers.length > caps.headFields) return { kind: "failed", class: "too_large", detail: "header fields" };
  if (bytesOf(headers) > caps.headBytes) return { kind: "failed", class: "too_large", detail: "head bytes" };
  const status = response.statusCode ?? 0;
  if (status < 100) return broken("invalid status code");
  if (response.httpVersion !== "1.1" && response.httpVersion !== "1.0") return broken("invalid HTTP version");
  const transferCoding = headerText(headers, "transfer-encoding").trim().toLowerCase();
  if (transferCoding !== "" && transferCoding !== "chunked") return broken("unknown transfer coding");
  return { status, headers };
};

/** The content coding to undo; null for none. Two codings, or one that we do not speak, are refused. */
export const codingOf = (headers: HeaderList): Coding | null | Failure => {
  const coding = CODINGS.get(headerText(headers, "content-encoding").trim().toLowerCase());
  return coding === undefined ? { kind: "failed", class: "decode_error", detail: "content coding refused" } : coding;
};
