import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * The verifier that we publish for receivers. It needs nothing but node:crypto and may be copied as it is.
 * It never throws: whatever is wrong with a request makes it false.
 */

/** Header names are looked up in lower case, as Node gives them. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export type WebhookToVerify = {
  /** The raw bytes as they came, before any parsing. */
  readonly body: Uint8Array;
  readonly headers: WebhookHeaders;
  /** `whsec_…`; several during a rotation. */
  readonly secrets: readonly string[];
  /** Milliseconds since 1970: `Date.now()`. */
  readonly nowMs: number;
  /** How far the timestamp may be from now, in both directions. Default 300. */
  readonly toleranceSeconds?: number;
};

/** Requests with more signatures than this are refused unread. */
const MOST_SIGNATURES = 10;
const LONGEST_HEADER = 4_096;
const DIGITS = /^[0-9]{1,12}$/;
const HEX = /^[0-9a-f]{64}$/;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

const keysOf = (secrets: readonly string[]): Uint8Array[] =>
  secrets
    .map((secret) => Buffer.from(SECRET.exec(secret)?.[1] ?? "", "base64"))
    .filter((key) => key.length >= 24 && key.length <= 64);

/** One value, or null when the header is missing, repeated or absurdly long. */
const headerOf = (headers: WebhookHeaders, name: string): string | null => {
  const value = headers[name];
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_HEADER ? value : null;
};

const isFresh = (timestamp: string, { nowMs, toleranceSeconds = 300 }: WebhookToVerify): boolean =>
  DIGITS.test(timestamp) && Math.abs(Math.floor(nowMs / 1_000) - Number(timestamp)) <= toleranceSeconds;

/** Compares every signature with every key, always all of them, each in constant time. */
const anyMatches = (
  signatures: readonly Uint8Array[],
  keys: readonly Uint8Array[],
  prefix: string,
  body: Uint8Array,
) => {
  let matches = false;
  for (const key of keys) {
    const due = createHmac("sha256", key).update(prefix).update(body).digest();
    for (const signature of signatures) {
      if (signature.length === due.length && timingSafeEqual(signature, due)) matches = true;
    }
  }
  return matches;
};

/** Checks `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks 1.0.0). */
export const verifyStandardWebhook = (request: WebhookToVerify): boolean => {
  try {
    const id = headerOf(request.headers, "webhook-id");
    const timestamp = headerOf(request.headers, "webhook-timestamp");
    const parts = headerOf(request.headers, "webhook-signature")?.split(" ") ?? [];
    if (id === null || timestamp === null || parts.length > MOST_SIGNATURES || !isFresh(timestamp, request))
      return false;
    const signatures = parts
      .filter((part) => part.startsWith("v1,") && BASE64.test(part.slice(3)))
      .map((part) => Buffer.from(part.slice(3), "base64"));
    return anyMatches(signatures, keysOf(request.secrets), `${id}.${timestamp}.`, request.body);
  } catch {
    return false;
  }
};

/** Checks `x-nines-signature: t=<unix seconds>,v1=<hex>`. */
export const verifyNinesSignature = (request: WebhookToVerify): boolean => {
  try {
    const parts =
      headerOf(request.headers, "x-nines-signature")
        ?.split(",")
        .map((part) => part.trim()) ?? [];
    if (parts.length > MOST_SIGNATURES + 1) return false;
    const times = parts.filter((part) => part.startsWith("t=")).map((part) => part.slice(2));
    const timestamp = times[0];
    // Two timestamps would let an old signature travel beside a fresh time.
    if (timestamp === undefined || times.length !== 1 || !isFresh(timestamp, request)) return false;
    const signatures = parts
      .filter((part) => part.startsWith("v1=") && HEX.test(part.slice(3)))
      .map((part) => Buffer.from(part.slice(3), "hex"));
    return anyMatches(signatures, keysOf(request.secrets), `${timestamp}.`, request.body);
  } catch {
    return false;
  }
};

/** True when the request carries a valid signature of either kind. Remember ids for 24 h to drop duplicates. */
export const verifyWebhook = (request: WebhookToVerify): boolean =>
  verifyStandardWebhook(request) || verifyNinesSignature(request);
