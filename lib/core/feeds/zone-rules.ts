import { wallTimeAt } from "../calendar.ts";
import type { EpochMs } from "../units.ts";
import { DAY_MS, epochMs, MINUTE_MS } from "../units.ts";

/** A change of the clocks of a zone. Offsets are milliseconds east of UTC. */
type Change = { readonly at: EpochMs; readonly before: number; readonly after: number };

const offsetAt = (timeZone: string, at: number): number => wallTimeAt(timeZone, epochMs(at)) - at;

const changesBetween = (timeZone: string, from: number, until: number): Change[] => {
  const changes: Change[] = [];
  for (let day = from; day < until; day += DAY_MS) {
    const before = offsetAt(timeZone, day);
    const after = offsetAt(timeZone, day + DAY_MS);
    if (before === after) continue;
    let low = day;
    let high = day + DAY_MS;
    while (high - low > MINUTE_MS) {
      const middle = Math.floor((low + high) / 2 / MINUTE_MS) * MINUTE_MS;
      if (offsetAt(timeZone, middle) === before) low = middle;
      else high = middle;
    }
    changes.push({ at: epochMs(high), before, after });
  }
  return changes;
};

/** "+0900" */
const offsetText = (offset: number): string => {
  const minutes = Math.round(Math.abs(offset) / MINUTE_MS);
  const two = (count: number): string => String(count).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
};

/** "20261025T030000" from a wall time. */
export const wallText = (wall: number): string => new Date(wall).toISOString().slice(0, 19).replace(/[-:]/g, "");

const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/** Month, weekday and which of them in the month, as a yearly rule; the last one counts from the end. */
const yearlyRule = (wall: number): string => {
  const date = new Date(wall);
  const day = date.getUTCDate();
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  const which = day + 7 > daysInMonth ? -1 : Math.ceil(day / 7);
  return `FREQ=YEARLY;BYMONTH=${date.getUTCMonth() + 1};BYDAY=${which}${WEEKDAYS[date.getUTCDay()]}`;
};

const timeOfDay = (wall: number): number => ((wall % DAY_MS) + DAY_MS) % DAY_MS;

const observance = (change: Change, standard: number, rule: string | null): string[] => {
  const kind = change.after > standard ? "DAYLIGHT" : "STANDARD";
  return [
    `BEGIN:${kind}`,
    `DTSTART:${wallText(change.at + change.before)}`,
    `TZOFFSETFROM:${offsetText(change.before)}`,
    `TZOFFSETTO:${offsetText(change.after)}`,
    ...(rule === null ? [] : [`RRULE:${rule}`]),
    `END:${kind}`,
  ];
};

/** Years that a rule has to hold for before it is believed, and for which changes are listed where no rule holds. */
const YEARS = 6;

const observancesOf = (changes: readonly Change[]): string[] => {
  const standard = Math.min(...changes.flatMap(({ before, after }) => [before, after]));
  const byDirection = [
    changes.filter((one) => one.after > one.before),
    changes.filter((one) => one.after < one.before),
  ];
  return byDirection.flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const wallOf = ({ at, before }: Change): number => at + before;
    const rule = yearlyRule(wallOf(first));
    const isYearly =
      same.length >= YEARS - 1 &&
      same.every((one) => yearlyRule(wallOf(one)) === rule && timeOfDay(wallOf(one)) === timeOfDay(wallOf(first)));
    return isYearly ? observance(first, standard, rule) : same.flatMap((one) => observance(one, standard, null));
  });
};

const zoneLinesOf = (timeZone: string, year: number): string[] => {
  const start = Date.UTC(year - 1, 0, 1);
  const changes = changesBetween(timeZone, start, Date.UTC(year + YEARS - 1, 0, 1));
  const offset = offsetAt(timeZone, start);
  const first: Change = { at: epochMs(start - offset), before: offset, after: offset };
  // What held before the first change, so that no instant is without an offset.
  const opening = observance(first, offset, null);
  const lines = changes.length === 0 ? opening : [...opening, ...observancesOf(changes)];
  return ["BEGIN:VTIMEZONE", `TZID:${timeZone}`, ...lines, "END:VTIMEZONE"];
};

const known = new Map<string, readonly string[]>();

/**
 * VTIMEZONE of a zone for calendars that begin at `from` (RFC 5545, 3.6.5): a yearly rule for each change of the clocks where
 * one holds, every change of the coming years where none does, one fixed offset where clocks never change. A memo only: the same
 * zone and year always give the same lines.
 */
export const zoneLines = (timeZone: string, from: EpochMs): readonly string[] => {
  const year = new Date(from).getUTCFullYear();
  const key = `${timeZone} ${year}`;
  const lines = known.get(key) ?? zoneLinesOf(timeZone, year);
  known.set(key, lines);
  return lines;
};
