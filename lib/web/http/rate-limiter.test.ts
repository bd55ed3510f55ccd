import { expect, test } from "vitest";
import { createRateLimiter } from "./rate-limiter.ts";

const TIER = { capacity: 100, refillPerSecond: 10 };

/** What the database does, in memory: one bucket a caller for all instances. */
const sharedBuckets = (clock: { readonly monotonicMs: () => number }) => {
  const known = new Map<string, { tokens: number; atMs: number }>();
  return (spent: readonly { caller: string; capacity: number; refillPerSecond: number; spent: number }[]) => {
    const nowMs = clock.monotonicMs();
    const left = new Map<string, number>();
    for (const { caller, capacity, refillPerSecond, spent: tokens } of spent) {
      const before = known.get(caller) ?? { tokens: capacity, atMs: nowMs };
      const full = Math.min(capacity, before.tokens + ((nowMs - before.atMs) * refillPerSecond) / 1_000);
      known.set(caller, { tokens: full - tokens, atMs: nowMs });
      left.set(caller, full - tokens);
    }
    return Promise.resolve(left);
  };
};

const world = () => {
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs };
  const settle = sharedBuckets(clock);
  return { limiter: () => createRateLimiter({ clock, settle }), wait: (ms: number) => (nowMs += ms) };
};

test("one instance lets through the capacity at once, then the rate, for each caller apart", () => {
  const { limiter, wait } = world();
  const one = limiter();
  const allowed = (caller: string) =>
    Array.from({ length: 150 }, () => one.take(caller, TIER, 1)).filter((v) => v.isAllowed);
  expect(allowed("a")).toHaveLength(100);
  expect(one.take("a", TIER, 1)).toMatchObject({ isAllowed: false, remaining: 0, retryAfterMs: 100 });
  wait(1_000);
  expect(allowed("a")).toHaveLength(10);
  expect(allowed("b")).toHaveLength(100);
  expect(one.hasToken("a", TIER)).toBe(false);
});

test("three instances together stay near the one limit: too much in the first second is owed afterwards", async () => {
  const { limiter, wait } = world();
  const instances = [limiter(), limiter(), limiter()];
  let taken = 0;
  const seconds = 60;
  for (let second = 0; second < seconds; second += 1) {
    for (const one of instances) for (let n = 0; n < 50; n += 1) if (one.take("key", TIER, 1).isAllowed) taken += 1;
    for (const one of instances) await one.settle();
    wait(1_000);
  }
  const exact = TIER.capacity + TIER.refillPerSecond * seconds;
  expect(taken).toBeLessThanOrEqual(exact * 1.1 + 2 * TIER.capacity);
  expect(taken).toBeGreaterThanOrEqual(exact * 0.8);
});

test("without the database each instance keeps the limit alone, and tells later what was spent", async () => {
  let isAway = true;
  const told: number[] = [];
  const one = createRateLimiter({
    clock: { monotonicMs: () => 0 },
    settle: (spent) => {
      if (isAway) return Promise.reject(new Error("away"));
      told.push(...spent.map((each) => each.spent));
      return Promise.resolve(new Map([["a", 40]]));
    },
  });
  for (let n = 0; n < 30; n += 1) one.take("a", TIER, 1);
  await expect(one.settle()).rejects.toThrow("away");
  isAway = false;
  await one.settle();
  expect(told).toEqual([30]);
  // Others spent as well: 40 are left of 100, not 70.
  expect(one.take("a", TIER, 1).remaining).toBe(39);
});
