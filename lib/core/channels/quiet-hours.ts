import { instantOfWallTime, wallTimeAt } from "../calendar.ts";
import type { QuietHours } from "../definitions.ts";
import type { EpochMs } from "../units.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../units.ts";

const timeOfDayMs = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * HOUR_MS + minutes * MINUTE_MS;
};

/**
 * When the quiet hours end that an alert of this severity has to wait for; null: it goes now. Pages and events without a
 * severity never wait. Both ends are on the clock of the zone, so a night may have an hour more or less.
 */
export const quietUntil = (
  quiet: QuietHours | undefined,
  severity: "page" | "ticket" | null,
  now: EpochMs,
): EpochMs | null => {
  if (quiet === undefined || severity !== "ticket" || !quiet.severities.includes(severity)) return null;
  const wall = wallTimeAt(quiet.timeZone, now);
  const midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  const [from, to, at] = [timeOfDayMs(quiet.from), timeOfDayMs(quiet.to), wall - midnight];
  const isOverMidnight = from > to;
  const isQuiet = isOverMidnight ? at >= from || at < to : at >= from && at < to;
  if (!isQuiet) return null;
  const end = instantOfWallTime(quiet.timeZone, midnight + to + (isOverMidnight && at >= from ? DAY_MS : 0));
  return end > now ? end : null;
};
