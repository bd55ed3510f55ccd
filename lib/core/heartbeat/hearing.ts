import type { EpochMs } from "../units.ts";
import { epochMs } from "../units.ts";

/** A time in which pings could be received and stored. Both ends belong to it. */
export type HearingSpan = { readonly since: EpochMs; readonly until: EpochMs };

/** Hearing is noted every second: a hole of this length between two notes is none. */
const SEAM_MS = 2_000;

/** Whether pings could be received during all of [from, until], over all instances together. The order does not matter. */
export const couldHear = (spans: readonly HearingSpan[], from: EpochMs, until: EpochMs): boolean => {
  let whole: HearingSpan | null = null;
  for (const span of [...spans].sort((a, b) => a.since - b.since)) {
    whole =
      whole === null || span.since > whole.until + SEAM_MS
        ? span
        : { since: whole.since, until: epochMs(Math.max(whole.until, span.until)) };
    if (whole.since <= from && whole.until >= until) return true;
  }
  return false;
};
