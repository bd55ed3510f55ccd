import { RRuleTemporal } from "rrule-temporal";
import { instantOfWallTime, wallTimeAt } from "#lib/core/calendar.ts";
import { refuseRule } from "#lib/core/maintenance/rule.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, epochMs } from "#lib/core/units.ts";

/** Occurrences are stored this far ahead; an engine that was away for as long loses none, it adds them late. */
export const HORIZON_MS = 35 * DAY_MS;

/** What is repeated, and how. */
export type Recurrence = {
  readonly startsAt: EpochMs;
  readonly rrule: string | null;
  readonly timeZone: string;
};

/** A rule that meets nothing (30 February) must end too. */
const EFFORT = { maxIterations: 100_000, maxCandidateEvaluations: 200_000 };

/** "20261101T020000" on the clock of the zone. */
const wallText = (timeZone: string, at: EpochMs): string =>
  new Date(wallTimeAt(timeZone, at)).toISOString().slice(0, 19).replace(/[-:]/g, "");

/** False for the second showing of a wall time, which a rule by the hour would give beside the first. */
const isFirstShowing = (timeZone: string, at: EpochMs): boolean =>
  instantOfWallTime(timeZone, wallTimeAt(timeZone, at)) === Math.floor(at / 1_000) * 1_000;

/**
 * The starts of occurrences within [from, until), in order. They keep their wall-clock time over changes of the clocks; one
 * at a time that the clocks skip does not happen, as RFC 5545 asks, and one that they show twice happens the first time.
 * @throws AppError INVALID_REQUEST when the rule cannot be worked out, or gives more than `most`.
 */
export const expandStarts = (
  { startsAt, rrule, timeZone }: Recurrence,
  span: { readonly from: EpochMs; readonly until: EpochMs; readonly most: number },
): EpochMs[] => {
  const { from, until, most } = span;
  if (rrule === null) return startsAt >= from && startsAt < until ? [startsAt] : [];
  const starts: EpochMs[] = [];
  try {
    const rruleString = `DTSTART;TZID=${timeZone}:${wallText(timeZone, startsAt)}\nRRULE:${rrule}`;
    const rule = new RRuleTemporal({ rruleString, strict: true, ...EFFORT });
    for (const start of rule.between(new Date(from), new Date(until - 1), true)) {
      starts.push(epochMs(Number(start.epochMilliseconds)));
      if (starts.length > most) break;
    }
  } catch (error) {
    return refuseRule(error instanceof Error ? error.message : String(error));
  }
  if (starts.length > most) return refuseRule(`gives more than ${most} occurrences in five weeks`);
  return starts.filter((start) => isFirstShowing(timeZone, start));
};
