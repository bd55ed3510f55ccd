import type { EpochMs } from "../units.ts";
import { localDate } from "./local-days.ts";

/** A month of the calendar as YYYY-MM. */
export type Month = string;

const MONTHS_SHOWN = 13;

/** The month that an instant lies in, in a zone. */
export const monthOf = (at: EpochMs, timeZone: string): Month => localDate(at, timeZone).slice(0, 7);

const before = (month: Month): Month => {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return number === 1
    ? `${String(year - 1).padStart(4, "0")}-12`
    : `${month.slice(0, 5)}${String(number - 1).padStart(2, "0")}`;
};

/**
 * The months that a history has, newest first: from the present one back to the month of the oldest instant that there is
 * to tell of, thirteen at most, so that a month can be held beside the same one of the year before.
 * @param instants When something was first measured, began or was planned.
 */
export const historyMonths = (now: EpochMs, instants: readonly EpochMs[], timeZone: string): readonly Month[] => {
  const oldest = monthOf(
    instants.reduce((first, at) => (at < first ? at : first), now),
    timeZone,
  );
  const months = [monthOf(now, timeZone)];
  while (months.length < MONTHS_SHOWN && (months.at(-1) as Month) > oldest) months.push(before(months.at(-1) as Month));
  return months;
};
