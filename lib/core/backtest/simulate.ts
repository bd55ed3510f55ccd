import type { AlertState } from "../slo/alert.ts";
import { decideAlert, pairCounts, QUIET } from "../slo/alert.ts";
import type { CompiledPair } from "../slo/reading.ts";
import type { EpochMinute } from "../units.ts";
import type { GeneratedProbe } from "./generated-series.ts";
import { randomFailures, singleOutage } from "./generated-series.ts";

const HOUR_MINUTES = 60;

/** How many episodes chance alone opened, over all pairs of a severity. */
export type FalseAlerts = { readonly pages: number; readonly tickets: number };

/**
 * How often pairs fire on a probe whose runs fail with probability `failureRate`, each on its own, in `hours` of virtual
 * time that follow on long windows full of the same. It goes minute by minute through the live alert of the engine; a
 * quiet pair without a failure in its short window cannot fire, so such minutes are passed over.
 */
export const simulateFalseAlerts = (args: {
  readonly probe: GeneratedProbe;
  readonly pairs: readonly CompiledPair[];
  readonly failureRate: number;
  readonly hours: number;
  readonly random: () => number;
}): FalseAlerts => {
  const { probe, pairs, failureRate, hours, random } = args;
  const retainMinutes = Math.max(HOUR_MINUTES, ...pairs.map((pair) => pair.longMinutes));
  const { series, advance } = randomFailures({ probe, retainMinutes, failureRate, random });
  const warmUpHours = Math.ceil(retainMinutes / HOUR_MINUTES);
  const watched = pairs.map((pair) => ({ pair, state: QUIET as AlertState, watchUntil: -1 }));
  const fired = { page: 0, ticket: 0 };
  for (let hour = 0; hour < warmUpHours + hours; hour += 1) {
    const bad = new Set(advance());
    for (let index = hour * HOUR_MINUTES; index < (hour + 1) * HOUR_MINUTES; index += 1) {
      const minute = index as EpochMinute;
      for (const one of watched) {
        if (bad.has(minute)) one.watchUntil = minute + one.pair.shortMinutes;
        if (one.state.kind === "quiet" && minute > one.watchUntil) continue;
        const decision = decideAlert({ state: one.state, pair: pairCounts(series, one.pair, minute), minute });
        one.state = decision.next;
        const isNew = decision.transition?.kind === "fired" && hour >= warmUpHours;
        if (isNew) fired[one.pair.definition.severity] += 1;
      }
    }
  }
  return { pages: fired.page, tickets: fired.ticket };
};

/**
 * How many bad slots in a row were seen when the first page of a total outage of `failures` slots fires, in windows that
 * were full and healthy before; null when no page fires, neither while it lasts nor after.
 */
export const pageAtFailure = (args: {
  readonly probe: GeneratedProbe;
  readonly pairs: readonly CompiledPair[];
  readonly failures: number;
}): number | null => {
  const { probe, failures } = args;
  const pages = args.pairs.filter((pair) => pair.definition.severity === "page");
  if (pages.length === 0) return null;
  const longest = Math.max(...pages.map((pair) => pair.longMinutes));
  const afterMinutes = Math.max(...pages.map((pair) => pair.shortMinutes));
  const healthyHours = Math.ceil(longest / HOUR_MINUTES) + 1;
  const { series, firstBad, last } = singleOutage({ probe, healthyHours, failures, afterMinutes });
  for (let minute = firstBad; minute <= last; minute = (minute + 1) as EpochMinute) {
    const counts = pages.map((pair) => pairCounts(series, pair, minute));
    const isFired = counts.some((pair) => decideAlert({ state: QUIET, pair, minute }).transition !== null);
    if (isFired) return Math.max(...counts.map((pair) => pair.long.bad));
  }
  return null;
};
