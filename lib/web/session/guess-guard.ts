import { createHash } from "node:crypto";
import type { RateTier } from "#lib/core/rate/token-bucket.ts";
import type { RateLimiter } from "../http/rate-limiter.ts";

/** Wrong credentials of a network: twenty at once, then one in five seconds. */
export const GUESSES: RateTier = { capacity: 20, refillPerSecond: 0.2 };
const MOST_REMEMBERED = 10_000;

export type GuessGuard = {
  /** Whether credentials of a network are looked up at all. */
  readonly mayTry: (network: string, credentials: string) => boolean;
  readonly noteWrong: (network: string, credentials: string) => void;
  readonly noteRight: (credentials: string) => void;
};

/**
 * Keeps a network from guessing without locking out others behind the same address. Credentials that were right a while ago
 * are let through, and the same wrong ones again (a script whose key was revoked) are no further guess: they are counted
 * as requests only. What is remembered is a hash.
 */
export const createGuessGuard = (limiter: Pick<RateLimiter, "take" | "hasToken">): GuessGuard => {
  const seen = new Map<string, "right" | "wrong">();
  const hashOf = (credentials: string): string => createHash("sha256").update(credentials).digest("base64");
  const remember = (hash: string, verdict: "right" | "wrong"): void => {
    if (seen.size >= MOST_REMEMBERED && !seen.has(hash)) seen.clear();
    seen.set(hash, verdict);
  };
  return {
    mayTry: (network, credentials) =>
      seen.get(hashOf(credentials)) === "right" || limiter.hasToken(`bad:${network}`, GUESSES),
    noteWrong: (network, credentials) => {
      const hash = hashOf(credentials);
      if (seen.get(hash) === "wrong") return;
      remember(hash, "wrong");
      limiter.take(`bad:${network}`, GUESSES, 1);
    },
    noteRight: (credentials) => remember(hashOf(credentials), "right"),
  };
};
