import type { Check } from "../scalars.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, space, tab and obs-text (RFC 9110, 5.5), no space at either end. */
const FIELD_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const MAX_NAME = 256;
const MAX_VALUE = 8_192;

/** Headers that the client itself must write: to set them by hand is to smuggle requests. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
  "te",
  "trailer",
  "expect",
]);

/** The grammar of a header's name, for requests and answers alike. */
export const checkHeaderName: Check<string> = (name) => {
  if (name.length > MAX_NAME) return { kind: "limit", message: `must have at most ${MAX_NAME} characters` };
  return TOKEN.test(name) ? null : { kind: "format", message: "is not the name of a header" };
};

/** A name that a request of ours may carry. */
export const checkRequestHeaderName: Check<string> = (name) => {
  const lower = name.toLowerCase();
  if (FORBIDDEN.has(lower) || lower.startsWith("proxy-")) {
    return { kind: "unsafe", message: "is set by Nines itself and must not be configured" };
  }
  return checkHeaderName(name);
};

/** Never repeats the value: headers carry credentials. */
export const checkHeaderValue: Check<string> = (value) => {
  if (value.length > MAX_VALUE) return { kind: "limit", message: `must have at most ${MAX_VALUE} characters` };
  if (FIELD_VALUE.test(value)) return null;
  return {
    kind: "format",
    message: "must be printable ASCII or Latin-1 without line breaks and without spaces at its ends",
  };
};
