import { expandStarts, HORIZON_MS } from "#lib/commands/maintenances/expand.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { parseDuration } from "#lib/core/duration.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs } from "#lib/core/units.ts";
import { monthsLater } from "./calendar-days.ts";

const MOST = 1_000;
/** Days of other months stand in the first and the last week; zones are up to a day apart. */
const AROUND_MS = 8 * DAY_MS;

/** The first and the last instant that a month of the calendar may show. */
export const spanOfMonth = (month: string): { readonly from: EpochMs; readonly until: EpochMs } => ({
  from: epochMs(Date.parse(`${month}-01T00:00:00Z`) - AROUND_MS),
  until: epochMs(Date.parse(`${monthsLater(month, 1)}-01T00:00:00Z`) + AROUND_MS),
});

const planned = (at: EpochMs, endsAt: EpochMs): MaintenanceResource["occurrences"][number] => ({
  plannedFor: new Date(at).toISOString(),
  startsAt: new Date(at).toISOString(),
  endsAt: new Date(endsAt).toISOString(),
  state: "scheduled",
  sequence: 0,
  exclusionIds: [],
});

/** A work with the occurrences that its rule gives in a month far ahead, beside those that were made already. */
export const withAhead = (work: MaintenanceResource, month: string, now: EpochMs): MaintenanceResource => {
  const { from, until } = spanOfMonth(month);
  const beyond = epochMs(Math.max(from, addMs(now, HORIZON_MS)));
  const lengthMs = parseDuration(work.duration);
  if (work.canceledAt !== null || work.rrule === null || lengthMs === null || beyond >= until) return work;
  const { rrule, timeZone } = work;
  const rule = { startsAt: epochMs(Date.parse(work.startsAt)), rrule, timeZone };
  const known = new Set(work.occurrences.map(({ plannedFor }) => Date.parse(plannedFor)));
  const starts = expandStarts(rule, { from: beyond, until, most: MOST }).filter((at) => !known.has(at));
  return { ...work, occurrences: [...work.occurrences, ...starts.map((at) => planned(at, addMs(at, lengthMs)))] };
};
