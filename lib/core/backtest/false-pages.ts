import type { BurnRatePair } from "../definitions.ts";
import { objectiveOfPercent } from "../slo/objective.ts";
import { defaultPolicy } from "../slo/policy.ts";
import { compilePair } from "../slo/reading.ts";
import type { DurationMs } from "../units.ts";
import { DAY_MS, HOUR_MS } from "../units.ts";
import { pageAtFailure, simulateFalseAlerts } from "./simulate.ts";

/** The goal of slo-semantics: at most so many pages by chance in 28 days. */
export const FALSE_PAGES_GOAL = 0.2;
/** Every outage of so many intervals is to be found. */
const OUTAGE_INTERVALS = 5;
const GOAL_SPAN_MS = 28 * DAY_MS;
/** An outage that pages needs at most the whole long window of the slowest page. */
const LONGEST_OUTAGE_SLOTS = 200;
/** Slots of different probes lie differently in their minutes; the slowest of them counts. */
const PHASES = ["a", "b", "c", "d", "e", "f", "g", "h"];

export type FalsePagesAsk = {
  readonly intervalMs: DurationMs;
  /** Percent. */
  readonly objective: string;
  readonly windowMs: DurationMs;
  /** In place of the default guard. */
  readonly minBad: { readonly long: number; readonly short: number } | null;
  /** 0.001: one run of a thousand fails by itself. */
  readonly failureRate: number;
  /** Virtual time, rounded up to whole hours. */
  readonly spanMs: number;
  readonly random: () => number;
};

export type FalsePages = {
  readonly pairs: readonly BurnRatePair[];
  /** Episodes that were seen in the whole span. */
  readonly pages: number;
  readonly tickets: number;
  readonly pagesIn28d: number;
  readonly ticketsIn28d: number;
  /** Bad slots in a row until the first page of a total outage, for the least lucky phase; null: never. */
  readonly pageAtFailure: number | null;
  /** Whether an outage of exactly five slots pages, whatever the phase. */
  readonly isShortOutagePaged: boolean;
  /** Whether it would page if the pairs had no guard: if not, the condition itself does not hold. */
  readonly wouldPageWithoutGuard: boolean;
  readonly isGoalMet: boolean;
};

const worst = (found: readonly (number | null)[]): number | null =>
  found.reduce((most, one) => (most === null || one === null ? null : Math.max(most, one)), 0);

/**
 * One cell of the table of false pages: the default policy for a window, at one location, on a probe whose only failures
 * are chance; and what a total outage needs to page.
 * @throws RangeError when the objective is no percentage.
 */
export const simulateFalsePages = (ask: FalsePagesAsk): FalsePages => {
  const { intervalMs, windowMs, minBad } = ask;
  const objective = objectiveOfPercent(ask.objective);
  const pairs = defaultPolicy(windowMs, { intervalMs, objective }).map((pair) =>
    minBad === null ? pair : { ...pair, minBadLong: minBad.long, minBadShort: minBad.short },
  );
  const compiled = pairs.map((pair) => compilePair(pair, objective));
  const unguarded = pairs.map((pair) => compilePair({ ...pair, minBadLong: 0, minBadShort: 0 }, objective));
  const hours = Math.ceil(ask.spanMs / HOUR_MS);
  const { failureRate, random } = ask;
  const probe = { id: "simulated", intervalMs };
  const { pages, tickets } = simulateFalseAlerts({ probe, pairs: compiled, failureRate, hours, random });
  const at = (of: typeof compiled, failures: number): number | null =>
    worst(PHASES.map((id) => pageAtFailure({ probe: { id, intervalMs }, pairs: of, failures })));
  const share = GOAL_SPAN_MS / (hours * HOUR_MS);
  const isShortOutagePaged = at(compiled, OUTAGE_INTERVALS) !== null;
  const wouldPageWithoutGuard = at(unguarded, OUTAGE_INTERVALS) !== null;
  return {
    pairs,
    pages,
    tickets,
    pagesIn28d: pages * share,
    ticketsIn28d: tickets * share,
    pageAtFailure: at(compiled, LONGEST_OUTAGE_SLOTS),
    isShortOutagePaged,
    wouldPageWithoutGuard,
    isGoalMet: pages * share <= FALSE_PAGES_GOAL && (isShortOutagePaged || !wouldPageWithoutGuard),
  };
};
