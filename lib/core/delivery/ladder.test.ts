import fc from "fast-check";
import { expect, test } from "vitest";
import { addMs, durationMs, epochMs, HOUR_MS } from "../units.ts";
import type { FailedAttempt } from "./ladder.ts";
import { DELIVERY_WINDOW_MS, delayAfterAttempt, ladderOffset, nextAttempt } from "./ladder.ts";

const START = epochMs(Date.UTC(2026, 0, 1));
const failed = (changes: Partial<FailedAttempt>): FailedAttempt => ({
  number: 1,
  firstDueAt: START,
  finishedAt: START,
  retryAfterMs: null,
  random: 1,
  ...changes,
});

/** Plays a delivery whose attempts all fail after `tookMs`; returns when each began, in ms from the first due time. */
const play = (
  random: (attempt: number) => number,
  tookMs: (attempt: number) => number,
  retryAfter: number | null = null,
): number[] => {
  const begun = [0];
  for (;;) {
    const number = begun.length;
    const finishedAt = addMs(START, (begun.at(-1) as number) + tookMs(number));
    const retryAfterMs = retryAfter === null ? null : durationMs(retryAfter);
    const next = nextAttempt(failed({ number, finishedAt, random: random(number), retryAfterMs }));
    if (next.kind === "dead") return begun;
    begun.push(next.at - START);
  }
};

test("the ladder has 148 instants: 0, 5, 30, 155, 780 s and then every 1,800 s up to 258,180 s", () => {
  const instants = play(
    () => 1,
    () => 0,
  ).map((ms) => ms / 1_000);
  expect(instants.slice(0, 7)).toEqual([0, 5, 30, 155, 780, 2_580, 4_380]);
  expect(instants).toHaveLength(148);
  expect(instants.at(-1)).toBe(258_180);
  expect(instants).toEqual(instants.map((_, index) => ladderOffset(index + 1) / 1_000));
});

test("delays are 5, 25, 125, 625 and then 1,800 s", () => {
  expect([1, 2, 3, 4, 5, 6, 147].map((number) => delayAfterAttempt(number) / 1_000)).toEqual([
    5, 25, 125, 625, 1_800, 1_800, 1_800,
  ]);
});

test("whatever the jitter, prompt failures make 148 attempts, each within the last tenth of its delay", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 148, maxLength: 148 }), (values) => {
      const instants = play(
        (attempt) => values[attempt - 1] as number,
        () => 0,
      );
      expect(instants).toHaveLength(148);
      instants.forEach((at, index) => {
        const bare = ladderOffset(index + 1);
        const delay = index === 0 ? 0 : delayAfterAttempt(index);
        expect(at).toBeLessThanOrEqual(bare);
        expect(at).toBeGreaterThanOrEqual(Math.floor(bare - delay * 0.1));
      });
    }),
    { numRuns: 50 },
  );
});

test("no attempt comes sooner after a failure than 0.9 of its delay, nor after the window", () => {
  const attempts = fc.record({
    number: fc.integer({ min: 1, max: 200 }),
    late: fc.integer({ min: 0, max: 80 * HOUR_MS }),
    random: fc.double({ min: -1, max: 2, noNaN: true }),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 100 * HOUR_MS })),
  });
  fc.assert(
    fc.property(attempts, ({ number, late, random, retryAfterMs }) => {
      const finishedAt = addMs(START, late);
      const next = nextAttempt(
        failed({ number, finishedAt, random, retryAfterMs: retryAfterMs === null ? null : durationMs(retryAfterMs) }),
      );
      if (next.kind === "dead") return;
      expect(next.at).toBeLessThanOrEqual(START + DELIVERY_WINDOW_MS);
      expect(next.at - finishedAt).toBeGreaterThanOrEqual(Math.floor(delayAfterAttempt(number) * 0.9));
      expect(Number.isInteger(next.at)).toBe(true);
    }),
  );
});

test("slow failures still end within the window", () => {
  const instants = play(
    () => 1,
    () => 5_000,
  );
  expect(instants.length).toBeGreaterThanOrEqual(147);
  expect(instants[1]).toBe(10_000);
  expect(instants.at(-1)).toBeLessThanOrEqual(DELIVERY_WINDOW_MS);
});

test("Retry-After moves an attempt back, by six hours at most, and never forward", () => {
  expect(nextAttempt(failed({ retryAfterMs: durationMs(60_000) }))).toEqual({ kind: "again", at: START + 60_000 });
  expect(nextAttempt(failed({ retryAfterMs: durationMs(1) }))).toEqual({ kind: "again", at: START + 5_000 });
  expect(nextAttempt(failed({ retryAfterMs: durationMs(99 * HOUR_MS) }))).toEqual({
    kind: "again",
    at: START + 6 * HOUR_MS,
  });
});

test("a receiver that always asks for six hours gets a last attempt when the window ends", () => {
  const instants = play(
    () => 1,
    () => 0,
    6 * HOUR_MS,
  ).map((ms) => ms / HOUR_MS);
  expect(instants).toEqual([0, 6, 12, 18, 24, 30, 36, 42, 48, 54, 60, 66, 72]);
});
