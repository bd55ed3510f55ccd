import type { SlotCounts } from "../bucket.ts";
import type { Combination } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";

/** What one probe counts, minute by minute. */
export type MinuteCounts = ReadonlyMap<EpochMinute, SlotCounts>;

/** Adds up minute by minute; associative and commutative. */
export const sumMinutes = (all: readonly MinuteCounts[]): Map<EpochMinute, SlotCounts> => {
  const sums = new Map<EpochMinute, { good: number; total: number; expected: number }>();
  for (const [minute, counts] of all.flatMap((one) => [...one])) {
    const sum = sums.get(minute) ?? { good: 0, total: 0, expected: 0 };
    sums.set(minute, sum);
    sum.good += counts.good;
    sum.total += counts.total;
    sum.expected += counts.expected;
  }
  return sums;
};

const weighted = (counts: MinuteCounts, weight: number): MinuteCounts => {
  if (weight === 1) return counts;
  const by = ({ good, total, expected }: SlotCounts): SlotCounts => ({
    good: good * weight,
    total: total * weight,
    expected: expected * weight,
  });
  return new Map([...counts].map(([minute, one]) => [minute, by(one)]));
};

/** A minute as one event: decided when anything in it is, bad when anything in it is bad. */
const asEvent = ({ good, total, expected }: SlotCounts): SlotCounts => ({
  good: total > 0 && good === total ? 1 : 0,
  total: total > 0 ? 1 : 0,
  expected: expected > 0 ? 1 : 0,
});

/** The events of an SLO, minute by minute, from those of its probes by id; the order of the probes does not matter. */
export const combineMinutes = (
  byProbe: readonly (readonly [string, MinuteCounts])[],
  combination: Combination,
): Map<EpochMinute, SlotCounts> => {
  switch (combination.kind) {
    case "sum":
      return sumMinutes(byProbe.map(([, counts]) => counts));
    case "weighted":
      return sumMinutes(byProbe.map(([probeId, counts]) => weighted(counts, combination.weights[probeId] ?? 1)));
    case "any_bad": {
      const sums = sumMinutes(byProbe.map(([, counts]) => counts));
      return new Map([...sums].map(([minute, counts]) => [minute, asEvent(counts)]));
    }
  }
};
