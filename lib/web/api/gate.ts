import type { BlockList } from "node:net";
import { isIP } from "node:net";
import type { ApiSettings } from "#lib/config/api-env.ts";
import { networkList } from "#lib/config/api-env.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import { callerNetwork } from "#lib/core/rate/caller-network.ts";
import { tierOf } from "#lib/core/rate/tiers.ts";
import type { BucketVerdict, RateTier } from "#lib/core/rate/token-bucket.ts";
import type { KeyTerms } from "#lib/read/key-terms.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { Exchange } from "../http/exchange.ts";
import { clientAddressOf } from "../http/rate-caller.ts";
import type { RateLimiter } from "../http/rate-limiter.ts";
import { createGuessGuard, GUESSES } from "../session/guess-guard.ts";
import type { ApiVersions } from "./versions.ts";
import { VERSIONS } from "./versions.ts";

/** What stands before every operation of `/v1`. */
export type ApiGate = {
  readonly corsOrigins: readonly string[];
  readonly versions: ApiVersions;
  /** Of the standard tier; null: nothing is limited. */
  readonly rateLimit: RateTier | null;
  /** @throws AppError FORBIDDEN when the caller's network may not call at all */
  readonly assertNetwork: (exchange: Exchange) => void;
  /** Counts a request of somebody who is not known, by network. @throws AppError RATE_LIMITED */
  readonly countAnonymous: (exchange: Exchange, cost: number) => void;
  /** Whether a network guesses credentials: then those that were never right are not even looked up. @throws AppError RATE_LIMITED */
  readonly assertNotGuessing: (exchange: Exchange, credentials: string) => void;
  readonly noteCredentials: (exchange: Exchange, credentials: string, verdict: "right" | "wrong") => void;
  /** Counts a request of a principal, and answers in its version. @throws AppError RATE_LIMITED, INVALID_REQUEST */
  readonly countPrincipal: (exchange: Exchange, principal: Principal, cost: number) => Promise<void>;
};

const TERMS_KEPT_MS = 30_000;
const MOST_TERMS = 10_000;
const NO_TERMS: KeyTerms = { apiVersion: "", tier: null };

const NO_LIMITS: ApiSettings = { trustedHops: 0, corsOrigins: [], allow: [], deny: [], rateLimit: null };

const isIn = (list: BlockList, address: string): boolean => {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
};

const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1_000)));

const tell = ({ res }: Exchange, tier: RateTier, { remaining, resetMs }: BucketVerdict): void => {
  res.setHeader("X-RateLimit-Limit", String(tier.capacity));
  res.setHeader("X-RateLimit-Remaining", String(remaining));
  res.setHeader("X-RateLimit-Reset", String(Math.ceil(resetMs / 1_000)));
};

const refuse = ({ res }: Exchange, retryAfterMs: number): never => {
  res.setHeader("Retry-After", seconds(retryAfterMs));
  throw new AppError("RATE_LIMITED", `too many requests; try again in ${seconds(retryAfterMs)} s`);
};

/** Terms of keys as they were read up to half a minute ago, so that a request costs no query for them. */
const rememberTerms = (load: (keyId: string) => Promise<KeyTerms | null>, clock: Pick<Clock, "monotonicMs">) => {
  const known = new Map<string, { readonly terms: KeyTerms; readonly atMs: number }>();
  return async (keyId: string): Promise<KeyTerms> => {
    const now = clock.monotonicMs();
    const found = known.get(keyId);
    if (found !== undefined && now - found.atMs < TERMS_KEPT_MS) return found.terms;
    const terms = (await load(keyId)) ?? NO_TERMS;
    if (known.size >= MOST_TERMS) known.clear();
    known.set(keyId, { terms, atMs: now });
    return terms;
  };
};

/** Without settings nothing is limited and no origin is listed. */
export const createApiGate = (args: {
  readonly settings: ApiSettings | undefined;
  readonly limiter: RateLimiter;
  readonly loadTerms: (keyId: string) => Promise<KeyTerms | null>;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Left out: those of this release. */
  readonly versions?: ApiVersions;
}): ApiGate => {
  const { settings = NO_LIMITS, limiter, versions = VERSIONS } = args;
  const { trustedHops, corsOrigins, rateLimit } = settings;
  const [allowed, denied] = [networkList(settings.allow), networkList(settings.deny)];
  const guard = createGuessGuard(limiter);
  const termsOf = rememberTerms(args.loadTerms, args.clock);
  const addressOf = ({ req }: Exchange): string => clientAddressOf(req, trustedHops).replace(/^::ffff:/i, "");
  const networkOf = (exchange: Exchange): string => callerNetwork(addressOf(exchange));

  const count = (exchange: Exchange, caller: string, tier: RateTier, cost: number): void => {
    const verdict = limiter.take(caller, tier, cost);
    tell(exchange, tier, verdict);
    if (!verdict.isAllowed) refuse(exchange, verdict.retryAfterMs);
  };

  return {
    corsOrigins,
    versions,
    rateLimit,
    assertNetwork: (exchange) => {
      if (settings.allow.length === 0 && settings.deny.length === 0) return;
      const address = addressOf(exchange);
      if (isIn(denied, address) || (settings.allow.length > 0 && !isIn(allowed, address)))
        throw new AppError("FORBIDDEN", "this API does not answer callers from your network");
    },
    countAnonymous: (exchange, cost) => {
      if (rateLimit !== null) count(exchange, `ip:${networkOf(exchange)}`, rateLimit, cost);
    },
    assertNotGuessing: (exchange, credentials) => {
      if (rateLimit !== null && !guard.mayTry(networkOf(exchange), credentials))
        refuse(exchange, 1_000 / GUESSES.refillPerSecond);
    },
    noteCredentials: (exchange, credentials, verdict) => {
      if (rateLimit === null) return;
      if (verdict === "right") guard.noteRight(credentials);
      else guard.noteWrong(networkOf(exchange), credentials);
    },
    countPrincipal: async (exchange, principal, cost) => {
      if (principal.kind === "anonymous") return;
      exchange.callerId = principal.id;
      const terms = principal.kind === "key" ? await termsOf(principal.id) : NO_TERMS;
      const locked = terms.apiVersion === "" ? null : terms.apiVersion;
      exchange.res.setHeader("API-Version", versions.choose(undefined, locked));
      if (rateLimit !== null) count(exchange, `${principal.kind}:${principal.id}`, tierOf(rateLimit, terms.tier), cost);
      const asked = exchange.req.headers["api-version"];
      exchange.res.setHeader("API-Version", versions.choose(asked as string | undefined, locked));
    },
  };
};
