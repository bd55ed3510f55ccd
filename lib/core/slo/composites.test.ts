import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SlotCounts } from "../bucket.ts";
import type { Combination } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";
import type { MinuteCounts } from "./composites.ts";
import { combineMinutes } from "./composites.ts";

const counts = fc
  .tuple(fc.nat(4), fc.nat(4), fc.nat(2))
  .map(([bad, good, missing]): SlotCounts => ({ good, total: bad + good, expected: bad + good + missing }));
const probe = fc
  .array(fc.tuple(fc.nat(9), counts), { maxLength: 8 })
  .map((list) => new Map(list) as unknown as MinuteCounts);
const probes = fc
  .array(probe, { minLength: 1, maxLength: 4 })
  .map((list) => list.map((one, i) => [`p${i}`, one] as const));
const combinations: Combination[] = [
  { kind: "sum" },
  { kind: "any_bad" },
  { kind: "weighted", weights: { p0: 3, p2: 7 } },
];
const sorted = (minutes: MinuteCounts) => [...minutes].sort(([a], [b]) => a - b);

describe("several probes as one SLI", () => {
  test.each(combinations)("the order of the probes does not matter: $kind", (combination) => {
    fc.assert(
      fc.property(probes, (byProbe) => {
        expect(sorted(combineMinutes(byProbe.toReversed(), combination))).toEqual(
          sorted(combineMinutes(byProbe, combination)),
        );
      }),
    );
  });

  test.each(combinations)("good <= total, and both stay within what is expected: $kind", (combination) => {
    fc.assert(
      fc.property(probes, (byProbe) => {
        for (const { good, total, expected } of combineMinutes(byProbe, combination).values()) {
          expect(good).toBeLessThanOrEqual(total);
          expect(total).toBeLessThanOrEqual(expected);
        }
      }),
    );
  });

  test("weights of one are the sum, and a weight counts a probe so many times", () => {
    fc.assert(
      fc.property(probes, (byProbe) => {
        const plain = combineMinutes(byProbe, { kind: "sum" });
        expect(combineMinutes(byProbe, { kind: "weighted", weights: {} })).toEqual(plain);
        const [first] = byProbe;
        if (first === undefined) return;
        const twice = combineMinutes([...byProbe, ["again", first[1]]], { kind: "sum" });
        expect(sorted(combineMinutes(byProbe, { kind: "weighted", weights: { p0: 2 } }))).toEqual(sorted(twice));
      }),
    );
  });

  test("any bad slot makes the minute bad, a probe without slots does not", () => {
    const minute = 5 as EpochMinute;
    const of = (good: number, total: number): MinuteCounts => new Map([[minute, { good, total, expected: 2 }]]);
    const judged = (...all: MinuteCounts[]) =>
      combineMinutes(
        all.map((one, i) => [`p${i}`, one] as const),
        { kind: "any_bad" },
      ).get(minute);
    expect(judged(of(2, 2), of(1, 2))).toEqual({ good: 0, total: 1, expected: 1 });
    expect(judged(of(2, 2), of(0, 0))).toEqual({ good: 1, total: 1, expected: 1 });
    expect(judged(of(0, 0))).toEqual({ good: 0, total: 0, expected: 1 });
  });
});
