import { z } from "zod";
import { PublicState } from "./snapshot.ts";

/**
 * What `/v1` answers with and what events carry (`alert.firing` data is an AlertResource, byte for byte).
 * camelCase; instants ISO 8601 in UTC with milliseconds; exact numbers (objectives, ratios, burn rates) as decimal
 * strings; words instead of codes; durations as text with a unit ("5m"). Fields are added, never renamed or removed.
 */

export const Instant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ id: "Instant", description: "ISO 8601, UTC, milliseconds", example: "2026-11-03T14:02:00.000Z" });
const DecimalText = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .meta({ id: "Decimal", description: "An exact decimal number as text", example: "99.9" });
export const DurationText = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d|w)$/)
  .meta({ id: "Duration", description: "A length of time with its unit", example: "5m" });
export const Identifier = z.string().min(1).max(128).meta({ description: "Stable identifier", example: "shop" });
const Count = z.number().int().nonnegative();

/** Writes a finite number as a plain decimal of at most `digits` places, without exponent and trailing zeros. Null stays null. */
export const decimalText = (value: number | null, digits = 9): string | null => {
  if (value === null || !Number.isFinite(value)) return null;
  const text = value.toFixed(digits).replace(/\.?0+$/, "");
  return text === "-0" || text === "" ? "0" : text;
};

/** Milliseconds since the epoch as the text of `Instant`. */
export const instantText = (at: number): string => new Date(at).toISOString();

const BudgetReading = z
  .strictObject({
    consumedRatio: DecimalText.nullable().meta({
      description: "Share of the budget that is spent; above 1 when overspent",
    }),
    remainingRatio: DecimalText.nullable().meta({ description: "Signed share of the budget that is left" }),
    exhaustedInSeconds: Count.nullable().meta({
      description: "Until nothing is left at the present burn rate; 0 when spent, null without burn or data",
    }),
  })
  .meta({ id: "BudgetReading" });

const BurnWindow = z
  .strictObject({
    duration: DurationText,
    bad: Count,
    total: Count.meta({ description: "Decided slots" }),
    expected: Count.meta({ description: "Slots that should have been decided" }),
    burnRate: DecimalText.nullable().meta({
      description: "1 spends the whole budget in exactly one SLO window; null without data",
    }),
    threshold: z
      .string()
      .meta({ description: "The pair holds above this burn rate: a decimal, or an exact fraction", example: "13.44" }),
  })
  .meta({ id: "BurnWindow" });

/** The part of an alert that explains it: kept as `alerts.firing_reading` and `alerts.resolved_reading`. */
export const AlertReading = z.strictObject({
  evaluatedAt: Instant.meta({ description: "End of the newest complete minute that was seen" }),
  objective: DecimalText.meta({ description: "Percent" }),
  window: DurationText.meta({ description: "Window of the SLO", example: "28d" }),
  windows: z.strictObject({ long: BurnWindow, short: BurnWindow }),
  budget: BudgetReading,
  probes: z.array(Identifier).meta({ description: "Probes with bad slots in the long window" }),
  locations: z.array(Identifier).meta({ description: "Locations that reported them" }),
});
export type AlertReading = z.infer<typeof AlertReading>;

export const AlertState = z.enum(["firing", "resolved"]);
export const AlertSeverity = z.enum(["page", "ticket"]);
const ResolveReason = z.enum(["recovered", "no_data", "excluded", "policy_changed"]);

export const AlertResource = z
  .strictObject({
    id: Identifier,
    sloId: Identifier,
    serviceId: Identifier,
    pair: z.string().meta({ description: "Which pair of windows holds", example: "page_1h_5m" }),
    number: z.number().int().positive().meta({ description: "Counts the episodes of this SLO and pair from 1" }),
    severity: AlertSeverity,
    state: AlertState,
    hasData: z.boolean().meta({ description: "False while a firing alert cannot be judged for lack of data" }),
    firedAt: Instant,
    resolvedAt: Instant.nullable(),
    resolveReason: ResolveReason.nullable(),
    ...AlertReading.shape,
  })
  .meta({ id: "Alert", description: "One episode of a burn-rate alert, with the numbers that explain it" });
export type AlertResource = z.infer<typeof AlertResource>;

/** The stored facts of an alert, as `alertResource` needs them. */
export type AlertFacts = {
  readonly id: string;
  readonly sloId: string;
  readonly serviceId: string;
  readonly pair: string;
  readonly number: number;
  readonly severity: "page" | "ticket";
  readonly state: "firing" | "resolved";
  readonly hasData: boolean;
  readonly firedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly resolveReason: z.infer<typeof ResolveReason> | null;
  /** The reading at the transition into the present state. */
  readonly reading: AlertReading;
};

/** The one way to make an AlertResource: events and `/v1/alerts` agree because both come from here. */
export const alertResource = (facts: AlertFacts): AlertResource => ({
  id: facts.id,
  sloId: facts.sloId,
  serviceId: facts.serviceId,
  pair: facts.pair,
  number: facts.number,
  severity: facts.severity,
  state: facts.state,
  hasData: facts.hasData,
  firedAt: instantText(facts.firedAtMs),
  resolvedAt: facts.resolvedAtMs === null ? null : instantText(facts.resolvedAtMs),
  resolveReason: facts.resolveReason,
  evaluatedAt: facts.reading.evaluatedAt,
  objective: facts.reading.objective,
  window: facts.reading.window,
  windows: facts.reading.windows,
  budget: facts.reading.budget,
  probes: facts.reading.probes,
  locations: facts.reading.locations,
});

const SliResource = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("availability") }),
    z.strictObject({ kind: z.literal("latency"), threshold: DurationText }),
  ])
  .meta({ id: "Sli" });

const BurnRatePairResource = z
  .strictObject({
    pair: z.string(),
    severity: AlertSeverity,
    long: DurationText,
    short: DurationText,
    factor: z
      .string()
      .meta({ description: "Burn rate above which the pair holds: a decimal, or an exact fraction", example: "13.44" }),
    minBadLong: Count,
    minBadShort: Count,
  })
  .meta({ id: "BurnRatePair" });

/** The newest evaluation of an SLO over its whole window. */
export const SloReadingResource = z
  .strictObject({
    evaluatedAt: Instant,
    good: Count,
    bad: Count,
    total: Count,
    expected: Count,
    coverageRatio: DecimalText.nullable(),
    attainedRatio: DecimalText.nullable().meta({ description: "good / total; null without data" }),
    isMet: z.boolean().nullable(),
    budget: BudgetReading,
  })
  .meta({ id: "SloReading" });
export type SloReadingResource = z.infer<typeof SloReadingResource>;

export const SloResource = z
  .strictObject({
    id: Identifier,
    serviceId: Identifier,
    sli: SliResource,
    probes: z.array(Identifier),
    objective: DecimalText.meta({ description: "Percent" }),
    window: z.strictObject({ kind: z.literal("rolling"), duration: DurationText }),
    burnRateAlerts: z.array(BurnRatePairResource),
    reading: SloReadingResource.nullable().meta({ description: "Null before the first evaluation" }),
    firingAlertIds: z.array(Identifier),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: "Slo", description: "A service level objective and its newest reading" });
export type SloResource = z.infer<typeof SloResource>;

export const ServiceResource = z
  .strictObject({
    id: Identifier,
    name: z.string(),
    description: z.string().nullable(),
    group: z.string().nullable(),
    state: PublicState.meta({ description: "What customers are shown" }),
    measuredState: PublicState.meta({ description: "What was measured, before incidents and maintenance" }),
    stateSince: Instant.nullable(),
    probes: z.array(
      z.strictObject({ id: Identifier, type: z.string(), interval: DurationText, locations: z.array(Identifier) }),
    ),
    sloIds: z.array(Identifier),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: "Service", description: "What customers know by name" });
export type ServiceResource = z.infer<typeof ServiceResource>;

export const MetaResource = z
  .strictObject({
    name: z.literal("nines"),
    version: z.string(),
    apiVersion: z.string(),
    page: z
      .strictObject({
        name: z.string(),
        url: z.string().nullable(),
        timeZone: z.string(),
        languages: z.array(z.string()),
      })
      .nullable(),
    configVersion: z.string().nullable(),
    snapshotVersion: z.number().int().positive().nullable(),
    dataAsOf: Instant.nullable(),
    now: Instant,
  })
  .meta({ id: "Meta" });
export type MetaResource = z.infer<typeof MetaResource>;

export const Pagination = z
  .strictObject({
    limit: z.number().int().positive(),
    hasNextPage: z.boolean(),
    nextCursor: z.string().nullable(),
    hasPrevPage: z.boolean(),
    prevCursor: z.string().nullable(),
  })
  .meta({ id: "Pagination" });
export type Pagination = z.infer<typeof Pagination>;

export const FieldProblem = z
  .strictObject({ field: z.string(), message: z.string(), code: z.string() })
  .meta({ id: "FieldProblem" });
export type FieldProblem = z.infer<typeof FieldProblem>;

/** RFC 9457, `application/problem+json`. */
export const ProblemDetail = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().meta({ description: "A code of the error catalogue, stable over releases", example: "NOT_FOUND" }),
    message: z.string().meta({ description: "Fit to show to a person" }),
    errors: z.array(FieldProblem),
    traceId: z.string(),
    requestId: z.string(),
  })
  .meta({ id: "ProblemDetail" });
export type ProblemDetail = z.infer<typeof ProblemDetail>;
