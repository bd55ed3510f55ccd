import type { SpentTokens } from "#lib/commands/settle-rate-limits.ts";
import type { BucketState, BucketVerdict, RateTier } from "#lib/core/rate/token-bucket.ts";
import { refill, takeTokens } from "#lib/core/rate/token-bucket.ts";
import type { Clock } from "#lib/runtime/clock.ts";

export type RateLimiter = {
  /** Takes tokens of a caller at once, from this instance's view of the bucket. Never waits for anything. */
  readonly take: (caller: string, tier: RateTier, cost: number) => BucketVerdict;
  /** Whether a caller has a token left, without taking it. */
  readonly hasToken: (caller: string, tier: RateTier) => boolean;
  /** Settles with the other instances what was spent since; called about every second. @throws what `settle` throws */
  readonly settle: () => Promise<void>;
};

type Bucket = { state: BucketState; tier: RateTier; unsettled: number };

const MOST_CALLERS = 50_000;

/**
 * The rate limit. Requests are judged in memory; once a second what was spent goes to the database, and what all instances
 * together left comes back. So several instances keep one limit nearly: within one second each may let through what its
 * own view still holds, and what was too much is owed afterwards. Without the database each instance keeps the limit alone.
 */
export const createRateLimiter = (args: {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly settle: (spent: readonly SpentTokens[]) => Promise<ReadonlyMap<string, number>>;
}): RateLimiter => {
  const { clock } = args;
  const buckets = new Map<string, Bucket>();

  /** Full buckets say nothing; if all are in use, those of whoever came first go. */
  const makeRoom = (nowMs: number): void => {
    for (const [caller, { state, tier, unsettled }] of buckets)
      if (unsettled === 0 && refill(state, tier, nowMs).tokens >= tier.capacity) buckets.delete(caller);
    for (const caller of buckets.keys()) {
      if (buckets.size < MOST_CALLERS) return;
      buckets.delete(caller);
    }
  };

  const take = (caller: string, tier: RateTier, cost: number): BucketVerdict => {
    const nowMs = clock.monotonicMs();
    const known = buckets.get(caller);
    if (known === undefined && buckets.size >= MOST_CALLERS) makeRoom(nowMs);
    const verdict = takeTokens(known?.state ?? null, tier, { cost, nowMs });
    const spent = verdict.isAllowed ? Math.min(cost, tier.capacity) : 0;
    buckets.set(caller, { state: verdict.state, tier, unsettled: (known?.unsettled ?? 0) + spent });
    return verdict;
  };

  const settle = async (): Promise<void> => {
    const due = [...buckets].filter(([, { unsettled }]) => unsettled > 0);
    if (due.length === 0) return;
    const spent = due.map(([caller, { tier, unsettled }]) => ({ caller, ...tier, spent: unsettled }));
    const left = await args.settle(spent);
    const nowMs = clock.monotonicMs();
    for (const { caller, spent: told } of spent) {
      const bucket = buckets.get(caller);
      const tokens = left.get(caller);
      if (bucket === undefined || tokens === undefined) continue;
      bucket.unsettled -= told;
      // What was spent while the database was asked is not in its answer yet. Refilling is the database's own.
      const own = refill(bucket.state, bucket.tier, nowMs).tokens;
      bucket.state = { tokens: Math.min(own, tokens - bucket.unsettled), atMs: nowMs };
    }
  };

  return {
    take,
    settle,
    hasToken: (caller, tier) => {
      const known = buckets.get(caller);
      return known === undefined || refill(known.state, tier, clock.monotonicMs()).tokens >= 1;
    },
  };
};
