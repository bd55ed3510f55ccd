import type { DurationMs } from "../units.ts";

/** What became of a call of ours to another system, when it is not an answer that can be used. */
export type CallFailure =
  /** No answer at all: refused, reset, no such name, broken TLS. `reason` is `<class>: <detail>`. */
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "timeout"; readonly reason: string }
  /** Refused by our own address policy; nothing was sent. */
  | { readonly kind: "blocked"; readonly reason: string }
  /** An answer that no server of its kind gives: broken HTTP, too long, not to be decoded. */
  | { readonly kind: "malformed"; readonly reason: string }
  | { readonly kind: "status"; readonly status: number; readonly retryAfterMs: DurationMs | null }
  /** Nothing was sent: too many calls failed lately, or too many were made in this minute. */
  | { readonly kind: "not_sent"; readonly reason: "circuit open" | "rate limit"; readonly retryAfterMs: DurationMs };

/** One line for people. Holds no address, header or body. */
export const describeFailure = (failure: CallFailure): string => {
  switch (failure.kind) {
    case "unreachable":
    case "timeout":
    case "blocked":
    case "malformed":
      return failure.reason;
    case "status":
      return `answered ${failure.status}`;
    case "not_sent":
      return failure.reason === "circuit open" ? "not asked: too many calls failed lately" : "not asked: rate limit";
  }
};

/** Whether the failure says that the other system is unwell: that is what the circuit breaker counts. */
export const isTheirFault = (failure: CallFailure): boolean => {
  switch (failure.kind) {
    case "unreachable":
    case "timeout":
    case "malformed":
      return true;
    case "status":
      return failure.status >= 500;
    case "blocked":
    case "not_sent":
      return false;
  }
};
