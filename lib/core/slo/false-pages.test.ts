import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../backtest/seeded-random.ts";
import { simulateFalseAlerts } from "../backtest/simulate.ts";
import { DAY_MS, durationMs } from "../units.ts";
import { binomial, upperTails } from "./binomial.ts";
import type { PairNeeds } from "./false-pages.ts";
import { badSlotShare, expectedFalseAlerts } from "./false-pages.ts";
import { feasibilityOf } from "./feasibility.ts";
import { objectiveOfPercent } from "./objective.ts";
import { defaultPolicy } from "./policy.ts";
import { compilePair } from "./reading.ts";

describe("binomial probabilities", () => {
  test("sum to one, have the mean n*p, and tails fall from one", () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
      (n, p) => {
        const terms = binomial(n, p);
        expect(terms.reduce((sum, term) => sum + term, 0)).toBeCloseTo(1, 9);
        expect(terms.reduce((sum, term, index) => sum + term * index, 0) / (n * p)).toBeCloseTo(1, 6);
        const tails = upperTails(terms);
        expect(tails.every((tail, index) => index === 0 || tail <= (tails[index - 1] ?? 0))).toBe(true);
      },
    );
    fc.assert(property);
  });

  test("a slot seen from several locations is bad only when more than half of them fail", () => {
    expect(badSlotShare(0.1, 1)).toBeCloseTo(0.1, 12);
    expect(badSlotShare(0.1, 2)).toBeCloseTo(0.01, 12);
    expect(badSlotShare(0.1, 3)).toBeCloseTo(3 * 0.01 * 0.9 + 0.001, 12);
  });
});

/** Every sequence of events that one step can see, weighed: the probability that the pair starts to hold with it. */
const byEnumeration = (
  { longEvents, shortEvents, longNeeds, shortNeeds }: PairNeeds,
  share: number,
  step: number,
): number => {
  const length = longEvents + step;
  const holds = (bits: number, end: number): boolean => {
    const bad = (events: number): number => {
      let count = 0;
      for (let at = end - events; at < end; at += 1) count += (bits >> at) & 1;
      return count;
    };
    return bad(shortEvents) >= shortNeeds && bad(longEvents) >= longNeeds;
  };
  let sum = 0;
  for (let bits = 0; bits < 2 ** length; bits += 1) {
    if (!holds(bits, length) || holds(bits, length - step)) continue;
    let weight = 1;
    for (let at = 0; at < length; at += 1) weight *= (bits >> at) & 1 ? share : 1 - share;
    sum += weight;
  }
  return sum;
};

test("the expected number of false alerts is exactly that of all sequences of events", () => {
  const pairs = fc
    .record({
      step: fc.integer({ min: 1, max: 2 }),
      shortSteps: fc.integer({ min: 1, max: 2 }),
      moreSteps: fc.integer({ min: 1, max: 3 }),
    })
    .chain(({ step, shortSteps, moreSteps }) => {
      const shortEvents = shortSteps * step;
      const longEvents = shortEvents + moreSteps * step;
      return fc.record({
        step: fc.constant(step),
        pair: fc.record({
          longEvents: fc.constant(longEvents),
          shortEvents: fc.constant(shortEvents),
          longNeeds: fc.integer({ min: 1, max: longEvents }),
          shortNeeds: fc.integer({ min: 1, max: shortEvents }),
        }),
      });
    });
  fc.assert(
    fc.property(pairs, fc.double({ min: 0.01, max: 0.6, noNaN: true }), ({ step, pair }, share) => {
      const spacingMs = 60_000 / step;
      const expected = byEnumeration(pair, share, step);
      expect(expectedFalseAlerts({ pair, share, spacingMs, spanMs: 60_000 })).toBeCloseTo(expected, 10);
    }),
  );
});

test.each([
  { intervalMs: 30_000, objective: "99.9", flakeRate: 0.004 },
  { intervalMs: 60_000, objective: "99.9", flakeRate: 0.005 },
  { intervalMs: 300_000, objective: "99.5", flakeRate: 0.02 },
])(
  "chance fires as often as a simulation of a year says: $intervalMs ms, $objective %",
  ({ intervalMs, objective, flakeRate }) => {
    const exact = objectiveOfPercent(objective);
    const window = { kind: "rolling", durationMs: durationMs(28 * DAY_MS) } as const;
    const probe = { id: "simulated", intervalMs: durationMs(intervalMs) };
    const burnRateAlerts = defaultPolicy(window.durationMs, { intervalMs: probe.intervalMs, objective: exact });
    const found = feasibilityOf({
      definition: { sli: { kind: "availability" }, objective, window, burnRateAlerts },
      probes: [{ intervalMs: probe.intervalMs, locations: 1 }],
      flakeRate,
    });
    const days = 360;
    const seen = simulateFalseAlerts({
      probe,
      pairs: burnRateAlerts.map((pair) => compilePair(pair, exact)),
      failureRate: flakeRate,
      hours: days * 24,
      random: seededRandom(20_261_122),
    });
    const tickets = found?.pairs.filter(({ severity }) => severity === "ticket") ?? [];
    const expected = {
      pages: ((found?.falsePagesIn30d ?? 0) * days) / 30,
      tickets: (tickets.reduce((sum, pair) => sum + pair.falseAlertsIn30d, 0) * days) / 30,
    };
    // Alerts by chance come in clumps, so their spread is wider than that of single events.
    for (const kind of ["pages", "tickets"] as const) {
      const spread = 6 * Math.sqrt(expected[kind] + 1);
      expect(Math.abs(seen[kind] - expected[kind]), kind).toBeLessThan(spread);
    }
  },
);
