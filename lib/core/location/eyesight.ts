import type { EpochMs } from "../units.ts";

/** One thing that tells whether a location sees well: a reference check of its own, or a probe compared with others. */
export type Sighting = { readonly at: EpochMs; readonly isBad: boolean };

export type SignalRules = {
  /** Bad sightings in a row that make a signal fail, and good ones that end it. */
  readonly badInARow: number;
  readonly goodInARow: number;
};

/** A reference check counts at once: a vote too few is cheaper than a false outage. It ends as an outage does. */
export const REFERENCE_RULES: SignalRules = { badInARow: 1, goodInARow: 3 };
/** A probe must disagree as long as an outage needs to show, so that one odd answer changes nothing. */
export const DISSENT_RULES: SignalRules = { badInARow: 3, goodInARow: 3 };

/** Half-open; a null end: it goes on. */
export type BlindSpan = { readonly since: EpochMs; readonly until: EpochMs | null };

/** A signal that began or ceased to fail; `at` is the first sighting of the row that showed it. */
type Turn = { readonly at: EpochMs; readonly isFailing: boolean };

/** Where a signal turned, oldest first. It begins as one that does not fail. */
const turnsOf = (sightings: readonly Sighting[], { badInARow, goodInARow }: SignalRules): Turn[] => {
  const turns: Turn[] = [];
  let isFailing = false;
  let rowFrom: EpochMs | null = null;
  let row = 0;
  for (const { at, isBad } of sightings) {
    if (isBad === isFailing) {
      row = 0;
      continue;
    }
    if (row === 0) rowFrom = at;
    row += 1;
    if (row < (isBad ? badInARow : goodInARow)) continue;
    isFailing = isBad;
    turns.push({ at: rowFrom ?? at, isFailing });
    row = 0;
  }
  return turns;
};

/**
 * When more than half of `total` signals failed at once: a function of the sightings alone, whatever the order in which
 * they were learnt. `signals` hold their sightings oldest first; those that `total` counts beside them never fail.
 */
export const blindSpans = (
  signals: readonly (readonly Sighting[])[],
  total: number,
  rules: SignalRules,
): BlindSpan[] => {
  const turns = signals.flatMap((sightings) => turnsOf(sightings, rules)).sort((a, b) => a.at - b.at);
  const spans: BlindSpan[] = [];
  let failing = 0;
  let since: EpochMs | null = null;
  turns.forEach(({ at, isFailing }, index) => {
    failing += isFailing ? 1 : -1;
    // Turns of one instant are one step.
    if (turns[index + 1]?.at === at) return;
    const isBlind = failing * 2 > total;
    if (isBlind && since === null) since = at;
    if (!isBlind && since !== null) {
      spans.push({ since, until: at });
      since = null;
    }
  });
  return since === null ? spans : [...spans, { since, until: null }];
};

/** Whether an instant lies in one of the spans. */
export const isWithin = (spans: readonly BlindSpan[] | undefined, at: EpochMs): boolean =>
  spans?.some((span) => span.since <= at && (span.until === null || at < span.until)) === true;

/**
 * The earliest instant that sightings from `since` on can still decide about: a row that ends with one of them may have
 * begun before it. Null when there are none.
 */
export const decidedFrom = (
  signals: readonly (readonly Sighting[])[],
  since: EpochMs,
  { badInARow, goodInARow }: SignalRules,
): EpochMs | null => {
  const longestRow = Math.max(badInARow, goodInARow);
  let earliest: EpochMs | null = null;
  for (const sightings of signals) {
    const index = sightings.findIndex(({ at }) => at >= since);
    if (index === -1) continue;
    const { at } = sightings[Math.max(0, index - (longestRow - 1))] as Sighting;
    if (earliest === null || at < earliest) earliest = at;
  }
  return earliest;
};
