import { z } from "zod";
import { THRESHOLD_METRICS, THRESHOLD_OPS } from "#lib/core/definitions.ts";
import { BudgetReading, Count, DecimalText, DurationText, EventCount, Identifier, Instant } from "./values.ts";

/** One window of a pair, with the burn rate that it is held against. */
export const BurnWindow = z.strictObject({
  duration: DurationText,
  bad: EventCount,
  total: Count.meta({ description: "Decided slots" }),
  expected: Count.meta({ description: "Slots that should have been decided" }),
  burnRate: DecimalText.nullable().meta({
    description: "1 spends the whole budget in exactly one SLO window; null without data",
  }),
  threshold: z
    .string()
    .meta({ description: "The pair holds above this burn rate: a decimal, or an exact fraction", example: "13.44" }),
});

const failing = {
  probes: z.array(Identifier).meta({ description: "Probes with bad slots in the long window" }),
  locations: z.array(Identifier).meta({ description: "Locations that reported them" }),
};

/** The part of a burn-rate alert that explains it: kept as `alerts.firing_reading` and `alerts.resolved_reading`. */
export const AlertReading = z.strictObject({
  evaluatedAt: Instant.meta({ description: "End of the newest complete minute that was seen" }),
  objective: DecimalText.meta({ description: "Percent" }),
  window: DurationText.meta({ description: "Window of the SLO", example: "28d" }),
  windows: z.strictObject({ long: BurnWindow, short: BurnWindow }),
  budget: BudgetReading,
  ...failing,
});
export type AlertReading = z.infer<typeof AlertReading>;

/** The same of an alert on a figure as it is. */
export const ThresholdReading = z.strictObject({
  evaluatedAt: Instant.meta({ description: "End of the newest complete minute that was seen" }),
  threshold: z
    .strictObject({
      metric: z.enum(THRESHOLD_METRICS),
      op: z.enum(THRESHOLD_OPS).meta({ description: "How the figure lies to the limit when it alerts" }),
      limit: DecimalText,
      value: DecimalText.nullable().meta({ description: "The figure over the window; null without data" }),
      unit: z.enum(["percent", "ms"]),
      window: DurationText,
      for: DurationText.meta({ description: "How long the condition holds before the alert fires" }),
    })
    .meta({ id: "ThresholdCondition" }),
  ...failing,
});
export type ThresholdReading = z.infer<typeof ThresholdReading>;

export const AlertState = z.enum(["firing", "resolved"]);
export const AlertSeverity = z.enum(["page", "ticket"]);
export const ResolveReason = z.enum(["recovered", "no_data", "excluded", "policy_changed"]);

export const AcknowledgementResource = z
  .strictObject({
    id: Identifier,
    author: z.string().nullable().meta({ description: "Null where everybody may read" }),
    note: z.string().nullable().meta({ description: "Null where everybody may read" }),
    acknowledgedAt: Instant,
    expiresAt: Instant.nullable(),
  })
  .meta({ id: "Acknowledgement", description: "Somebody looks after the alert" });
export type AcknowledgementResource = z.infer<typeof AcknowledgementResource>;

const common = {
  id: Identifier,
  serviceId: Identifier,
  pair: z
    .string()
    .meta({ description: "Which condition holds: a pair of windows, or a threshold", example: "page_1h_5m" }),
  number: z.number().int().positive().meta({ description: "Counts the episodes of this condition from 1" }),
  severity: AlertSeverity,
  state: AlertState,
  hasData: z.boolean().meta({ description: "False while a firing alert cannot be judged for lack of data" }),
  firedAt: Instant,
  resolvedAt: Instant.nullable(),
  resolveReason: ResolveReason.nullable(),
  summary: z.string().meta({ description: "The alert in words" }),
  silencedBy: z.array(Identifier).meta({ description: "Silences that match: nobody is told" }),
  inhibitedBy: z.array(Identifier).meta({
    description: "Firing alerts of services that this one depends on: nobody is told of this one",
  }),
  mutedBy: z
    .array(Identifier)
    .meta({ description: "Firing pages of the same SLO: a ticket beside them is not told of" }),
  acknowledgement: AcknowledgementResource.nullable(),
  links: z
    .strictObject({
      self: z.string().meta({ description: "This resource" }),
      dashboard: z.string().nullable(),
      runbook: z.string().nullable(),
    })
    .meta({ id: "AlertLinks", description: "Absolute when the page's address is configured" }),
};

const SpentWindow = BurnWindow.extend({
  budgetSpentRatio: DecimalText.nullable().meta({
    description: "Share of the whole budget that this window's bad slots spend at its rate",
  }),
}).meta({ id: "BurnWindow" });

export const BurnRateAlertResource = z
  .strictObject({
    kind: z.literal("burn_rate"),
    sloId: Identifier,
    ...common,
    ...AlertReading.shape,
    windows: z.strictObject({ long: SpentWindow, short: SpentWindow }),
  })
  .meta({ id: "BurnRateAlert", description: "One episode of a burn-rate alert, with the numbers that explain it" });

export const ThresholdAlertResource = z
  .strictObject({ kind: z.literal("threshold"), sloId: z.null(), ...common, ...ThresholdReading.shape })
  .meta({ id: "ThresholdAlert", description: "One episode of an alert on a figure as it is" });

export const AlertResource = z
  .discriminatedUnion("kind", [BurnRateAlertResource, ThresholdAlertResource])
  .meta({ id: "Alert" });
export type AlertResource = z.infer<typeof AlertResource>;
