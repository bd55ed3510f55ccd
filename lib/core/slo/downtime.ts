import type { EpochMinute } from "../units.ts";
import type { ExclusionSpan } from "./exclusions.ts";
import type { MinuteSeries } from "./series.ts";
import { countsAt, sumOver } from "./series.ts";

const HOUR = 60;

type DowntimeArgs = {
  /** What was measured, slot by slot. */
  readonly raw: MinuteSeries;
  /** Minutes that are left out or counted as good are never down. */
  readonly spans: readonly ExclusionSpan[];
  readonly from: EpochMinute;
  readonly until: EpochMinute;
  /** Probes are sparse: a state lasts until the next minute of which anything is expected. False for counts of real traffic. */
  readonly carries: boolean;
};

/**
 * Minutes of [from, until) that were down: more than half of a minute's events were bad. With `carries`, minutes of which
 * nothing was expected go on as the one before; a minute without the data that was expected is not known to be down.
 */
export const downMinutes = ({ raw, spans, from, until, carries }: DowntimeArgs): number => {
  let down = 0;
  let isDown = false;
  let next = 0;
  for (let at = from as number; at < until; at += 1) {
    // Nothing goes down in an hour without a bad event, and most hours are such.
    if (!isDown && sumOver(raw, (at - 1) as EpochMinute, (at + HOUR - 1) as EpochMinute).bad === 0) {
      at += HOUR - 1;
      continue;
    }
    while ((spans[next]?.until ?? Number.POSITIVE_INFINITY) <= at) next += 1;
    if ((spans[next]?.from ?? Number.POSITIVE_INFINITY) <= at) {
      isDown = false;
      continue;
    }
    const { bad, total, expected } = countsAt(raw, at as EpochMinute);
    if (total > 0) isDown = bad * 2 > total;
    else if (!carries || expected > 0) isDown = false;
    if (isDown) down += 1;
  }
  return down;
};
