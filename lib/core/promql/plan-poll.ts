import type { EpochMinute, EpochMs } from "../units.ts";
import { addMinutes, addMs, DAY_MS, minuteOf, SECOND_MS } from "../units.ts";

/** How far the minutes of an SLO were read: [from, until), in whole hours but for the newest one. */
export type PolledRange = { readonly from: EpochMinute; readonly until: EpochMinute };

export type PollStep = {
  /** Both included; `first` begins an hour, so that running sums begin anew. */
  readonly first: EpochMinute;
  readonly last: EpochMinute;
  readonly next: PolledRange;
};

/** Scrapes every 15 to 30 s, and remote writes, have landed by then. */
const SETTLE_MS = 45 * SECOND_MS;
/** Samples that come later than that correct minutes up to this old. */
const LOOK_AGAIN_MINUTES = 5;
/** A question covers at most a day: far below the 11,000 points that servers answer with. */
const MOST_MINUTES = 1_440;

const HOUR = 60;
const hourStart = (minute: number): EpochMinute => (Math.floor(minute / HOUR) * HOUR) as EpochMinute;

/** The newest minute whose samples should all be there. */
export const newestMinute = (now: EpochMs): EpochMinute => addMinutes(minuteOf(addMs(now, -SETTLE_MS)), -1);

/**
 * What to ask next, or null when everything is known. Live minutes come first: an SLO is judged on what happens now while
 * its past is still being filled, newest hours first, back to `oldest`. After an outage of ours or theirs the missed
 * minutes follow in steps of a day at most.
 */
export const planPoll = (args: {
  polled: PolledRange | null;
  newest: EpochMinute;
  oldest: EpochMinute;
}): PollStep | null => {
  const { polled, newest } = args;
  const oldest = hourStart(args.oldest);
  if (newest < oldest) return null;
  // After more than a month away, what is missed is filled like the past of a new SLO.
  if (polled === null || newest - polled.until > 32 * MOST_MINUTES) {
    const first = hourStart(newest);
    return { first, last: newest, next: { from: first, until: addMinutes(newest, 1) } };
  }
  if (newest >= polled.until) {
    const first = Math.max(polled.from, hourStart(polled.until - LOOK_AGAIN_MINUTES)) as EpochMinute;
    const last = Math.min(newest, first + MOST_MINUTES - 1) as EpochMinute;
    return { first, last, next: { from: polled.from, until: addMinutes(last, 1) } };
  }
  if (polled.from <= oldest) return null;
  const first = Math.max(oldest, polled.from - MOST_MINUTES) as EpochMinute;
  return { first, last: addMinutes(polled.from, -1), next: { from: first, until: polled.until } };
};

/** How far back the past is read at most: raw runs are not kept longer either. */
const FURTHEST_BACK_MS = 35 * DAY_MS;

/** The oldest minute that an SLO with a window of `windowMs` is read back to. */
export const oldestMinute = (now: EpochMs, windowMs: number): EpochMinute =>
  minuteOf(addMs(now, -Math.min(windowMs, FURTHEST_BACK_MS)));

/**
 * The newest minute that is known together with all that its windows look back at; null while the past is still being
 * read. An SLO that is judged before would take minutes that nobody has asked for yet for minutes without events.
 */
export const knownThrough = (polled: PolledRange | null, oldest: EpochMinute): EpochMinute | null =>
  polled === null || polled.from > hourStart(oldest) ? null : addMinutes(polled.until, -1);

/** The hours of a step as [first, last] minutes. */
export const hoursOf = ({ first, last }: PollStep): (readonly [EpochMinute, EpochMinute])[] => {
  const hours: (readonly [EpochMinute, EpochMinute])[] = [];
  for (let at = hourStart(first); at <= last; at = addMinutes(at, HOUR)) {
    hours.push([at, Math.min(last, at + HOUR - 1) as EpochMinute]);
  }
  return hours;
};
