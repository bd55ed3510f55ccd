import type { SlotRule } from "../bucket.ts";
import { voteOfSlot } from "../slot.ts";

/** How many of a slot's reporters must be bad for the slot to be bad. */
export type Quorum = "majority" | "any" | "all" | number;

/** Reads "majority", "any", "all" or a count from 1. Null when the text is none of them. */
export const parseQuorum = (text: string): Quorum | null => {
  if (text === "majority" || text === "any" || text === "all") return text;
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : null;
};

/**
 * The rule of a quorum. Like the engine's majority it needs min(2, configured locations) reporters; with a count, a slot
 * is bad when so many reporters are bad, and good otherwise.
 */
export const ruleOfQuorum = (quorum: Quorum): SlotRule => {
  if (quorum === "majority") return voteOfSlot;
  return (votes, configuredLocations) => {
    const bad = votes.filter((vote) => vote === "bad").length;
    const reporters = bad + votes.filter((vote) => vote === "good").length;
    if (reporters === 0 || reporters < Math.min(2, configuredLocations)) return "none";
    const needed = quorum === "any" ? 1 : quorum === "all" ? reporters : quorum;
    return bad >= needed ? "bad" : "good";
  };
};
