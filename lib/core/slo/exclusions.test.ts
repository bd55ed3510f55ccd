import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_EXCLUSION_POLICY, EXCLUSION_TREATMENTS } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";
import { epochMs, MINUTE_MS } from "../units.ts";
import type { Exclusion, ExclusionKind } from "./exclusions.ts";
import { adjustedCounts, exclusionSpans, exclusionsAsOf } from "./exclusions.ts";
import { objectiveOfPercent } from "./objective.ts";
import { budgetReading } from "./reading.ts";
import type { Counts } from "./series.ts";
import { createSeries, setMinute } from "./series.ts";

const KINDS: readonly ExclusionKind[] = ["announced", "emergency", "retroactive", "false_positive", "probe_fault"];
const minutes = fc.array(
  fc.tuple(fc.nat(4), fc.nat(4)).map(([bad, good]): Counts => ({ bad, total: bad + good, expected: bad + good })),
  { minLength: 1, maxLength: 60 },
);
const policies = fc.record({
  announced: fc.constantFrom(...EXCLUSION_TREATMENTS),
  emergency: fc.constantFrom(...EXCLUSION_TREATMENTS),
  retroactive: fc.constantFrom(...EXCLUSION_TREATMENTS),
});
const instant = fc.integer({ min: 0, max: 60 * MINUTE_MS }).map(epochMs);
const exclusion = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    startsAt: instant,
    length: fc.integer({ min: 1, max: 20 * MINUTE_MS }),
    createdAt: instant,
    approvedAt: fc.option(instant),
    revokedAt: fc.option(instant),
  })
  .map(({ length, ...rest }): Exclusion => ({ ...rest, endsAt: epochMs(rest.startsAt + length) }));
const one = (changes: Partial<Exclusion>): Exclusion => ({
  kind: "announced",
  startsAt: epochMs(0),
  endsAt: epochMs(MINUTE_MS),
  createdAt: epochMs(0),
  approvedAt: null,
  revokedAt: null,
  ...changes,
});

const objective = objectiveOfPercent("99");
const budgetOf = (list: readonly Counts[], exclusions: readonly Exclusion[], policy = DEFAULT_EXCLUSION_POLICY) => {
  const spans = exclusionSpans(exclusions, policy);
  const series = createSeries(200);
  for (const [index, raw] of list.entries()) {
    setMinute(series, index as EpochMinute, adjustedCounts(spans, index as EpochMinute, raw));
  }
  return budgetReading(series, objective, 100, (list.length - 1) as EpochMinute);
};

describe("exclusions", () => {
  test("as of the instant that one was revoked it is gone, and as of the instant that it was made it is there", () => {
    const known = one({ createdAt: epochMs(5), revokedAt: epochMs(9) });
    const there = [4, 5, 8, 9].filter((at) => exclusionsAsOf([known], epochMs(at)).length === 1);
    expect(there).toEqual([5, 8]);
  });

  test("revoking one restores every figure exactly, whatever else is in force", () => {
    const property = fc.property(minutes, fc.array(exclusion), exclusion, policies, (list, others, added, policy) => {
      const before = budgetOf(list, others, policy);
      const revoked = { ...added, revokedAt: epochMs(90 * MINUTE_MS) };
      expect(budgetOf(list, [...others, revoked], policy)).toEqual(before);
    });
    fc.assert(property);
  });

  test("the order in which they are known does not matter, and spans neither overlap nor touch their like", () => {
    const property = fc.property(fc.array(exclusion), policies, (exclusions, policy) => {
      const spans = exclusionSpans(exclusions, policy);
      expect(exclusionSpans(exclusions.toReversed(), policy)).toEqual(spans);
      for (const [index, span] of spans.entries()) {
        const next = spans[index + 1];
        if (next === undefined) continue;
        expect(next.from).toBeGreaterThanOrEqual(span.until);
        expect(next.from === span.until && next.treatment === span.treatment).toBe(false);
      }
    });
    fc.assert(property);
  });

  test("no minute ever counts more than was measured, and one more exclusion never adds a bad event", () => {
    const property = fc.property(minutes, fc.array(exclusion), exclusion, (list, some, added) => {
      const [few, more] = [some, [...some, added]].map((known) => exclusionSpans(known, DEFAULT_EXCLUSION_POLICY));
      for (const [index, raw] of list.entries()) {
        const before = adjustedCounts(few ?? [], index as EpochMinute, raw);
        const after = adjustedCounts(more ?? [], index as EpochMinute, raw);
        expect(before.bad).toBeLessThanOrEqual(raw.bad);
        expect(after.bad).toBeLessThanOrEqual(before.bad);
        expect(after.total).toBeLessThanOrEqual(before.total);
      }
    });
    fc.assert(property);
  });

  test("what was known at an instant does not change by what came later", () => {
    const property = fc.property(fc.array(exclusion), instant, (exclusions, at) => {
      const known = exclusionsAsOf(exclusions, at);
      const later = exclusions.filter(({ createdAt }) => createdAt > at);
      expect(exclusionsAsOf([...exclusions, ...later], at)).toEqual(known);
      // Neither does it by revocations that were still to come: a revoked exclusion counts for nothing.
      const asWritten = exclusions.map((each) =>
        each.revokedAt !== null && each.revokedAt > at ? { ...each, revokedAt: null } : each,
      );
      const spansOf = (list: typeof exclusions) => exclusionSpans(exclusionsAsOf(list, at), DEFAULT_EXCLUSION_POLICY);
      expect(spansOf(exclusions)).toEqual(spansOf(asWritten));
      const isInForce = asWritten.filter(({ createdAt, revokedAt }) => createdAt <= at && revokedAt === null);
      const approved = isInForce.map((each) => ((each.approvedAt ?? 0) > at ? { ...each, approvedAt: null } : each));
      expect(spansOf(exclusions)).toEqual(exclusionSpans(approved, DEFAULT_EXCLUSION_POLICY));
    });
    fc.assert(property);
  });

  test.each([
    [one({}), "exclude"],
    [one({ kind: "emergency" }), undefined],
    [one({ kind: "retroactive" }), undefined],
    [one({ kind: "retroactive", approvedAt: epochMs(5) }), "exclude"],
    [one({ kind: "probe_fault" }), "exclude"],
    [one({ revokedAt: epochMs(5) }), undefined],
  ])("by default %o", (given, treatment) => {
    expect(exclusionSpans([given], DEFAULT_EXCLUSION_POLICY)[0]?.treatment).toBe(treatment);
  });

  test("an approval counts from the instant on at which it was given", () => {
    const given = one({ kind: "retroactive", approvedAt: epochMs(500) });
    const spansAt = (at: number) => exclusionSpans(exclusionsAsOf([given], epochMs(at)), DEFAULT_EXCLUSION_POLICY);
    expect([spansAt(499).length, spansAt(500).length]).toEqual([0, 1]);
  });

  test("it covers every minute that it touches; counting as good keeps the events", () => {
    const spans = exclusionSpans(
      [one({ startsAt: epochMs(MINUTE_MS + 1), endsAt: epochMs(2 * MINUTE_MS + 1), kind: "emergency" })],
      { ...DEFAULT_EXCLUSION_POLICY, emergency: "good" },
    );
    expect(spans).toEqual([{ from: 1, until: 3, treatment: "good" }]);
    expect(adjustedCounts(spans, 2 as EpochMinute, { bad: 2, total: 5, expected: 6 })).toEqual({
      bad: 0,
      total: 5,
      expected: 6,
    });
  });
});
