import { z } from "zod";
import type { BudgetRule, SloDocument } from "#lib/core/slo-definitions.ts";
import { BUDGET_ACTIONS } from "#lib/core/slo-definitions.ts";
import { DecimalText } from "./values.ts";

const Day = z.string().regex(/^\d{4}-\d\d-\d\d$/);

export const SloDocumentResource = z
  .strictObject({
    owner: z.string().nullable(),
    reviewers: z.array(z.string()),
    approver: z.string().nullable(),
    reviewDate: Day.nullable().meta({ description: "After this day, in UTC, the SLO is due for review" }),
    reviewOverdue: z.boolean(),
    rationale: z.string().nullable(),
    runbook: z.string().nullable(),
  })
  .meta({ id: "SloDocument", description: "Who stands behind an SLO, and why it is what it is" });
export type SloDocumentResource = z.infer<typeof SloDocumentResource>;

export const BudgetRuleResource = z
  .strictObject({
    remainingBelow: DecimalText.meta({ description: "Percent of the budget; the rule applies strictly below it" }),
    action: z.enum(BUDGET_ACTIONS),
    owner: z.string().nullable(),
    escalation: z.string().nullable(),
    note: z.string().nullable(),
    from: Day.nullable(),
    until: Day.nullable(),
  })
  .meta({ id: "BudgetRule", description: "One line of an error-budget policy" });
export type BudgetRuleResource = z.infer<typeof BudgetRuleResource>;

/** Whether the day of review is over, in UTC. */
const isReviewOverdue = (reviewDate: string | null, now: number): boolean =>
  reviewDate !== null && reviewDate < new Date(now).toISOString().slice(0, 10);

/** Who stands behind an SLO, and whether its review is overdue at `now`. */
export const documentResource = (document: SloDocument, now: number): SloDocumentResource => ({
  owner: document.owner,
  reviewers: [...document.reviewers],
  approver: document.approver,
  reviewDate: document.reviewDate,
  reviewOverdue: isReviewOverdue(document.reviewDate, now),
  rationale: document.rationale,
  runbook: document.runbook,
});

/** A rule of the error-budget policy as the API shows it. */
export const ruleResource = (rule: BudgetRule): BudgetRuleResource => ({
  remainingBelow: rule.remainingBelow,
  action: rule.action,
  owner: rule.owner,
  escalation: rule.escalation,
  note: rule.note,
  from: rule.from,
  until: rule.until,
});
