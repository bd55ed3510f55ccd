import fc from "fast-check";
import { expect, test } from "vitest";
import type { BucketState } from "./token-bucket.ts";
import { takeTokens } from "./token-bucket.ts";

const tiers = fc.record({
  capacity: fc.integer({ min: 1, max: 500 }),
  refillPerSecond: fc.integer({ min: 1, max: 200 }),
});
const requests = fc.array(
  fc.record({ cost: fc.integer({ min: 1, max: 20 }), waitMs: fc.integer({ min: -50, max: 3_000 }) }),
  { maxLength: 200 },
);

test("over any span no more than capacity + rate x time is taken, whatever the clock does", () => {
  fc.assert(
    fc.property(tiers, requests, (tier, asked) => {
      let state: BucketState | null = null;
      let nowMs = 0;
      let latestMs = 0;
      const taken: { atMs: number; cost: number }[] = [];
      for (const { cost, waitMs } of asked) {
        nowMs += waitMs;
        latestMs = Math.max(latestMs, nowMs);
        const verdict = takeTokens(state, tier, { cost, nowMs });
        state = verdict.state;
        if (verdict.isAllowed) taken.push({ atMs: latestMs, cost: Math.min(cost, tier.capacity) });
        expect(verdict.remaining).toBeGreaterThanOrEqual(0);
        expect(verdict.remaining).toBeLessThanOrEqual(tier.capacity);
      }
      for (let from = 0; from < taken.length; from += 1) {
        let sum = 0;
        for (const { atMs, cost } of taken.slice(from)) {
          sum += cost;
          const span = (atMs - (taken[from]?.atMs ?? 0)) / 1_000;
          expect(sum).toBeLessThanOrEqual(tier.capacity + tier.refillPerSecond * span + 1e-6);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("whoever waits as long as they are told is let through, and not a request earlier", () => {
  fc.assert(
    fc.property(tiers, fc.integer({ min: 1, max: 20 }), (tier, cost) => {
      let verdict = takeTokens(null, tier, { cost, nowMs: 0 });
      for (let calls = 1; verdict.isAllowed; calls += 1) {
        expect(calls, "calls that one instant lets through").toBeLessThanOrEqual(tier.capacity);
        verdict = takeTokens(verdict.state, tier, { cost, nowMs: 0 });
      }
      const { retryAfterMs, state } = verdict;
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(takeTokens(state, tier, { cost, nowMs: retryAfterMs }).isAllowed).toBe(true);
      expect(takeTokens(state, tier, { cost, nowMs: retryAfterMs - 2 }).isAllowed).toBe(false);
    }),
  );
});
