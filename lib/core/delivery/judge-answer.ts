import type { DurationMs } from "../units.ts";

/** What an attempt came to. */
export type AttemptOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "try_later"; readonly reason: string; readonly retryAfterMs: DurationMs | null }
  /** The receiver wants nothing more: its endpoint is disabled. */
  | { readonly kind: "refused"; readonly reason: string }
  /** This message would be refused for ever; the endpoint takes others. Channels of hosted services only. */
  | { readonly kind: "undeliverable"; readonly reason: string };

/**
 * What a status code means for a delivery: 2xx is accepted, 410 refuses this and all further events, everything else is
 * tried again. Redirects are not followed: the address has to be registered as it is.
 */
export const judgeStatus = (status: number, retryAfterMs: DurationMs | null): AttemptOutcome => {
  if (status >= 200 && status <= 299) return { kind: "accepted" };
  if (status === 410) return { kind: "refused", reason: "the receiver answered 410 Gone" };
  const hint = status >= 300 && status <= 399 ? "; redirects are not followed, register the final address" : "";
  return { kind: "try_later", reason: `the receiver answered ${status}${hint}`, retryAfterMs };
};

/** Without an answer an attempt is always repeated: nothing says that the receiver does not want the event. */
export const judgeFailure = (reason: string): AttemptOutcome => ({ kind: "try_later", reason, retryAfterMs: null });
