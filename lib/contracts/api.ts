import { z } from "zod";
import { AlertSeverity, BurnWindow } from "./alerts.ts";
import { ManagedBy } from "./configured.ts";
import { BudgetRuleResource, SloDocumentResource } from "./slo-document.ts";
import { SliResource, SloWindowResource } from "./slo-parts.ts";
import { PublicState } from "./snapshot.ts";
import { BudgetReading, Count, DecimalText, DurationText, EventCount, Identifier, Instant } from "./values.ts";

export * from "./alerts.ts";
export { decimalText, Identifier, Instant, instantText } from "./values.ts";

/**
 * What `/v1` answers with and what events carry (`alert.firing` data is an AlertResource, byte for byte).
 * camelCase; instants ISO 8601 in UTC with milliseconds; exact numbers (objectives, ratios, burn rates) as decimal
 * strings; words instead of codes; durations as text with a unit ("5m"). Fields are added, never renamed or removed.
 */

export const BurnRatePairResource = z
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
    good: EventCount,
    bad: EventCount,
    total: Count,
    expected: Count,
    coverageRatio: DecimalText.nullable(),
    attainedRatio: DecimalText.nullable().meta({ description: "good / total; null without data" }),
    isMet: z.boolean().nullable(),
    budget: BudgetReading,
    raw: z
      .strictObject({
        good: EventCount,
        bad: EventCount,
        total: Count,
        attainedRatio: DecimalText.nullable(),
        isMet: z.boolean().nullable(),
        budget: BudgetReading,
      })
      .meta({ id: "SloRawReading", description: "As measured, without exclusions" }),
    isAdjusted: z.boolean().meta({ description: "Whether exclusions change anything: then `raw` is different" }),
    burnRate: DecimalText.nullable().meta({
      description: "Of the last hour: 1 spends the whole budget in exactly one window; null without data",
    }),
    windows: z.array(BurnWindow.extend({ severity: AlertSeverity }).meta({ id: "SloBurnWindow" })).meta({
      description:
        "Every window that an alert looks at, the shortest first, each with the limit of the first pair that has it",
    }),
  })
  .meta({ id: "SloReading" });
export type SloReadingResource = z.infer<typeof SloReadingResource>;

/** How the server that a PromQL SLO reads from is doing. */
const SloSourceResource = z
  .strictObject({
    state: z.enum(["ok", "failing"]),
    since: Instant.meta({ description: "Since when it has been in this state" }),
    lastError: z.string().nullable().meta({ description: "Why it fails, or what is odd about its newest answer" }),
  })
  .meta({ id: "SloSource", description: "For the SLI `promql`, once its source was asked" });

export const SloResource = z
  .strictObject({
    id: Identifier,
    serviceId: Identifier,
    sli: SliResource,
    probes: z.array(Identifier),
    objective: DecimalText.meta({ description: "Percent" }),
    window: SloWindowResource,
    burnRateAlerts: z.array(BurnRatePairResource),
    document: SloDocumentResource.nullable().meta({ description: "Null when the configuration has none" }),
    budgetPolicy: z.array(BudgetRuleResource).meta({ description: "Empty: releases are never frozen" }),
    reading: SloReadingResource.nullable().meta({ description: "Null before the first evaluation" }),
    firingAlertIds: z.array(Identifier),
    managedBy: ManagedBy.optional(),
    source: SloSourceResource.optional(),
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
    managedBy: ManagedBy.optional(),
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
    apiVersions: z.array(z.string()).meta({ description: "Calendar versions that API-Version may name" }),
    limits: z
      .strictObject({
        bodyBytes: z.number().int(),
        bodyDepth: z.number().int(),
        pageSize: z.number().int(),
        rateLimit: z
          .strictObject({ capacity: z.number().int(), refillPerSecond: z.number().int() })
          .nullable()
          .meta({ description: "Tokens of a caller of the standard tier; null: nothing is limited" }),
      })
      .meta({ id: "ApiLimits" }),
    page: z
      .strictObject({
        name: z.string(),
        url: z.string().nullable(),
        timeZone: z.string(),
        languages: z.array(z.string()),
      })
      .nullable(),
    configVersion: z.string().nullable(),
    sourceAddresses: z
      .array(z.string())
      .meta({ description: "Addresses and networks that webhooks and probes come from, as configured" }),
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
