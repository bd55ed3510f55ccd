import { nextSlotAt } from "../schedule.ts";
import type { MinuteSeries } from "../slo/series.ts";
import { appendHour, createSeries } from "../slo/series.ts";
import type { DurationMs, EpochMinute } from "../units.ts";
import { addMs, epochMs, HOUR_MS, minuteOf, startOfMinute } from "../units.ts";

const HOUR_MINUTES = 60;

/** A generated probe at one location: each slot is its one run, so a failed run is a bad slot. */
export type GeneratedProbe = { readonly id: string; readonly intervalMs: DurationMs };

type GeneratedHour = {
  readonly good: number[];
  readonly total: number[];
  readonly expected: number[];
  /** One entry a failure. */
  readonly badMinutes: EpochMinute[];
};

/** The slots of one hour by minute, as the schedule lays them; `isBad` is asked once a slot, in order. */
const generateHour = (probe: GeneratedProbe, first: EpochMinute, isBad: () => boolean): GeneratedHour => {
  const good: number[] = new Array<number>(HOUR_MINUTES).fill(0);
  const total: number[] = new Array<number>(HOUR_MINUTES).fill(0);
  const badMinutes: EpochMinute[] = [];
  const start = startOfMinute(first);
  const end = addMs(start, HOUR_MS);
  for (let at = nextSlotAt(probe.id, probe.intervalMs, start); at < end; at = addMs(at, probe.intervalMs)) {
    const minute = minuteOf(at);
    const index = minute - first;
    total[index] = (total[index] ?? 0) + 1;
    if (isBad()) badMinutes.push(minute);
    else good[index] = (good[index] ?? 0) + 1;
  }
  return { good, total, expected: total, badMinutes };
};

/**
 * A probe whose runs fail with probability `failureRate`, each on its own, from minute 0 on. `advance` appends the next
 * hour to the series and returns its minutes with a failure. `random` gives numbers within [0, 1).
 */
export const randomFailures = (args: {
  readonly probe: GeneratedProbe;
  readonly retainMinutes: number;
  readonly failureRate: number;
  readonly random: () => number;
}): { readonly series: MinuteSeries; readonly advance: () => EpochMinute[] } => {
  const { probe, retainMinutes, failureRate, random } = args;
  const series = createSeries(retainMinutes);
  // The gap to the next failure is drawn instead of every run: the same law with a thousand times fewer draws.
  const scale = Math.log1p(-failureRate);
  const drawGap = (): number => Math.floor(Math.log(1 - random()) / scale);
  let healthyLeft = drawGap();
  const isBad = (): boolean => {
    healthyLeft -= 1;
    if (healthyLeft >= 0) return false;
    healthyLeft = drawGap();
    return true;
  };
  let first = 0 as EpochMinute;
  return {
    series,
    advance: () => {
      const hour = generateHour(probe, first, isBad);
      appendHour(series, first, hour, HOUR_MINUTES);
      first = (first + HOUR_MINUTES) as EpochMinute;
      return hour.badMinutes;
    },
  };
};

/** A healthy past of `healthyHours`, then `failures` bad slots in a row, then health again for `afterMinutes`. */
export const singleOutage = (args: {
  readonly probe: GeneratedProbe;
  readonly healthyHours: number;
  readonly failures: number;
  readonly afterMinutes: number;
}): { readonly series: MinuteSeries; readonly firstBad: EpochMinute; readonly last: EpochMinute } => {
  const { probe, healthyHours, failures, afterMinutes } = args;
  const firstBadAt = nextSlotAt(probe.id, probe.intervalMs, epochMs(healthyHours * HOUR_MS));
  const last = (minuteOf(addMs(firstBadAt, failures * probe.intervalMs)) + afterMinutes) as EpochMinute;
  const series = createSeries(last + HOUR_MINUTES);
  let left = failures;
  for (let first = 0; first <= last; first += HOUR_MINUTES) {
    const isBad = (): boolean => {
      if (first < healthyHours * HOUR_MINUTES || left === 0) return false;
      left -= 1;
      return true;
    };
    appendHour(series, first as EpochMinute, generateHour(probe, first as EpochMinute, isBad), HOUR_MINUTES);
  }
  return { series, firstBad: minuteOf(firstBadAt), last };
};
