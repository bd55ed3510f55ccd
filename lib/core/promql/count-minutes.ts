import type { EpochMinute } from "../units.ts";
import { addMinutes } from "../units.ts";
import type { MinuteValues } from "./read-answer.ts";

/** The events of one minute as they are stored: whole numbers, `good <= total`. */
export type MinuteCounts = {
  readonly minute: EpochMinute;
  readonly good: number;
  readonly total: number;
  /** Equals `total` where there was a sample; where there was none, what the last minute with one lets expect. */
  readonly expected: number;
  readonly hasSample: boolean;
};

export type CountedHour = {
  readonly minutes: readonly MinuteCounts[];
  /** Minutes in which the good events outnumbered all of them; they count as all good. */
  readonly clamped: number;
  /** Minutes with a total above zero and no sample of `good`: counted as no data. */
  readonly withoutGood: number;
};

/** What `sli_hours` can hold in a minute. */
const MOST = 2 ** 31 - 1;

/** Rounds running sums, so that whole numbers add up to what the fractions add up to, within a half. */
const createRounder = () => {
  let [sum, given] = [0, 0];
  return (value: number): number => {
    sum += value;
    // The tiny share keeps sums that are whole but for the error of doubles from falling to the lower side of a half.
    const whole = Math.min(MOST, Math.max(0, Math.floor(sum + 0.5 + 1e-9) - given));
    given += whole;
    return whole;
  };
};

/**
 * Turns the values of both queries into whole counts for the minutes of one hour, from its first minute up to and with
 * `last`. `increase()` gives fractions: good and bad events are each rounded by their running sum within the hour, so an
 * hour is off by half an event at most, however it was cut into questions. Asking again gives the same numbers.
 * A minute counts where both queries have a sample; anything else is no data, never zero. `carry` is what the last minute
 * before the hour let expect, 0 when nothing is known.
 */
export const countHour = (args: {
  first: EpochMinute;
  last: EpochMinute;
  good: MinuteValues;
  total: MinuteValues;
  carry: number;
}): CountedHour => {
  const { first, last } = args;
  const [roundGood, roundBad] = [createRounder(), createRounder()];
  const minutes: MinuteCounts[] = [];
  let [expected, clamped, withoutGood] = [args.carry, 0, 0];
  for (let minute = first; minute <= last; minute = addMinutes(minute, 1)) {
    const total = args.total.get(minute);
    const goodValue = args.good.get(minute) ?? (total !== undefined && total <= 0 ? 0 : undefined);
    if (total === undefined || goodValue === undefined) {
      if (total !== undefined) withoutGood += 1;
      minutes.push({ minute, good: 0, total: 0, expected, hasSample: false });
      continue;
    }
    const whole = Math.max(0, total);
    const goodPart = Math.min(Math.max(0, goodValue), whole);
    // Two queries of the same counters differ by the error of doubles; only more than that is worth a warning.
    if (goodValue > whole * (1 + 1e-9) + 1e-9) clamped += 1;
    const good = roundGood(goodPart);
    const bad = Math.min(roundBad(whole - goodPart), MOST - good);
    expected = good + bad;
    minutes.push({ minute, good, total: expected, expected, hasSample: true });
  }
  return { minutes, clamped, withoutGood };
};

/**
 * The minutes that differ from what is stored. A minute without a sample never takes back one that was counted: a server
 * that forgets (retention, a lost disk) does not undo what happened.
 */
export const changedMinutes = (
  counted: readonly MinuteCounts[],
  stored: (minute: EpochMinute) => Omit<MinuteCounts, "minute" | "hasSample">,
): MinuteCounts[] =>
  counted.filter(({ minute, good, total, expected, hasSample }) => {
    const before = stored(minute);
    if (!hasSample && before.total > 0) return false;
    return before.good !== good || before.total !== total || before.expected !== expected;
  });
