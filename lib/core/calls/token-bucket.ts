import type { DurationMs } from "../units.ts";
import { durationMs, MINUTE_MS } from "../units.ts";

/** How many calls may still be made now. Times are of a clock that never goes back. */
export type TokenBucket = { readonly tokens: number; readonly atMs: number };

export type Draw =
  | { readonly kind: "drawn"; readonly next: TokenBucket }
  | { readonly kind: "empty"; readonly retryAfterMs: DurationMs };

/** Takes one token. At most `perMinute` are given in any burst, and as many flow in over each minute (R55). */
export const draw = (bucket: TokenBucket | null, perMinute: number, nowMs: number): Draw => {
  const { tokens, atMs } = bucket ?? { tokens: perMinute, atMs: nowMs };
  const available = Math.min(perMinute, tokens + (Math.max(0, nowMs - atMs) * perMinute) / MINUTE_MS);
  if (available >= 1) return { kind: "drawn", next: { tokens: available - 1, atMs: nowMs } };
  return { kind: "empty", retryAfterMs: durationMs(Math.ceil(((1 - available) * MINUTE_MS) / perMinute)) };
};
