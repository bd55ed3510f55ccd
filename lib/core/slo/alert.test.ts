import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EpochMinute } from "../units.ts";
import type { AlertState, AlertTransition, PairCounts } from "./alert.ts";
import { decideAlert, decideRemoval, isCovered, QUIET } from "./alert.ts";
import { factorOf, objectiveOfPercent, thresholdOf } from "./objective.ts";
import type { Counts } from "./series.ts";

const MINUTE = 29_000_000 as EpochMinute;
/** 14.4 x of 99.9 %: above 1.44 % bad. */
const threshold = thresholdOf(factorOf("14.4"), objectiveOfPercent("99.9"));
const counts = (bad: number, total: number, expected = total): Counts => ({ bad, total, expected });
const pair = (long: Counts, short: Counts, minBad = 0): PairCounts => ({
  long,
  short,
  threshold,
  minBadLong: minBad === 0 ? 0 : minBad + 1,
  minBadShort: minBad,
});
const firing: AlertState = { kind: "firing", number: 1, hasData: true };

const decide = (state: AlertState, of: PairCounts, isPolicyNew = false) =>
  decideAlert({ state, pair: of, minute: MINUTE, isPolicyNew });

test.each([
  { name: "both windows above fire", of: pair(counts(20, 1_000), counts(5, 100)), fires: true },
  { name: "both exactly on the threshold do not", of: pair(counts(144, 10_000), counts(144, 10_000)), fires: false },
  { name: "the long window alone does not", of: pair(counts(20, 1_000), counts(0, 100)), fires: false },
  { name: "the short window alone does not", of: pair(counts(5, 1_000), counts(5, 100)), fires: false },
  { name: "an empty short window does not", of: pair(counts(20, 1_000), counts(0, 0)), fires: false },
  { name: "too few bad events do not", of: pair(counts(2, 10), counts(2, 5), 2), fires: false },
  { name: "just enough bad events do", of: pair(counts(3, 10), counts(2, 5), 2), fires: true },
  { name: "a total outage with little traffic does", of: pair(counts(3, 3), counts(2, 2), 2), fires: true },
  { name: "missing slots count as good", of: pair(counts(3, 10, 1_000), counts(3, 10, 100)), fires: false },
  {
    name: "an outage seen through gaps still does",
    of: pair(counts(300, 310, 1_000), counts(30, 31, 100)),
    fires: true,
  },
])("$name", ({ of, fires }) => {
  const { next, transition } = decide(QUIET, of);
  expect(next.kind).toBe(fires ? "firing" : "quiet");
  expect(transition).toEqual(fires ? { kind: "fired", number: 1, minute: MINUTE } : null);
});

describe("a firing alert", () => {
  const isOver = pair(counts(20, 1_000), counts(0, 100));

  test("resolves as recovered when the condition does not hold", () => {
    expect(decide(firing, isOver).transition).toEqual({
      kind: "resolved",
      number: 1,
      minute: MINUTE,
      reason: "recovered",
    });
  });

  test("stays, marked as without data, while the short window is not covered", () => {
    const blind = pair(counts(20, 1_000), counts(0, 89, 100));
    expect(decide(firing, blind)).toEqual({ next: { ...firing, hasData: false }, transition: null });
    expect(decide(firing, pair(counts(20, 1_000), counts(0, 90, 100))).transition?.kind).toBe("resolved");
  });

  test("has data again as soon as the condition holds again", () => {
    const again = pair(counts(20, 1_000), counts(50, 100));
    expect(decide({ ...firing, hasData: false }, again)).toEqual({ next: firing, transition: null });
  });

  test("resolves as no_data when nothing is expected any more", () => {
    expect(decide(firing, pair(counts(20, 1_000), counts(0, 0))).transition).toMatchObject({ reason: "no_data" });
  });

  test("resolves as policy_changed under a new definition that does not hold, whatever the gaps", () => {
    const blind = pair(counts(0, 10, 1_000), counts(0, 0, 100));
    expect(decide(firing, blind, true).transition).toMatchObject({ reason: "policy_changed" });
    expect(decide(firing, pair(counts(20, 1_000), counts(50, 100)), true).transition).toBeNull();
  });

  test("resolves when its pair leaves the policy; a quiet one has nothing to resolve", () => {
    expect(decideRemoval(firing, MINUTE).transition).toMatchObject({ kind: "resolved", reason: "policy_changed" });
    expect(decideRemoval(QUIET, MINUTE).transition).toBeNull();
  });

  test("fires again at once after a resolve, as the next episode", () => {
    const { next } = decide(firing, isOver);
    expect(decide(next, pair(counts(20, 1_000), counts(5, 100))).transition).toEqual({
      kind: "fired",
      number: 2,
      minute: MINUTE,
    });
  });
});

const anyCounts = fc
  .tuple(fc.nat(40), fc.nat(400), fc.nat(100))
  .map(([bad, good, missing]) => counts(bad, bad + good, bad + good + missing));
const anyPair = fc.tuple(anyCounts, anyCounts, fc.nat(3)).map(([long, short, minBad]) => pair(long, short, minBad));

test("fired and resolved alternate, and episodes count up, for any readings", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyPair, fc.boolean()), { maxLength: 60 }), (readings) => {
      let state: AlertState = QUIET;
      const seen: AlertTransition[] = [];
      for (const [of, isPolicyNew] of readings) {
        const decision = decide(state, of, isPolicyNew);
        state = decision.next;
        if (decision.transition !== null) seen.push(decision.transition);
      }
      expect(seen.map(({ kind }) => kind)).toEqual(seen.map((_, index) => (index % 2 === 0 ? "fired" : "resolved")));
      expect(seen.map(({ number }) => number)).toEqual(seen.map((_, index) => Math.floor(index / 2) + 1));
      expect(state.kind).toBe(seen.length % 2 === 0 ? "quiet" : "firing");
    }),
  );
});

test("what fires under gaps also fires when the missing slots turn out bad", () => {
  fc.assert(
    fc.property(anyPair, (of) => {
      const fill = (one: Counts): Counts => counts(one.bad + one.expected - one.total, one.expected, one.expected);
      if (decide(QUIET, of).transition === null) return;
      expect(decide(QUIET, { ...of, long: fill(of.long), short: fill(of.short) }).transition).not.toBeNull();
    }),
  );
});

test("coverage is judged in whole numbers: nine of ten is enough", () => {
  expect(isCovered(counts(0, 9, 10))).toBe(true);
  expect(isCovered(counts(0, 8, 9))).toBe(false);
  expect(isCovered(counts(0, 0, 0))).toBe(true);
});
