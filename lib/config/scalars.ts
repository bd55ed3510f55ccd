import { isIP } from "node:net";
import { z } from "zod";
import { formatDuration } from "#lib/core/duration.ts";
import { DAY_MS, type DurationMs, durationMs, HOUR_MS, MINUTE_MS, SECOND_MS } from "#lib/core/units.ts";
import type { Complaint } from "./config-error.ts";

/** Looks at one value that already has the right type; null when nothing is wrong with it. */
export type Check<Value> = (value: Value) => Complaint | null;

const UNIT_MS = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

/** Reads "30s", "1.5h" or "800ms" in milliseconds, however long. Null when the text has not that form. */
export const readDuration = (text: unknown): number | null => {
  const match = typeof text === "string" ? DURATION.exec(text) : null;
  if (match === null) return null;
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
  // Six decimals of the smallest unit are rounding of the multiplication, not something that was written.
  return Math.abs(ms - Math.round(ms)) < 1e-6 ? Math.round(ms) : ms;
};

export type DurationLimits = { readonly min: number; readonly max: number; readonly isWholeMinutes?: boolean };

const show = (ms: number): string => formatDuration(durationMs(ms));

/** A number with a unit, within limits in milliseconds. */
export const checkDuration =
  ({ min, max, isWholeMinutes }: DurationLimits): Check<string> =>
  (text) => {
    const ms = readDuration(text);
    if (ms === null) {
      return { kind: "format", message: "must be a number with one of the units ms, s, m, h, d, w, such as 30s" };
    }
    if (!(ms >= min && ms <= max)) {
      const got = text.length <= 20 ? `, got ${text}` : "";
      return { kind: "range", message: `must be between ${show(min)} and ${show(max)}${got}` };
    }
    if (!Number.isInteger(ms)) return { kind: "format", message: "must be a whole number of milliseconds" };
    if (isWholeMinutes && ms % MINUTE_MS !== 0) return { kind: "range", message: "must be a whole number of minutes" };
    return null;
  };

/** A duration in milliseconds; null when it is no measure for another one, because it is a fault of its own. */
export const readDurationWithin = (limits: DurationLimits, text: unknown): number | null =>
  typeof text === "string" && checkDuration(limits)(text) === null ? readDuration(text) : null;

/** A duration that was checked before. */
export const toDuration = (text: string): DurationMs => durationMs(readDuration(text) ?? Number.NaN);

export const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const MAX_ID = 63;

/** An id: lower-case letters, digits and dashes, up to 63. */
export const checkId: Check<string> = (text) => {
  if (ID.test(text)) return null;
  const isOnlyTooLong = text.length > MAX_ID && ID.test(text.slice(0, MAX_ID)) && /^[a-z0-9-]+$/.test(text);
  if (isOnlyTooLong) return { kind: "limit", message: `must have at most ${MAX_ID} characters` };
  return { kind: "format", message: "must be lower-case letters, digits and dashes, and start with a letter or digit" };
};

/** Text for people on one line. */
export const checkName =
  (max: number): Check<string> =>
  (text) => {
    if (text.trim() === "") return { kind: "format", message: "must not be empty" };
    if (/[\p{Cc}\u2028\u2029]/u.test(text))
      return { kind: "format", message: "must not hold line breaks or control characters" };
    return text.length > max ? { kind: "limit", message: `must have at most ${max} characters` } : null;
  };

/** A time zone of the IANA list that this Node knows. */
export const checkTimeZone: Check<string> = (text) => {
  const complaint: Complaint = {
    kind: "format",
    message: "must be a time zone of the IANA list, such as Asia/Seoul or UTC",
  };
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(text)) return complaint;
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return null;
  } catch {
    return complaint;
  }
};

export const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/** A CIDR, an address or a host name. */
const isAddressOrNetwork = (text: string): boolean => {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (rest.length > 0 || family === 0 || address.includes("%")) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
};

/** An address or a CIDR. */
export const checkSourceAddress: Check<string> = (text) =>
  isAddressOrNetwork(text) ? null : { kind: "format", message: "must be an address or a CIDR such as 203.0.113.0/28" };

/** What `egress.allow` may hold: a CIDR, an address or a host name. */
export const checkAllowEntry: Check<string> = (text) => {
  if (isAddressOrNetwork(text)) return null;
  // Digits and dots alone are an address that was mistyped, not a name.
  if (!text.includes("/") && HOST_NAME.test(text) && !/^[\d.]+$/.test(text)) return null;
  return { kind: "format", message: "must be a CIDR such as 10.20.0.0/16, an address or a host name" };
};

/** Extra words for the reference that JSON Schema has no keyword for; they start with `x-`, which editors ignore. */
export type FieldMeta = {
  readonly description: string;
  readonly default?: unknown;
  /** What the reference shows as the type when it is more exact than JSON Schema's. */
  readonly "x-type"?: string;
  readonly "x-limits"?: string;
  /** What happens when the field is left out, where it is no constant. */
  readonly "x-default"?: string;
  readonly [keyword: string]: unknown;
};

/** Text that passes `check`; its complaint becomes the issue's kind and message. */
export const text = (check: Check<string>, meta: FieldMeta) =>
  z
    .string()
    .superRefine((value, context) => {
      const complaint = check(value);
      if (complaint !== null) {
        context.addIssue({ code: "custom", message: complaint.message, params: { kind: complaint.kind } });
      }
    })
    .meta(meta);

/** A duration string within limits, in milliseconds. */
export const duration = (limits: DurationLimits, meta: FieldMeta) =>
  text(checkDuration(limits), {
    pattern: DURATION.source,
    "x-type": "duration",
    "x-limits": `${show(limits.min)} to ${show(limits.max)}${limits.isWholeMinutes ? ", whole minutes" : ""}`,
    ...meta,
  });

/** A number that passes `check`. */
export const number = (check: Check<number>, meta: FieldMeta) =>
  z
    .number()
    .superRefine((value, context) => {
      const complaint = check(value);
      if (complaint !== null) {
        context.addIssue({ code: "custom", message: complaint.message, params: { kind: complaint.kind } });
      }
    })
    .meta(meta);

/** Whole numbers only; a fraction is a wrong type, a number outside is out of range. */
export const checkInteger =
  (min: number, max: number): Check<number> =>
  (value) => {
    if (!Number.isInteger(value)) return { kind: "type", message: "must be a whole number" };
    return value >= min && value <= max
      ? null
      : { kind: "range", message: `must be between ${min} and ${max}, got ${value}` };
  };
