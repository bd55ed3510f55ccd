import type { SloDefinition } from "#lib/core/definitions.ts";
import { exclusionPolicyOf } from "#lib/core/slo/definition.ts";
import type { ExclusionSpan } from "#lib/core/slo/exclusions.ts";
import { exclusionSpans } from "#lib/core/slo/exclusions.ts";
import { appendHour, createBlockPool } from "#lib/core/slo/series.ts";
import type { TrackMinutes } from "#lib/core/slo/track-minutes.ts";
import { createTrackMinutes, deriveAll } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { epochMs, HOUR_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";
import type { Db } from "../database.ts";
import type { ExclusionRow } from "./exclusions.ts";
import type { SliHour, SliHoursAsk, SloKey } from "./sli-hours.ts";
import { readSliHours } from "./sli-hours.ts";

type ExcludedSlo = { readonly id: string; readonly serviceId: string; readonly definition: SloDefinition };

/** Whether an exclusion is about an SLO: by its name, by its service, or by a probe that it counts. */
export const isAbout = ({ scope }: ExclusionRow, slo: ExcludedSlo): boolean => {
  if ("sloId" in scope) return scope.sloId === slo.id;
  if ("serviceId" in scope) return scope.serviceId === slo.serviceId;
  return slo.definition.probes.includes(scope.probeId);
};

/** The minutes of an SLO that are not counted as they were: the same for the same exclusions in any order. */
export const spansOfSlo = (slo: ExcludedSlo, exclusions: readonly ExclusionRow[]): ExclusionSpan[] =>
  exclusionSpans(
    exclusions.filter((exclusion) => isAbout(exclusion, slo)),
    exclusionPolicyOf(slo.definition),
  );

const HOUR = 60;
/** A slice may begin before the span; none is longer than a day. */
const SLICE_MINUTES = 1_440;

/** Hours as minutes with these exclusions, as the engine counts them: the last minute is `until - 1`. */
export const countMinutes = (
  hours: readonly SliHour[],
  args: { readonly slo: ExcludedSlo; readonly exclusions: readonly ExclusionRow[]; readonly until: EpochMinute },
): TrackMinutes => {
  const { slo, exclusions, until } = args;
  const first = hours[0];
  const length = first === undefined ? HOUR : until - minuteOf(first.hourAt) + HOUR;
  const minutes = createTrackMinutes(slo.definition.sli, Math.max(HOUR, length), createBlockPool());
  for (const hour of hours) {
    const from = minuteOf(hour.hourAt);
    if (from < until) appendHour(minutes.raw, from, hour, Math.min(HOUR, until - from));
  }
  const through = (until - 1) as EpochMinute;
  minutes.spans = spansOfSlo(slo, exclusions);
  deriveAll(minutes, through);
  return minutes;
};

type Minutes = { readonly from: EpochMinute; readonly until: EpochMinute };

/** Asks for the stored hours that [from, until) minutes of a definition need, slices that begin before them included. */
export const hoursAskOf = ({ sloId, version }: SloKey, span: Minutes): SliHoursAsk => {
  const firstAt = startOfMinute((span.from - SLICE_MINUTES) as EpochMinute);
  const fromAt = epochMs(Math.floor(firstAt / HOUR_MS) * HOUR_MS);
  return { sloId, version, fromAt, toAt: epochMs(startOfMinute(span.until) - 1) };
};

export const readHoursOf = (db: Db, key: SloKey, span: Minutes): Promise<SliHour[]> =>
  readSliHours(db, [hoursAskOf(key, span)]);
