import { atLeast, binomial, upperTails } from "./binomial.ts";

/** A pair in counts: how many events its windows hold, and from how many bad ones on each asks for the alert. */
export type PairNeeds = {
  readonly longEvents: number;
  readonly shortEvents: number;
  readonly longNeeds: number;
  readonly shortNeeds: number;
};

/**
 * The share of bad slots when each location's run fails by itself with probability `flakeRate` and all report: a slot is
 * bad when more than half of them are (slo-semantics, "Slots").
 */
export const badSlotShare = (flakeRate: number, locations: number): number => {
  if (locations <= 1) return flakeRate;
  const terms = binomial(locations, flakeRate);
  let share = 0;
  for (let bad = Math.floor(locations / 2) + 1; bad < terms.length; bad += 1) share += terms[bad] as number;
  return share;
};

/**
 * The probability that one step of `step` events starts an alert of a pair, when each event is bad by itself with probability
 * `share`: the condition does not hold before the step and holds after it. Exact for full windows that move by whole steps;
 * the events that enter, stay in the short window, fall into the older part and leave are independent of each other.
 */
const startProbability = (pair: PairNeeds, share: number, step: number): number => {
  const { longEvents, shortEvents, longNeeds, shortNeeds } = pair;
  const older = longEvents - shortEvents - step;
  if (shortEvents < step || older < 0) return 0;
  const entering = binomial(step, share);
  const staying = binomial(shortEvents - step, share);
  const olderTails = upperTails(binomial(older, share));
  let sum = 0;
  for (let entered = 1; entered < entering.length; entered += 1) {
    for (let stayed = Math.max(0, shortNeeds - entered); stayed < staying.length; stayed += 1) {
      for (let fallen = 0; fallen < entering.length; fallen += 1) {
        const weight = (entering[entered] as number) * (staying[stayed] as number) * (entering[fallen] as number);
        const due = longNeeds - stayed - entered - fallen;
        const holdsAfter = atLeast(olderTails, due);
        // Before the step those that fell were in the short window, and those that left were in the long one.
        let heldBefore = 0;
        if (stayed + fallen >= shortNeeds) {
          for (let left = 0; left < entering.length; left += 1) {
            const dueBefore = longNeeds - stayed - fallen - left;
            heldBefore += (entering[left] as number) * atLeast(olderTails, Math.max(due, dueBefore));
          }
        }
        sum += weight * (holdsAfter - heldBefore);
      }
    }
  }
  return Math.max(0, sum);
};

/**
 * How often a pair fires by chance alone within `spanMs`, when each event is bad by itself with probability `share`.
 * Events come every `spacingMs`; windows move by the minute, or by the event where that is longer.
 */
export const expectedFalseAlerts = (args: {
  readonly pair: PairNeeds;
  readonly share: number;
  readonly spacingMs: number;
  readonly spanMs: number;
}): number => {
  const { pair, share, spacingMs, spanMs } = args;
  if (pair.longNeeds > pair.longEvents || pair.shortNeeds > pair.shortEvents) return 0;
  const step = Math.max(1, Math.round(60_000 / spacingMs));
  return startProbability(pair, share, step) * (spanMs / (spacingMs * step));
};
