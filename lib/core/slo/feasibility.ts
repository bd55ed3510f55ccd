import type { BurnRatePair, SloDefinition } from "../slo-definitions.ts";
import { DAY_MS, MINUTE_MS } from "../units.ts";
import type { Probing } from "./event-stream.ts";
import { eventInterval, eventStream, fewestAbove } from "./event-stream.ts";
import type { PairNeeds } from "./false-pages.ts";
import { expectedFalseAlerts } from "./false-pages.ts";
import { multiply } from "./fraction.ts";
import type { Objective } from "./objective.ts";
import { factorOf, objectiveOfPercent } from "./objective.ts";
import type { DroppedPair } from "./policy.ts";
import { droppedPairs } from "./policy.ts";

/** The shares of failing checks that detection is told for. */
export const ERROR_SHARES = ["100", "50", "5", "1", "0.1"] as const;
export type ErrorShare = (typeof ERROR_SHARES)[number];

export type PairFeasibility = {
  readonly pairId: string;
  readonly severity: BurnRatePair["severity"];
  /** Events that the full windows hold. */
  readonly longEvents: number;
  readonly shortEvents: number;
  /** Bad events in otherwise healthy, full windows until the pair fires. */
  readonly failuresNeeded: number;
  /** False when its windows never hold that many events: the pair cannot fire. */
  readonly isPossible: boolean;
  /** Minutes from the first bad event to the alert, by percent of failing checks spread evenly; null: never. */
  readonly detectionMinutes: Readonly<Record<ErrorShare, number | null>>;
  /** Minutes from the end of a long outage to the end of the alert; null when it cannot fire. */
  readonly resetMinutes: number | null;
  /** Alerts by chance in 30 days at the flake rate. */
  readonly falseAlertsIn30d: number;
};

export type Feasibility = {
  /** Time between two events of the SLO, over all of its probes. */
  readonly spacingMs: number;
  readonly locations: number;
  /** Share of single runs that is assumed to fail by itself. */
  readonly flakeRate: number;
  /** Share of bad events that this gives: a slot seen from several locations needs several failures. */
  readonly badShare: number;
  readonly pairs: readonly PairFeasibility[];
  /** Pairs of the default policy that cannot work for the window or the interval. */
  readonly dropped: readonly DroppedPair[];
  /** The earliest page of a total outage; null when no page can come. */
  readonly pageFailuresNeeded: number | null;
  readonly pageAfterMinutes: number | null;
  readonly falsePagesIn30d: number;
};

/** One failed run of a thousand. */
export const USUAL_FLAKE_RATE = 0.001;
const SPAN_MS = 30 * DAY_MS;

/** Mean time between events; that of a single source as it is. */
const spacingOf = ([first = 0, ...others]: readonly number[]): number =>
  others.length === 0 ? first : 1 / [first, ...others].reduce((rate, spacing) => rate + 1 / spacing, 0);

const eventsIn = (windowMs: number, spacings: readonly number[]): number =>
  spacings.reduce((sum, spacingMs) => sum + Math.floor(windowMs / spacingMs), 0);

/** What a pair asks for, in events. Doubles do not decide: whole numbers from exact fractions. */
const needsOf = (pair: BurnRatePair, objective: Objective, spacings: readonly number[]): PairNeeds => {
  const threshold = multiply(factorOf(pair.factor), objective.budget);
  const [longEvents, shortEvents] = [eventsIn(pair.longMs, spacings), eventsIn(pair.shortMs, spacings)];
  return {
    longEvents,
    shortEvents,
    longNeeds: Math.max(fewestAbove(longEvents, threshold), pair.minBadLong),
    shortNeeds: Math.max(fewestAbove(shortEvents, threshold), pair.minBadShort),
  };
};

/**
 * Minutes until both windows hold enough bad events when every `100 / percent`th one is bad; null when a full window never
 * holds that many. Errors that come at random are found earlier or later than evenly spread ones.
 */
const detectionMinutes = (needs: PairNeeds, percent: string, spacingMs: number): number | null => {
  const share = Number(percent) / 100;
  const eventsUntil = (bad: number): number => Math.round((bad - 1) / share) + 1;
  const [inLong, inShort] = [eventsUntil(needs.longNeeds), eventsUntil(needs.shortNeeds)];
  if (inLong > needs.longEvents || inShort > needs.shortEvents) return null;
  return ((Math.max(inLong, inShort) - 1) * spacingMs) / MINUTE_MS;
};

const pairFeasibility = (
  pair: BurnRatePair,
  needs: PairNeeds,
  { spacingMs, badShare }: { readonly spacingMs: number; readonly badShare: number },
): PairFeasibility => {
  const isPossible = needs.longNeeds <= needs.longEvents && needs.shortNeeds <= needs.shortEvents;
  const detection = ERROR_SHARES.map((percent) => [percent, detectionMinutes(needs, percent, spacingMs)] as const);
  return {
    pairId: pair.id,
    severity: pair.severity,
    longEvents: needs.longEvents,
    shortEvents: needs.shortEvents,
    failuresNeeded: Math.max(needs.longNeeds, needs.shortNeeds),
    isPossible,
    detectionMinutes: Object.fromEntries(detection) as Record<ErrorShare, number | null>,
    // The short window forgets the outage first: good events push bad ones out until too few are left.
    resetMinutes: isPossible ? ((needs.shortEvents - needs.shortNeeds + 1) * spacingMs) / MINUTE_MS : null,
    falseAlertsIn30d: expectedFalseAlerts({ pair: needs, share: badShare, spacingMs, spanMs: SPAN_MS }),
  };
};

/**
 * What can be expected of an SLO's alerts before any data: from its probes, their intervals and locations, the objective and
 * the pairs. Null for events that do not come from probes. Probes are taken together as one stream of events that fail
 * together; chance is taken as independent from run to run.
 */
export const feasibilityOf = (args: {
  readonly definition: Pick<SloDefinition, "sli" | "objective" | "window" | "burnRateAlerts" | "count" | "combine">;
  readonly probes: readonly Probing[];
  readonly flakeRate?: number;
}): Feasibility | null => {
  const { definition, flakeRate = USUAL_FLAKE_RATE } = args;
  const probes = args.probes.filter(({ intervalMs }) => intervalMs > 0);
  if (probes.length === 0 || definition.sli.kind === "promql") return null;
  const objective = objectiveOfPercent(definition.objective);
  const { spacings, badShare } = eventStream(definition, probes, flakeRate);
  const spacingMs = spacingOf(spacings);
  const pairs = definition.burnRateAlerts.map((pair) =>
    pairFeasibility(pair, needsOf(pair, objective, spacings), { spacingMs, badShare }),
  );
  const pages = pairs.filter(({ severity, isPossible }) => severity === "page" && isPossible);
  const intervalMs = eventInterval(
    definition,
    probes.map((probe) => probe.intervalMs),
  );
  const failures = pages.map(({ failuresNeeded }) => failuresNeeded);
  return {
    spacingMs,
    locations: Math.max(1, ...probes.map((probe) => probe.locations)),
    flakeRate,
    badShare,
    pairs,
    dropped: droppedPairs(definition.window.durationMs, { intervalMs, objective }),
    pageFailuresNeeded: failures.length === 0 ? null : Math.min(...failures),
    pageAfterMinutes: failures.length === 0 ? null : ((Math.min(...failures) - 1) * spacingMs) / MINUTE_MS,
    falsePagesIn30d: pages.reduce((sum, { falseAlertsIn30d }) => sum + falseAlertsIn30d, 0),
  };
};
