/** How much a caller may ask for: so much at once, and so much more each second. Both over 0. */
export type RateTier = { readonly capacity: number; readonly refillPerSecond: number };

/** What is left of a bucket at an instant. `tokens` may be below 0 after several instances spent at once. */
export type BucketState = { readonly tokens: number; readonly atMs: number };

export type BucketVerdict = {
  readonly state: BucketState;
  readonly isAllowed: boolean;
  /** Whole tokens that are left, never below 0. */
  readonly remaining: number;
  /** Until the same request would be let through; 0 when it was. */
  readonly retryAfterMs: number;
  /** Until the bucket is full again. */
  readonly resetMs: number;
};

const fullBucket = (tier: RateTier, atMs: number): BucketState => ({ tokens: tier.capacity, atMs });

/** The bucket at a later instant. A clock that steps back refills nothing. */
export const refill = ({ tokens, atMs }: BucketState, tier: RateTier, nowMs: number): BucketState => {
  const elapsedMs = Math.max(0, nowMs - atMs);
  return {
    tokens: Math.min(tier.capacity, tokens + (elapsedMs * tier.refillPerSecond) / 1_000),
    atMs: Math.max(atMs, nowMs),
  };
};

/**
 * The token bucket: a request takes `cost` tokens when they are there, and nothing otherwise. Over any span of t seconds no
 * more than capacity + refillPerSecond * t are taken. A cost over the capacity counts as the whole bucket, so that a dear
 * operation is possible for every tier.
 */
export const takeTokens = (
  before: BucketState | null,
  tier: RateTier,
  { cost, nowMs }: { readonly cost: number; readonly nowMs: number },
): BucketVerdict => {
  const now = refill(before ?? fullBucket(tier, nowMs), tier, nowMs);
  const wanted = Math.min(cost, tier.capacity);
  const isAllowed = now.tokens >= wanted;
  const state = isAllowed ? { tokens: now.tokens - wanted, atMs: now.atMs } : now;
  const msUntil = (tokens: number): number =>
    Math.max(0, Math.ceil(((tokens - state.tokens) * 1_000) / tier.refillPerSecond));
  return {
    state,
    isAllowed,
    remaining: Math.max(0, Math.floor(state.tokens)),
    retryAfterMs: isAllowed ? 0 : msUntil(wanted),
    resetMs: msUntil(tier.capacity),
  };
};
