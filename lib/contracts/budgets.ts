import { z } from "zod";
import { BUDGET_ACTIONS } from "#lib/core/slo-definitions.ts";
import { SloReadingResource } from "./api.ts";
import { BudgetRuleResource } from "./slo-document.ts";
import { DecimalText, Identifier, Instant } from "./values.ts";

export const GateResource = z
  .strictObject({
    sloId: Identifier,
    frozen: z.boolean().meta({ description: "Whether releases are frozen" }),
    action: z.enum(BUDGET_ACTIONS).nullable().meta({ description: "The strictest one that applies" }),
    summary: z.string().meta({ description: "One sentence for people" }),
    reasons: z.array(BudgetRuleResource.extend({ text: z.string() }).meta({ id: "GateReason" })).meta({
      description: "The rules that apply, the strictest first",
    }),
    policy: z.array(BudgetRuleResource).meta({ description: "All rules; empty: there is no policy" }),
    remainingRatio: DecimalText.nullable().meta({
      description: "Signed share of the budget that the rules were judged by; null without events",
    }),
    reading: SloReadingResource.nullable(),
    owner: z.string().nullable(),
    escalation: z.string().nullable(),
    reviewDate: z.string().nullable(),
    reviewOverdue: z.boolean(),
    evaluatedAt: Instant.nullable(),
  })
  .meta({ id: "Gate", description: "Whether the error-budget policy of an SLO lets releases through" });
export type GateResource = z.infer<typeof GateResource>;

const LedgerEntryResource = z
  .strictObject({
    cause: z.enum(["incident", "maintenance", "unattributed"]),
    id: Identifier.nullable().meta({ description: "Of the incident, the maintenance or the exclusion" }),
    name: z.string().nullable(),
    bad: z.number().nonnegative(),
    shareRatio: DecimalText.nullable().meta({
      description: "Share of all bad events; the shares of all entries add up to exactly 1. Null when there is none",
    }),
    consumedRatio: DecimalText.nullable().meta({ description: "Share of the budget" }),
    firstAt: Instant.nullable().meta({ description: "Start of the first minute with a bad event" }),
    lastAt: Instant.nullable().meta({ description: "End of the last minute with one" }),
    postmortemDue: z.boolean().meta({ description: "An incident that spent over 20 % of the budget" }),
  })
  .meta({ id: "LedgerEntry" });

export const LedgerResource = z
  .strictObject({
    sloId: Identifier,
    objective: DecimalText.meta({ description: "Percent" }),
    from: Instant,
    to: Instant,
    bad: z.number().nonnegative(),
    total: z.number().nonnegative(),
    consumedRatio: DecimalText.nullable(),
    postmortemDue: z.boolean(),
    entries: z.array(LedgerEntryResource).meta({ description: "The dearest first; their `bad` add up to the whole" }),
  })
  .meta({ id: "Ledger", description: "Who spent an error budget: every bad event belongs to exactly one entry" });
export type LedgerResource = z.infer<typeof LedgerResource>;
