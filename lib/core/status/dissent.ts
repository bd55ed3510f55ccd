import type { Vote } from "../outcome.ts";

/** The votes of one slot, by location. Votes of `none` are no reports. */
export type SlotVotes = ReadonlyMap<string, Vote>;

/** Slots in a row on which a location must disagree before it is named. */
const DISSENT_SLOTS = 5;

/** Locations that disagree with the majority; where there is none, those that say bad. */
const dissentersOf = (votes: SlotVotes): ReadonlySet<string> => {
  const said = (vote: Vote) => [...votes].filter(([, one]) => one === vote).map(([location]) => location);
  const bad = said("bad");
  const good = said("good");
  return new Set(bad.length > good.length ? good : bad);
};

const isContested = (votes: SlotVotes): boolean => {
  const said = [...votes.values()];
  return said.filter((vote) => vote !== "none").length >= 2;
};

/**
 * The locations that disagreed with the others on each of the last five slots that two or more of them reported,
 * sorted. `slots` are oldest first.
 */
export const dissentingLocations = (slots: readonly SlotVotes[]): string[] => {
  const last = slots.filter(isContested).slice(-DISSENT_SLOTS);
  if (last.length < DISSENT_SLOTS) return [];
  const [first, ...rest] = last.map(dissentersOf);
  return [...(first ?? [])].filter((location) => rest.every((slot) => slot.has(location))).sort();
};
