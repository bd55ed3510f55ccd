import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { wallTimeAt } from "#lib/core/calendar.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, epochMs } from "#lib/core/units.ts";

type Occurrence = MaintenanceResource["occurrences"][number];
export type Planned = { readonly work: MaintenanceResource; readonly occurrence: Occurrence };
export type Day = {
  /** YYYY-MM-DD. */
  readonly date: string;
  readonly number: number;
  readonly isOfMonth: boolean;
  readonly isToday: boolean;
  readonly planned: readonly Planned[];
};

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
const WEEK = 7;

/** YYYY-MM of an instant on the clocks of a zone. */
const monthAt = (timeZone: string, at: EpochMs): string => new Date(wallTimeAt(timeZone, at)).toISOString().slice(0, 7);

/** A month of an address, or the one of `at`. */
export const monthOf = (text: string | undefined, timeZone: string, at: EpochMs): string =>
  text !== undefined && MONTH.test(text) ? text : monthAt(timeZone, at);

/** YYYY-MM so many months later. */
export const monthsLater = (month: string, count: number): string => {
  const at = new Date(`${month}-01T00:00:00Z`);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + count, 1)).toISOString().slice(0, 7);
};

const dayIndex = (timeZone: string, at: number): number => Math.floor(wallTimeAt(timeZone, epochMs(at)) / DAY_MS);

/** The weeks of a month from Monday on, each day with the occurrences that touch it on the clocks of the zone. */
export const weeksOf = (
  month: string,
  works: readonly MaintenanceResource[],
  { timeZone, now }: { readonly timeZone: string; readonly now: EpochMs },
): Day[][] => {
  const first = Date.parse(`${month}-01T00:00:00Z`) / DAY_MS;
  const next = Date.parse(`${monthsLater(month, 1)}-01T00:00:00Z`) / DAY_MS;
  const monday = first - ((new Date(first * DAY_MS).getUTCDay() + WEEK - 1) % WEEK);
  const today = dayIndex(timeZone, now);
  const all = works
    .flatMap((work) => work.occurrences.map((occurrence) => ({ work, occurrence })))
    .map((planned) => ({
      planned,
      from: dayIndex(timeZone, Date.parse(planned.occurrence.startsAt)),
      // What ends at midnight does not touch the next day.
      until: dayIndex(timeZone, Date.parse(planned.occurrence.endsAt) - 1),
    }));
  const dayOf = (index: number): Day => {
    const at = new Date(index * DAY_MS);
    return {
      date: at.toISOString().slice(0, 10),
      number: at.getUTCDate(),
      isOfMonth: index >= first && index < next,
      isToday: index === today,
      planned: all.filter(({ from, until }) => from <= index && index <= until).map(({ planned }) => planned),
    };
  };
  const weeks = Math.ceil((next - monday) / WEEK);
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: WEEK }, (__, day) => dayOf(monday + week * WEEK + day)),
  );
};

/** The occurrence that matters now: under way, else the next, else the last one. */
export const nearest = ({ occurrences }: MaintenanceResource): Occurrence | undefined =>
  occurrences.find(({ state }) => state === "in_progress" || state === "verifying") ??
  occurrences.find(({ state }) => state === "scheduled") ??
  occurrences.at(-1);
