import { z } from "zod";
import { STATEMENT_PERIODS } from "#lib/core/statements/period.ts";
import { ExclusionResource } from "./exclusions.ts";
import { SliResource } from "./slo-parts.ts";
import { Count, DecimalText, Identifier, Instant } from "./values.ts";

/** What a page promised and kept in a month or a quarter. Once frozen, its bytes never change. */

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const StatementPeriodResource = z
  .strictObject({
    kind: z.enum(STATEMENT_PERIODS),
    label: z.string().meta({ example: "2026-10" }),
    timeZone: z.string().meta({ description: "Of the page, in whose calendar the bounds are" }),
    startsAt: Instant,
    endsAt: Instant.meta({ description: "Exclusive" }),
  })
  .meta({ id: "StatementPeriod" });

export const StatementFigures = z
  .strictObject({
    good: Count,
    bad: Count,
    total: Count,
    attainedRatio: DecimalText.nullable().meta({
      description: "good / total, rounded down to nine places; null when nothing was counted",
    }),
    isMet: z.boolean().nullable().meta({ description: "Judged exactly from the counts" }),
  })
  .meta({ id: "StatementFigures" });
export type StatementFigures = z.infer<typeof StatementFigures>;

const STATEMENT_UNITS = ["slots", "runs", "minutes", "slices", "slice_billionths", "events"] as const;

export const StatementLine = z
  .strictObject({
    sloId: Identifier,
    sli: SliResource,
    objective: DecimalText.meta({ description: "Percent" }),
    from: Instant.meta({ description: "Since when in the period these terms were in force" }),
    until: Instant,
    unit: z.enum(STATEMENT_UNITS).meta({ description: "What is counted" }),
    figures: StatementFigures.meta({ description: "With exclusions: what the promise is judged by" }),
    raw: StatementFigures.meta({ description: "As measured, without exclusions" }),
    expected: Count.meta({ description: "How many should have been counted; 0 when it is not known" }),
    downtimeSeconds: Count.meta({
      description: "Minutes in which more than half of what was counted was bad, without excluded ones",
    }),
  })
  .meta({ id: "StatementLine", description: "One SLO under one set of terms" });
export type StatementLine = z.infer<typeof StatementLine>;

const StatementIncident = z
  .strictObject({
    id: Identifier,
    name: z.string(),
    impact: z.string(),
    startedAt: Instant,
    resolvedAt: Instant.nullable().meta({ description: "Null: not before the end of the period" }),
  })
  .meta({ id: "StatementIncident" });

const StatementService = z
  .strictObject({
    id: Identifier,
    name: z.string(),
    lines: z.array(StatementLine),
    incidents: z.array(StatementIncident),
  })
  .meta({ id: "StatementService" });
export type StatementService = z.infer<typeof StatementService>;

const StatementChange = z
  .strictObject({
    what: z.enum(["exclusion", "incident", "terms", "minutes", "figures"]),
    id: z.string(),
    change: z.enum(["added", "removed", "changed"]),
    text: z.string(),
  })
  .meta({ id: "StatementChange" });
export type StatementChange = z.infer<typeof StatementChange>;

const summary = {
  id: Identifier.nullable().meta({ description: "Null while provisional" }),
  state: z.enum(["frozen", "provisional"]).meta({ description: "Provisional: the period is not over" }),
  version: Count.meta({ description: "Counts restatements from 1; 0 while provisional" }),
  replaces: Identifier.nullable().meta({ description: "The statement that this one restates" }),
  period: StatementPeriodResource,
  serviceId: Identifier.nullable().meta({ description: "Null: the whole page" }),
  inputsSha256: Sha256.meta({ description: "Of the canonical inputs: minute counts, terms, exclusions, incidents" }),
  issuedAt: Instant.nullable(),
  author: z.string().nullable(),
};

export const StatementSummary = z
  .strictObject({ ...summary, replacedBy: Identifier.nullable() })
  .meta({ id: "StatementSummary" });
export type StatementSummary = z.infer<typeof StatementSummary>;

export const StatementResource = z
  .strictObject({
    ...summary,
    pageName: z.string(),
    changes: z.array(StatementChange).meta({ description: "What is different from the statement that it replaces" }),
    services: z.array(StatementService),
    exclusions: z.array(ExclusionResource).meta({ description: "That touch the period and were not revoked" }),
  })
  .meta({ id: "Statement", description: "What was promised and kept in a month or a quarter" });
export type StatementResource = z.infer<typeof StatementResource>;

/** A statement as lists and events show it. */
export const statementSummary = (statement: StatementResource, replacedBy: string | null): StatementSummary => {
  const { id, state, version, replaces, period, serviceId, inputsSha256, issuedAt, author } = statement;
  return { id, state, version, replaces, period, serviceId, inputsSha256, issuedAt, author, replacedBy };
};
