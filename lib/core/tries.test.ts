import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Vote } from "./outcome.ts";
import { staggerOf } from "./schedule.ts";
import { isTriedAgain, MOST_TRIES } from "./tries.ts";
import { durationMs } from "./units.ts";

const definition = { id: "home", type: "http" as const, timeoutMs: durationMs(5_000) };
const ask = (changes: Partial<Parameters<typeof isTriedAgain>[0]> = {}) =>
  isTriedAgain({ definition, before: "good", votes: ["bad"], untilNextMs: 29_000, ...changes });
const vote = fc.constantFrom<Vote>("good", "bad", "none");

describe("a slot is tried again", () => {
  test("when its vote differs from the one before, either way", () => {
    expect(ask()).toBe(true);
    expect(ask({ before: "bad", votes: ["good"] })).toBe(true);
  });

  test("until a try agrees with the first one, at most twice", () => {
    expect(ask({ votes: ["bad", "bad"] })).toBe(false);
    expect(ask({ votes: ["bad", "good"] })).toBe(true);
    expect(ask({ votes: ["bad", "good", "good"] })).toBe(false);
    expect(ask({ votes: ["bad", "none"] })).toBe(false);
  });

  test("only if the whole timeout fits before the next slot", () => {
    expect(ask({ untilNextMs: 5_500 })).toBe(true);
    expect(ask({ untilNextMs: 5_499 })).toBe(false);
    expect(ask({ untilNextMs: -1 })).toBe(false);
  });

  test("not after a fault of ours, and not when nothing is known of the slot before", () => {
    expect(ask({ votes: ["none"] })).toBe(false);
    expect(ask({ before: "none" })).toBe(false);
  });

  test("not for what nobody asks for or votes with", () => {
    expect(ask({ definition: { ...definition, type: "heartbeat" } })).toBe(false);
    expect(ask({ definition: { ...definition, id: "reference/gateway" } })).toBe(false);
    expect(ask({ definition: { ...definition, type: "journey" } })).toBe(true);
  });

  test("never for a vote that did not change, whatever came later, and never more often than twice", () => {
    fc.assert(
      fc.property(vote, fc.array(vote, { minLength: 1, maxLength: 6 }), (before, votes) => {
        if (votes[0] === before || votes.length >= MOST_TRIES) expect(ask({ before, votes })).toBe(false);
      }),
    );
  });
});

describe("the stagger of a location", () => {
  const locations = ["fra", "nyc", "sel", "syd"];

  test("shares out a tenth of the interval, at most a second, in the order of ids", () => {
    const at = (intervalMs: number) =>
      locations.map((id) => staggerOf({ intervalMs: durationMs(intervalMs), locations }, id));
    expect(at(30_000)).toEqual([0, 250, 500, 750]);
    expect(at(1_000)).toEqual([0, 25, 50, 75]);
    expect(staggerOf({ intervalMs: durationMs(30_000), locations: locations.toReversed() }, "nyc")).toBe(250);
  });

  test("is nothing for the only location, and for one that the probe does not name", () => {
    expect(staggerOf({ intervalMs: durationMs(30_000), locations: ["fra"] }, "fra")).toBe(0);
    expect(staggerOf({ intervalMs: durationMs(30_000), locations }, "elsewhere")).toBe(0);
  });

  test("differs between the locations of a probe and stays below a second and a tenth of the interval", () => {
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 1_000, max: 86_400_000 }), (locations, interval) => {
        const intervalMs = durationMs(interval);
        const all = locations.map((id) => staggerOf({ intervalMs, locations }, id));
        expect(new Set(all).size).toBe(all.length);
        expect(Math.max(...all)).toBeLessThan(Math.min(1_000, interval / 10));
      }),
    );
  });
});
