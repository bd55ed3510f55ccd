import type { HeaderFields, HttpAuth } from "./probe-definitions.ts";
import type { DurationMs } from "./units.ts";

/**
 * What the file promises about services, after defaults. A field that may be left out is left out here too when the file
 * does not name it, so that definitions that were stored earlier keep their meaning and their text.
 */

export type AlertSeverity = "page" | "ticket";

/** One pair of windows. It holds when both burn strictly faster than `factor`. */
export type BurnRatePair = {
  /** `<severity>_<long>_<short>`, such as `page_1h_5m`; unique within its SLO. */
  readonly id: string;
  readonly severity: AlertSeverity;
  readonly longMs: DurationMs;
  readonly shortMs: DurationMs;
  /** Exact: a decimal ("14.4") or a fraction of integers ("14/15"). */
  readonly factor: string;
  /** Bad events needed in each window before the live alert fires. */
  readonly minBadLong: number;
  readonly minBadShort: number;
  /** Endpoint ids; null means every endpoint that subscribes to the event. */
  readonly notify: readonly string[] | null;
};

/** Whether one slot is good: answered as asserted, or answered within a time. */
export type EventSli =
  | { readonly kind: "availability" }
  | { readonly kind: "latency"; readonly thresholdMs: DurationMs };

export const NO_DATA_POLICIES = ["ignore", "good", "bad"] as const;
/** How slices without events are judged. */
export type NoDataPolicy = (typeof NO_DATA_POLICIES)[number];

/** A server that answers PromQL at `<url>/api/v1/query` and `/query_range`. Header values and credentials are secrets. */
export type PromqlSource = {
  /** Absolute http(s) address without a trailing slash. */
  readonly url: string;
  readonly headers: HeaderFields;
  readonly auth: HttpAuth | null;
};

export type SliDefinition =
  | EventSli
  /** Each aligned slice is one event: bad when good / total is strictly below `target`. */
  | {
      readonly kind: "timeslice";
      readonly base: EventSli;
      /** A whole number of minutes. */
      readonly sliceMs: DurationMs;
      /** Percent as a decimal string, over 0 and up to 100. */
      readonly target: string;
      readonly noData: NoDataPolicy;
    }
  /** Each aligned slice weighs the same and counts with its share of bad slots. */
  | {
      readonly kind: "ratio_timeslices";
      readonly base: EventSli;
      readonly sliceMs: DurationMs;
      readonly noData: NoDataPolicy;
    }
  /** Slots of journeys: good when every step is. */
  | { readonly kind: "journey" }
  /** One part of the document that a `health_json` probe reads. */
  | { readonly kind: "component"; readonly part: string }
  /** Counts of another system: each query gives the number of events of the minute that ends at its evaluation time. */
  | { readonly kind: "promql"; readonly source: PromqlSource; readonly good: string; readonly total: string };

export type SliKind = SliDefinition["kind"];

export const CALENDAR_PERIODS = ["day", "week", "month", "quarter", "year"] as const;
export type CalendarPeriod = (typeof CALENDAR_PERIODS)[number];

export type SloWindow =
  | { readonly kind: "rolling"; readonly durationMs: DurationMs }
  | {
      readonly kind: "calendar";
      readonly period: CalendarPeriod;
      /** IANA name. */
      readonly timeZone: string;
      /** Wall time "YYYY-MM-DD hh:mm:ss" at which some window begins. Left out: Monday 1 January 2024, midnight. */
      readonly anchor?: string;
      /** The nominal length that burn rates are derived from, see `NOMINAL_DAYS`; the true bounds come from `calendarSpanAt`. */
      readonly durationMs: DurationMs;
    };

/** How the probes of an SLO become one series: `any_bad` counts minutes, a minute being bad when any probe has a bad slot in it. */
export type Combination =
  | { readonly kind: "sum" }
  | { readonly kind: "any_bad" }
  /** Slots count as often as the weight of their probe says; probes that are not named weigh 1. Whole numbers from 1. */
  | { readonly kind: "weighted"; readonly weights: Readonly<Record<string, number>> };

/** What becomes of the events within an exclusion: left out, counted as good, or counted as they were. */
export const EXCLUSION_TREATMENTS = ["exclude", "good", "count"] as const;
export type ExclusionTreatment = (typeof EXCLUSION_TREATMENTS)[number];

/** By how the exclusion came about. A retroactive one takes effect once a second person has approved it. */
export type ExclusionPolicy = {
  readonly announced: ExclusionTreatment;
  readonly emergency: ExclusionTreatment;
  readonly retroactive: ExclusionTreatment;
};
export const DEFAULT_EXCLUSION_POLICY: ExclusionPolicy = {
  announced: "exclude",
  emergency: "count",
  retroactive: "exclude",
};

/** Who stands behind an SLO, and why it is what it is. Names are free text; null when the file does not say. */
export type SloDocument = {
  readonly owner: string | null;
  readonly reviewers: readonly string[];
  readonly approver: string | null;
  /** "YYYY-MM-DD": after that day the SLO is due for review. */
  readonly reviewDate: string | null;
  readonly rationale: string | null;
  /** Absolute http(s) address. */
  readonly runbook: string | null;
};

export const BUDGET_ACTIONS = ["inform", "review", "slow", "freeze"] as const;
/** `freeze`: no releases but fixes; `slow`: releases with care; `review`: look at it together; `inform`: know about it. */
export type BudgetAction = (typeof BUDGET_ACTIONS)[number];

/** One line of an error-budget policy: applies while the remaining budget is strictly below a share of the whole. */
export type BudgetRule = {
  /** Percent as a decimal string; below zero for an overspent budget. */
  readonly remainingBelow: string;
  readonly action: BudgetAction;
  readonly owner: string | null;
  /** Who decides when the owner does not. */
  readonly escalation: string | null;
  readonly note: string | null;
  /** "YYYY-MM-DD", both inclusive, in UTC: the days on which the rule is in force; null is unbounded. */
  readonly from: string | null;
  readonly until: string | null;
};

export type SloDefinition = {
  readonly id: string;
  readonly sli: SliDefinition;
  /** Empty for PromQL only. */
  readonly probes: readonly string[];
  /** Percent as a decimal string, over 50 and under 100: "99.9". */
  readonly objective: string;
  readonly window: SloWindow;
  /** Never empty: the default policy of slo-semantics is filled in when the file names none. */
  readonly burnRateAlerts: readonly BurnRatePair[];
  /** Left out: all locations of the probes. */
  readonly locations?: readonly string[];
  /** `runs`: every location's run is an event. Left out: slots. */
  readonly count?: "slots" | "runs";
  /** Left out: sum. */
  readonly combine?: Combination;
  /** Whether the SLI decides the public state of its service. Left out: if it has live slots (`isCoreSlo`). */
  readonly core?: boolean;
  /** Left out: `DEFAULT_EXCLUSION_POLICY`. */
  readonly exclusions?: ExclusionPolicy;
  readonly document?: SloDocument;
  /** Left out: no policy, and the gate is always open. */
  readonly budgetPolicy?: readonly BudgetRule[];
};

export const THRESHOLD_METRICS = [
  "error_rate_5xx",
  "p99",
  "average",
  "success_rate",
  "traffic_drop",
  "rate_4xx",
  "rate_401",
  "rate_429",
] as const;
export type ThresholdMetric = (typeof THRESHOLD_METRICS)[number];
export const THRESHOLD_OPS = ["gt", "ge", "lt", "le"] as const;
export type ThresholdOp = (typeof THRESHOLD_OPS)[number];

/** An alert on a figure as it is, for those who want one beside burn rates (R4 to R11). */
export type ThresholdAlert = {
  /** Unique in the whole file. */
  readonly id: string;
  readonly metric: ThresholdMetric;
  readonly op: ThresholdOp;
  /** A decimal: milliseconds for `p99` and `average`, percent for all others. */
  readonly value: string;
  /** The condition must hold this long before the alert fires. */
  readonly forMs: DurationMs;
  /** What the figure is taken over, up to now. */
  readonly windowMs: DurationMs;
  readonly severity: AlertSeverity;
  /** Endpoint ids; null means every endpoint that subscribes to the event. */
  readonly notify: readonly string[] | null;
  /** Whose runs are measured; empty when `source` is given. */
  readonly probes: readonly string[];
  /** Null: the probes. The query's one value is percent, for `p99` and `average` seconds, for `traffic_drop` requests a second. */
  readonly source: { readonly server: PromqlSource; readonly query: string } | null;
  /** For `traffic_drop`: how long ago the traffic was as it should be. */
  readonly baselineMs: DurationMs;
};
