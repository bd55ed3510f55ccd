import type { Vote } from "../outcome.ts";
import type { EpochMs } from "../units.ts";
import type { Sighting } from "./eyesight.ts";

/** The votes of one slot whose locations count, by location number. Votes of `none` are no reports. */
export type CountedVotes = { readonly at: EpochMs; readonly votes: ReadonlyMap<number, Vote> };

const LEAST_OTHERS = 2;

/**
 * Whether a location disagrees with the strict majority of a slot; null when nothing can be said: it did not report, or
 * fewer than two others did. The majority is one of all who reported, the location among them: of four who are split in
 * halves none dissents, so that those who dissent are always fewer than those who do not.
 */
export const isDissent = (votes: ReadonlyMap<number, Vote>, locationNo: number): boolean | null => {
  const own = votes.get(locationNo) ?? "none";
  if (own === "none") return null;
  let others = 0;
  let against = 0;
  for (const [no, vote] of votes) {
    if (no === locationNo || vote === "none") continue;
    others += 1;
    if (vote !== own) against += 1;
  }
  return others < LEAST_OTHERS ? null : against * 2 > others + 1;
};

/** What the slots of one probe say about a location, oldest first. Slots that say nothing are left out. */
export const comparisonsOf = (slots: readonly CountedVotes[], locationNo: number): Sighting[] =>
  slots.flatMap(({ at, votes }) => {
    const isBad = isDissent(votes, locationNo);
    return isBad === null ? [] : [{ at, isBad }];
  });
