import { instantOfWallTime, wallTimeAt } from "../calendar.ts";
import type { DurationMs, EpochMs } from "../units.ts";
import { addMs, DAY_MS, HOUR_MS, SECOND_MS } from "../units.ts";

/** Messages that a channel may get at once; they flow in evenly and never pile up to more than a second's worth. */
export type Bucket = { readonly tokens: number; readonly at: EpochMs };

/** Whole messages that a channel may get now. `bucket` null: it was never used. */
export const tokensAt = (bucket: Bucket | null, perSecond: number, now: EpochMs): number =>
  bucket === null
    ? perSecond
    : Math.min(perSecond, bucket.tokens + (Math.max(0, now - bucket.at) * perSecond) / SECOND_MS);

/** A window of sign-ups: how many are let through in how long. */
export type Limit = { readonly most: number; readonly windowMs: DurationMs | number };

/** From one address of the network, and to one address of a person: what a page needs on its worst day, not a flood. */
export const LIMIT_BY_CLIENT: Limit = { most: 30, windowMs: HOUR_MS };
export const LIMIT_BY_ADDRESS: Limit = { most: 3, windowMs: HOUR_MS };
/** New addresses of all clients together: what cannot be told apart by its source ends here. */
export const LIMIT_BY_PAGE: Limit = { most: 2_000, windowMs: HOUR_MS };

/** When the window of a limit began that `now` lies in; windows are aligned to the epoch. */
export const windowStart = (now: EpochMs, { windowMs }: Limit): EpochMs => addMs(now, -(now % windowMs));

/** When the digest is sent, on the wall clock of the page. */
const DIGEST_HOUR = 8;

/** The next time a digest is due in this IANA zone, strictly after `now`: at eight, whatever the clocks do in between. */
export const nextDigestAt = (now: EpochMs, timeZone: string): EpochMs => {
  const wall = wallTimeAt(timeZone, now);
  const midnight = wall - (((wall % DAY_MS) + DAY_MS) % DAY_MS);
  const eightOf = (days: number): EpochMs =>
    instantOfWallTime(timeZone, (midnight + days * DAY_MS + DIGEST_HOUR * HOUR_MS) as typeof wall);
  return [0, 1].map(eightOf).find((at) => at > now) ?? eightOf(2);
};
/** What a digest covers begins when the one before it was due; that is 23 or 25 hours where clocks change. */
export const digestFrom = (dueAt: EpochMs, timeZone: string): EpochMs =>
  nextDigestAt(addMs(dueAt, -1.5 * DAY_MS), timeZone);
