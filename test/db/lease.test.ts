import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prolongLease } from "#db/queries/leases.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import type { Lease } from "#lib/engine/lease.ts";
import { acquireLease, assertLease, releaseLease, runAsLeader } from "#lib/engine/lease.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";
import type { TestDatabase } from "#test/support/test-database.ts";
import { testDatabase } from "#test/support/test-database.ts";
import { waitFor } from "#test/support/wait-for.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

let names = 0;
const freshName = (): string => `lease-${(names += 1)}`;
const acquire = (name: string, holder: string, ttlMs = 60_000) => acquireLease(db.database, { name, holder, ttlMs });
/** Lets a lease expire without waiting for it. */
const expire = (name: string) =>
  db.database.transaction(
    (tx) => tx`update leases set expires_at = clock_timestamp() - interval '1 ms' where name = ${name}`,
  );
const renew = (lease: Lease) => db.database.transaction((tx) => prolongLease(tx, lease, 60_000));
const passes = (lease: Lease): Promise<boolean> =>
  db.database
    .transaction((tx) => assertLease(tx, lease))
    .then(
      () => true,
      (error: unknown) => {
        expect(errorCodeOf(error)).toBe("LEASE_LOST");
        return false;
      },
    );

test("of ten instances that ask at once, one gets the lease", async () => {
  const name = freshName();
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => acquire(name, `h${index}`)));
  expect(answers.filter((lease) => lease !== null)).toHaveLength(1);
  await expire(name);
  const again = await Promise.all(Array.from({ length: 10 }, (_, index) => acquire(name, `h${index}`)));
  expect(again.filter((lease) => lease !== null)).toHaveLength(1);
});

test("a paused holder whose lease was taken over is refused in its next write transaction", async () => {
  const name = freshName();
  const paused = (await acquire(name, "paused")) as Lease;
  expect(await passes(paused)).toBe(true);
  await expire(name);
  const next = (await acquire(name, "next")) as Lease;
  expect(next.token).toBeGreaterThan(paused.token);
  expect(await passes(paused)).toBe(false);
  expect(await renew(paused)).toBe("lost");
  expect(await passes(next)).toBe(true);
});

test("an expired lease is refused by the database's clock even when nobody took it", async () => {
  const name = freshName();
  const lease = (await acquire(name, "slow")) as Lease;
  await expire(name);
  expect(await passes(lease)).toBe(false);
  expect(await renew(lease)).toBe("renewed");
  expect(await passes(lease)).toBe(true);
});

test("nobody takes over, even after expiry, while a write transaction of the holder is under way", async () => {
  const name = freshName();
  const lease = (await acquire(name, "writer", 1_000)) as Lease;
  await db.database.transaction(async (tx) => {
    await assertLease(tx, lease);
    await waitFor("the lease's end", async () => {
      const [row] = await tx<
        { over: boolean }[]
      >`select expires_at < clock_timestamp() as over from leases where name = ${name}`;
      return row?.over;
    });
    expect(await acquire(name, "thief")).toBeNull();
    // Renewal does not wait for the transaction either, and knows that the lease is still held.
    expect(await renew(lease)).toBe("busy");
  });
  expect(await acquire(name, "thief")).not.toBeNull();
});

test("a released lease is taken over at once, and releasing twice or late harms nobody", async () => {
  const name = freshName();
  const first = (await acquire(name, "first")) as Lease;
  await releaseLease(db.database, first);
  const second = (await acquire(name, "second")) as Lease;
  await releaseLease(db.database, first);
  expect(await passes(second)).toBe(true);
});

test("for any history, at most one lease passes, and the token grows at each change of holder", async () => {
  const holders = ["a", "b", "c"] as const;
  const step = fc.record({
    holder: fc.constantFrom(...holders),
    act: fc.constantFrom("acquire", "renew", "release", "expire"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const name = freshName();
      const held = new Map<string, Lease>();
      let lastToken = 0n;
      for (const { holder, act } of steps) {
        const mine = held.get(holder);
        if (act === "acquire") {
          const lease = await acquire(name, holder);
          if (lease === null) continue;
          expect(lease.token).toBeGreaterThan(lastToken);
          lastToken = lease.token;
          held.set(holder, lease);
        } else if (act === "renew" && mine !== undefined) await renew(mine);
        else if (act === "release" && mine !== undefined) await releaseLease(db.database, mine);
        else if (act === "expire") await expire(name);
        const verdicts = await Promise.all([...held.values()].map(passes));
        expect(verdicts.filter(Boolean).length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 40 },
  );
});

test("the next leader starts as soon as the first one stops, and never beside it", async () => {
  const name = freshName();
  const leading = new Set<string>();
  const terms: { holder: string; token: bigint; beside: number }[] = [];
  const start = (holder: string) => {
    const stop = new AbortController();
    const lead = async (lease: Lease, signal: AbortSignal): Promise<void> => {
      terms.push({ holder, token: lease.token, beside: leading.size });
      leading.add(holder);
      await systemClock.sleep(60_000, signal).catch(() => undefined);
      leading.delete(holder);
    };
    const args = {
      database: db.database,
      name,
      holder,
      clock: systemClock,
      log: silentLogger,
      signal: stop.signal,
      lead,
    };
    return { stop: () => stop.abort(), done: runAsLeader(args) };
  };
  const a = start("a");
  await waitFor("the first leader", () => leading.has("a"));
  const b = start("b");
  const elapsedMs = startStopwatch();
  a.stop();
  await a.done;
  await waitFor("the second leader", () => leading.has("b"));
  expect(elapsedMs()).toBeLessThan(4_000);
  b.stop();
  await b.done;
  expect(terms.map(({ holder, beside }) => [holder, beside])).toEqual([
    ["a", 0],
    ["b", 0],
  ]);
  expect(terms[1]?.token).toBeGreaterThan(terms[0]?.token ?? 0n);
});

test("a leader whose lease was taken over is told to stop, and leads again later with a newer token", async () => {
  const name = freshName();
  const stop = new AbortController();
  const tokens: bigint[] = [];
  const reasons: unknown[] = [];
  const lead = async (lease: Lease, signal: AbortSignal): Promise<void> => {
    tokens.push(lease.token);
    await systemClock.sleep(60_000, signal).catch(() => undefined);
    reasons.push(errorCodeOf(signal.reason));
  };
  const args = {
    database: db.database,
    name,
    holder: "old",
    clock: systemClock,
    log: silentLogger,
    signal: stop.signal,
    lead,
  };
  const done = runAsLeader(args);
  await waitFor("the first term", () => tokens.length === 1);
  await expire(name);
  const thief = (await acquire(name, "thief")) as Lease;
  await waitFor("the end of the first term", () => reasons.length === 1);
  expect(reasons).toEqual(["LEASE_LOST"]);
  await releaseLease(db.database, thief);
  await waitFor("the second term", () => tokens.length === 2);
  expect(tokens[1]).toBeGreaterThan(thief.token);
  stop.abort();
  await done;
});

test("work that fails is told once and begun anew", async () => {
  const stop = new AbortController();
  let terms = 0;
  const told: string[] = [];
  const log = { ...silentLogger, error: (_fields: object, message: string) => void told.push(message) };
  const lead = async (_lease: Lease, signal: AbortSignal): Promise<void> => {
    terms += 1;
    if (terms === 1) throw new Error("broken");
    await systemClock.sleep(60_000, signal).catch(() => undefined);
  };
  const done = runAsLeader({
    database: db.database,
    name: freshName(),
    holder: "h",
    clock: systemClock,
    log,
    signal: stop.signal,
    lead,
  });
  await waitFor("the second term", () => terms === 2);
  stop.abort();
  await done;
  expect(told).toEqual(["the leader's work failed"]);
});

test("a leader that cannot reach the database steps down before its lease can have ended", async () => {
  const clock = createFakeClock(0);
  const stop = new AbortController();
  let isAway = false;
  const database: typeof db.database = {
    ...db.database,
    transaction: (work, options) =>
      isAway ? Promise.reject(new AppError("DATABASE_UNREACHABLE", "away")) : db.database.transaction(work, options),
  };
  let reason: unknown = "leading";
  const lead = async (_lease: Lease, signal: AbortSignal): Promise<void> => {
    isAway = true;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    reason = errorCodeOf(signal.reason);
  };
  const args = { database, name: freshName(), holder: "cut off", log: silentLogger, signal: stop.signal, lead, clock };
  const done = runAsLeader(args);
  await clock.whenSleeping();
  await clock.advance(5_900);
  expect(reason).toBe("leading");
  await clock.advance(200);
  expect(reason).toBe("LEASE_LOST");
  stop.abort();
  await done;
});
