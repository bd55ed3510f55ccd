import { randomInt } from "node:crypto";
import { performance } from "node:perf_hooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestMailServer } from "#test/support/mail-server.ts";
import { startMailServer } from "#test/support/mail-server.ts";
import type { SubscriberWorld } from "./subscriber-world.ts";
import { mailThroughServer, subscriberWorld } from "./subscriber-world.ts";

/**
 * Pairs of sign-ups, one of a known and one of an unknown address, sent at the same moment in an order that a coin
 * decides. If the time told nothing, which of the two is slower is a fair coin as well, whatever the machine is doing: so the
 * count of pairs in which the known one was slower is binomial, and what is judged are ranks, not milliseconds.
 */
const PAIRS = 64;
const AT_ONCE = 8;
/** False alarms less often than this. */
const ALARM_RATE = 1e-6;

/** The largest distance from the middle that a fair coin keeps to, but for `rate` of all series of `pairs` throws. Exact. */
const widestFair = (pairs: number, rate: number): number => {
  const half = pairs / 2;
  const weights = [1];
  for (let k = 1; k <= pairs; k += 1) weights.push(((weights[k - 1] ?? 0) * (pairs - k + 1)) / k);
  let outside = 0;
  for (let distance = half; distance > 0; distance -= 1) {
    outside += (2 * (weights[half - distance] ?? 0)) / 2 ** pairs;
    if (outside >= rate) return distance;
  }
  return 0;
};

let mail: TestMailServer;
let world: SubscriberWorld;
beforeAll(async () => {
  mail = await startMailServer({});
  world = await subscriberWorld(mailThroughServer(mail), { trustedHops: 1 });
});
afterAll(async () => {
  await world.drop();
  await mail.close();
});

let sent = 0;
/** Each from a network address of its own, so that no limit is met. */
const signUp = async (address: string): Promise<number> => {
  sent += 1;
  const from = `203.0.${Math.floor(sent / 250)}.${(sent % 250) + 1}`;
  const startedMs = performance.now();
  const answer = await fetch(`${world.site.url}/subscribe`, {
    method: "POST",
    body: new URLSearchParams({ channel: "email", address }),
    headers: { "x-forwarded-for": from },
  });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`the sign-up answered ${answer.status}`);
  return performance.now() - startedMs;
};

test("the bound for ranks is worked out exactly", () => {
  expect(widestFair(64, ALARM_RATE)).toBe(19);
  expect(widestFair(10, 0.05)).toBe(3);
});

test("the time of an answer does not tell a known address from an unknown one", async () => {
  const known = Array.from({ length: PAIRS }, (_, index) => `known${index}@example.com`);
  for (let from = 0; from < PAIRS; from += 16) await Promise.all(known.slice(from, from + 16).map(signUp));
  await world.database.transaction((tx) => tx`update subscribers set state = 'active', confirmed_at = now()`);
  let slower = 0;
  const pair = async (index: number): Promise<void> => {
    const isKnownFirst = randomInt(2) === 0;
    const [a, b] = [known[index] ?? "", `unknown${index}@example.com`];
    const [first, second] = await Promise.all(isKnownFirst ? [signUp(a), signUp(b)] : [signUp(b), signUp(a)]);
    if (isKnownFirst ? first > second : second > first) slower += 1;
  };
  for (let from = 0; from < PAIRS; from += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => pair(from + index)));
  expect(Math.abs(slower - PAIRS / 2)).toBeLessThanOrEqual(widestFair(PAIRS, ALARM_RATE));
});
