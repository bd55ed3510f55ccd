/** Headers that frame or route a message: ours alone to write, or a request could be smuggled. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "trailer",
  "expect",
]);
/** RFC 9110, 5.6.2 "token" and 5.5 "field-value" (visible characters, inner blanks and tabs, obs-text). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the grammar names the tab
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What may go along to another origin; all else may hold a secret of the first one. */
const SAFE_ACROSS_ORIGINS: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-language",
  "content-type",
  "pragma",
  "traceparent",
  "user-agent",
]);

export type Headers = Readonly<Record<string, string>>;

/** The first fault of the headers in words, without their values, or null. */
export const faultOfHeaders = (headers: Headers): string | null => {
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) return "header name not valid";
    const lower = name.toLowerCase();
    if (FORBIDDEN.has(lower) || lower.startsWith("proxy-")) return `header not allowed: ${lower}`;
    if (!FIELD_VALUE.test(value)) return `header value not valid: ${lower}`;
  }
  return null;
};

/** Names in lower case; a later one replaces an earlier one. */
export const mergeHeaders = (...sets: readonly Headers[]): Headers => {
  const merged: Record<string, string> = Object.create(null);
  for (const set of sets) for (const [name, value] of Object.entries(set)) merged[name.toLowerCase()] = value;
  return merged;
};

const without = (headers: Headers, isDropped: (name: string) => boolean): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !isDropped(name)));

/** The headers that a redirect to another origin may carry. Names must be in lower case. */
export const headersAcrossOrigins = (headers: Headers): Headers =>
  without(headers, (name) => !SAFE_ACROSS_ORIGINS.has(name));

/** The headers of a request whose body was dropped on the way. Names must be in lower case. */
export const headersWithoutBody = (headers: Headers): Headers =>
  without(headers, (name) => name.startsWith("content-"));
