import type { Threshold } from "../slo/objective.ts";
import { isAbove } from "../slo/objective.ts";
import type { DurationMs, EpochMs } from "../units.ts";
import { durationMs, MINUTE_MS } from "../units.ts";

/** A slot whose vote is good or bad. */
export type DecidedSlot = { readonly at: EpochMs; readonly isBad: boolean };

export type SliState = "unknown" | "operational" | "degraded" | "outage";

export type SliFacts = {
  /** Decided slots of the last two windows or more, oldest first. */
  readonly slots: readonly DecidedSlot[];
  readonly now: EpochMs;
  readonly windowMs: DurationMs;
  /** How many slots of (now - window, now] should be decided by now. */
  readonly expected: number;
  /** `bad / total` above it misses the objective; null: no objective, so that two bad slots degrade. */
  readonly threshold: Threshold | null;
  /** False for a latency SLI: it degrades and never causes an outage. */
  readonly canBeOutage: boolean;
};

export type SliReading = {
  readonly state: SliState;
  /** Of the window that ends now. */
  readonly decided: number;
  readonly expected: number;
  readonly bad: number;
};

/** Bad slots in a row that make an outage, and good ones that end any bad state. */
const IN_A_ROW = 3;
const LEAST_BAD_TO_DEGRADE = 2;
const LEAST_COVERAGE = 0.5;
const LEAST_WINDOW_MS = 5 * MINUTE_MS;
const LEAST_INTERVALS = 5;

/** The live window of an SLI whose slowest probe runs at this interval: max(5 minutes, 5 intervals). */
export const liveWindow = (intervalMs: DurationMs): DurationMs =>
  durationMs(Math.max(LEAST_WINDOW_MS, LEAST_INTERVALS * intervalMs));

type KnownState = Exclude<SliState, "unknown">;
const RANK: Readonly<Record<KnownState, number>> = { operational: 0, degraded: 1, outage: 2 };

/** Whether the three slots up to and with `index` are all bad, or all good. */
const rowAt = (slots: readonly DecidedSlot[], index: number): "bad" | "good" | "mixed" => {
  if (index < IN_A_ROW - 1) return "mixed";
  const last = slots.slice(index - IN_A_ROW + 1, index + 1);
  if (last.every((slot) => slot.isBad)) return "bad";
  return last.some((slot) => slot.isBad) ? "mixed" : "good";
};

/** The rules without memory. */
const ruleState = (facts: SliFacts, row: "bad" | "good" | "mixed", bad: number, total: number): KnownState => {
  if (row === "bad" && facts.canBeOutage) return "outage";
  const misses = facts.threshold === null || isAbove(bad, total, facts.threshold);
  return bad >= LEAST_BAD_TO_DEGRADE && misses ? "degraded" : "operational";
};

/** Worsens at once; improves only after three good slots in a row. */
const step = (before: KnownState, rule: KnownState, row: "bad" | "good" | "mixed"): KnownState =>
  RANK[rule] >= RANK[before] || row === "good" ? rule : before;

/**
 * The state of one SLI now (slo-semantics, "Public state of a service"). It is a pure function of the slots: the memory
 * that "improve after 3 good slots in a row" needs comes from playing them again, so restarts change nothing.
 */
export const decideSliState = (facts: SliFacts): SliReading => {
  const { slots, now, windowMs } = facts;
  let state: KnownState = "operational";
  let first = 0;
  let bad = 0;
  const leave = (until: number): void => {
    for (let slot = slots[first]; slot !== undefined && slot.at <= until; slot = slots[first]) {
      if (slot.isBad) bad -= 1;
      first += 1;
    }
  };
  slots.forEach((slot, index) => {
    if (slot.isBad) bad += 1;
    leave(slot.at - windowMs);
    const row = rowAt(slots, index);
    state = step(state, ruleState(facts, row, bad, index + 1 - first), row);
  });
  leave(now - windowMs);
  const decided = slots.length - first;
  const expected = Math.max(facts.expected, decided);
  const counts = { decided, expected, bad };
  if (decided === 0 || decided < expected * LEAST_COVERAGE) return { state: "unknown", ...counts };
  const row = rowAt(slots, slots.length - 1);
  return { state: step(state, ruleState(facts, row, bad, decided), row), ...counts };
};
