import type { AlertSeverity, BurnRatePair } from "../definitions.ts";
import { formatDuration } from "../duration.ts";
import type { DurationMs } from "../units.ts";
import { DAY_MS, durationMs, HOUR_MS, MINUTE_MS } from "../units.ts";
import { formatFraction, fraction, multiply } from "./fraction.ts";
import type { Objective } from "./objective.ts";
import { canFire, factorOf } from "./objective.ts";

type PolicyRow = {
  readonly severity: AlertSeverity;
  /** Percent of the whole budget that is spent when the pair starts to hold for its long window. */
  readonly budgetPercent: bigint;
  readonly longMs: number;
  readonly shortMs: number;
};

/** Google SRE workbook, chapter "Alerting on SLOs": recommended parameters, as shares of the budget. */
const WORKBOOK_POLICY: readonly PolicyRow[] = [
  { severity: "page", budgetPercent: 2n, longMs: 1 * HOUR_MS, shortMs: 5 * MINUTE_MS },
  { severity: "page", budgetPercent: 5n, longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS },
  { severity: "ticket", budgetPercent: 10n, longMs: 1 * DAY_MS, shortMs: 2 * HOUR_MS },
  { severity: "ticket", budgetPercent: 10n, longMs: 3 * DAY_MS, shortMs: 6 * HOUR_MS },
];

/**
 * Bad events that a probe SLI needs in each window: a single lost packet is not an incident. `pageShort` is for a page
 * whose short window holds many slots: there two of them go bad by chance too often (docs/slo-false-pages.md).
 */
const PROBE_MIN_BAD = { long: 3, short: 2, pageShort: 3 } as const;
/** From so many slots on, `pageShort` is asked for: a service that fails every second time still reaches it. */
const MANY_SLOTS = 6;
/** A short window holds at least this many intervals of the slowest probe. */
const MIN_INTERVALS_IN_SHORT = 3;

export type DroppedPair = {
  readonly id: string;
  readonly reason: "short_not_below_long" | "longer_than_window" | "never_fires";
};

type PolicyOptions = {
  /** The slowest interval of the SLO's probes; 0 when events do not come from probes. */
  readonly intervalMs: DurationMs;
  /** With it, pairs whose factor no error ratio can reach are dropped too. */
  readonly objective?: Objective;
};

/** The name of a pair within its SLO, such as `page_1h_5m`. */
export const pairId = (severity: AlertSeverity, longMs: DurationMs, shortMs: DurationMs): string =>
  `${severity}_${formatDuration(longMs)}_${formatDuration(shortMs)}`;

/** The short window for probes of this interval: at least three intervals, in whole minutes. */
export const shortWindowFor = (shortMs: number, intervalMs: DurationMs): DurationMs =>
  durationMs(Math.ceil(Math.max(shortMs, MIN_INTERVALS_IN_SHORT * intervalMs) / MINUTE_MS) * MINUTE_MS);

/**
 * The default guard of a pair: bad events that the live alert needs in its windows. None when events do not come from
 * probes (interval 0). A total outage reaches it with its third bad slot, whatever the interval.
 */
export const minBadFor = (pair: {
  readonly severity: AlertSeverity;
  readonly shortMs: DurationMs;
  readonly intervalMs: DurationMs;
}): Pick<BurnRatePair, "minBadLong" | "minBadShort"> => {
  if (pair.intervalMs === 0) return { minBadLong: 0, minBadShort: 0 };
  const hasManySlots = pair.severity === "page" && pair.shortMs >= MANY_SLOTS * pair.intervalMs;
  return { minBadLong: PROBE_MIN_BAD.long, minBadShort: hasManySlots ? PROBE_MIN_BAD.pageShort : PROBE_MIN_BAD.short };
};

const pairOf = (row: PolicyRow, windowMs: DurationMs, { intervalMs }: PolicyOptions): BurnRatePair => {
  const longMs = durationMs(row.longMs);
  const shortMs = shortWindowFor(row.shortMs, intervalMs);
  const share = fraction(row.budgetPercent, 100n);
  return {
    id: pairId(row.severity, longMs, shortMs),
    severity: row.severity,
    longMs,
    shortMs,
    factor: formatFraction(multiply(share, fraction(BigInt(Math.round(windowMs)), BigInt(longMs)))),
    ...minBadFor({ severity: row.severity, shortMs, intervalMs }),
    notify: null,
  };
};

const dropReasonOf = (
  pair: BurnRatePair,
  windowMs: DurationMs,
  options: PolicyOptions,
): DroppedPair["reason"] | null => {
  if (pair.longMs <= pair.shortMs) return "short_not_below_long";
  if (pair.longMs > windowMs) return "longer_than_window";
  if (options.objective !== undefined && !canFire(factorOf(pair.factor), options.objective)) return "never_fires";
  return null;
};

/** The default policy with what had to be left out, so that `check` can say so. */
const planPolicy = (
  windowMs: DurationMs,
  options: PolicyOptions,
): { readonly pairs: BurnRatePair[]; readonly dropped: DroppedPair[] } => {
  const pairs: BurnRatePair[] = [];
  const dropped: DroppedPair[] = [];
  for (const row of WORKBOOK_POLICY) {
    const pair = pairOf(row, windowMs, options);
    const reason = dropReasonOf(pair, windowMs, options);
    if (reason === null) pairs.push(pair);
    else dropped.push({ id: pairId(row.severity, durationMs(row.longMs), durationMs(row.shortMs)), reason });
  }
  return { pairs, dropped };
};

/**
 * The workbook's four pairs scaled to a window: `factor = budget share * window / long`, exactly, so that 30 days give
 * 14.4, 6, 3, 1 and 28 days 13.44, 5.6, 2.8, 14/15. Pairs that cannot work for the window or the interval are left out.
 */
export const defaultPolicy = (windowMs: DurationMs, options: PolicyOptions): BurnRatePair[] =>
  planPolicy(windowMs, options).pairs;

/** The pairs that `defaultPolicy` leaves out for this window and interval, each with the reason. */
export const droppedPairs = (windowMs: DurationMs, options: PolicyOptions): DroppedPair[] =>
  planPolicy(windowMs, options).dropped;
