/** Stands in a log for what must not be read there. */
export const REDACTED = "[redacted]";

const SECRET_KEY = /authorization|cookie|secret|token|signature|password|passphrase|api_?key|private_?key/i;
/** Keys that contain such a word and are harmless. */
const HARMLESS_KEY = /^(tokenCount|fencingToken)$/;
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{1,15}:\/\/)([^\s"'<>\\]+)/gi;
/** Signing secrets of webhooks and tokens of the API, which say themselves what they are. */
const OUR_SECRET = /(?:whsec|nk_live|nk_test)_[A-Za-z0-9+/=_-]+/g;
const BEARER = /\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi;
// JSON escapes the control characters below U+0020; terminals also obey these, and two of them end a line.
const CONTROL = /[\u007f-\u009f\u2028\u2029]/g;
const DEEPEST = 6;
const MOST_ENTRIES = 200;
const LONGEST_TEXT = 8_192;

const cleanAddress = (_match: string, scheme: string, rest: string): string => {
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const tail = end === -1 ? "" : rest.slice(end);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const user = authority.includes("@") ? `${REDACTED}@` : "";
  const cut = tail.search(/[?#]/);
  return `${scheme}${user}${host}${cut === -1 ? tail : `${tail.slice(0, cut)}?${REDACTED}`}`;
};

/** Takes user, password, query and fragment out of every address in a text, and anything that looks like a credential. */
export const redactText = (text: string, longest = LONGEST_TEXT): string =>
  (text.length > longest ? `${text.slice(0, longest)}…` : text)
    .replace(URL_IN_TEXT, cleanAddress)
    .replace(OUR_SECRET, REDACTED)
    .replace(BEARER, `$1 ${REDACTED}`)
    .replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

const redactError = (error: Error, depth: number): unknown => ({
  type: error.name,
  message: redactText(error.message),
  ...("code" in error ? { code: redactValue(error.code, depth + 1) } : {}),
  ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
  ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
});

/** A copy of `value` that is safe to log: JSON only, bounded in size, and without secrets by key or by form. */
const redactValue = (value: unknown, depth = 0): unknown => {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return "[deeper]";
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((entry) => redactValue(entry, depth + 1));
  return redactFields(value, depth);
};

/** The fields of a log line without secrets. */
export const redactFields = (fields: object, depth = 0): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields)
      .slice(0, MOST_ENTRIES)
      .map(([key, value]) => [
        redactText(key),
        SECRET_KEY.test(key) && !HARMLESS_KEY.test(key) && value !== null && value !== undefined
          ? REDACTED
          : redactValue(value, depth + 1),
      ]),
  );
