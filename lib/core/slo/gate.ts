import type { BudgetAction, BudgetRule, SloDefinition } from "../slo-definitions.ts";
import { BUDGET_ACTIONS } from "../slo-definitions.ts";
import type { EpochMs } from "../units.ts";
import type { Fraction } from "./fraction.ts";
import { compare, fraction, multiply, parseFraction, toNumber } from "./fraction.ts";
import type { Objective } from "./objective.ts";
import { objectiveOfPercent } from "./objective.ts";
import type { Reading } from "./reading.ts";
import { PARTS_A_SLICE } from "./track-minutes.ts";

/** A rule that applies now. */
export type GateReason = BudgetRule & { readonly text: string };

/** Whether releases are frozen, and why. */
export type Gate = {
  readonly isFrozen: boolean;
  /** The strictest action that applies; null when none does. */
  readonly action: BudgetAction | null;
  /** Share of the budget that remains, signed; null without events. */
  readonly remaining: number | null;
  /** The rules that apply, the strictest first. */
  readonly reasons: readonly GateReason[];
  /** One sentence for people. */
  readonly summary: string;
  readonly owner: string | null;
  readonly escalation: string | null;
  /** "YYYY-MM-DD" or null; due when that day is over. */
  readonly reviewDate: string | null;
  readonly isReviewDue: boolean;
};

export type GateArgs = {
  readonly definition: Pick<SloDefinition, "budgetPolicy" | "document">;
  readonly objective: Objective;
  /** Of the SLO's window, exclusions applied. */
  readonly counts: { readonly bad: number; readonly total: number };
  /**
   * For a period of the calendar: how much of it is over. The budget is that of the whole period, as if the rest saw the same
   * traffic: else the first bad event of a month would freeze everything. Left out: the window is full.
   */
  readonly progress?: { readonly elapsedMinutes: number; readonly fullMinutes: number };
  readonly now: EpochMs;
};

const dayOf = (at: EpochMs): string => new Date(at).toISOString().slice(0, 10);

const isInForce = ({ from, until }: BudgetRule, today: string): boolean =>
  (from === null || from <= today) && (until === null || until >= today);

/** 1 - bad / (budget * total of the whole window), exactly; null without events. Slices may be bad in part. */
const remainingOf = ({ counts, objective, progress }: Omit<GateArgs, "definition" | "now">): Fraction | null => {
  const { bad, total } = counts;
  const { elapsedMinutes, fullMinutes } = progress ?? { elapsedMinutes: 1, fullMinutes: 1 };
  if (total <= 0 || elapsedMinutes <= 0) return null;
  const scale = Number.isInteger(bad) ? 1 : PARTS_A_SLICE;
  const allowed = objective.budget.numerator * BigInt(total) * BigInt(scale) * BigInt(fullMinutes);
  return fraction(
    allowed - BigInt(Math.round(bad * scale)) * objective.budget.denominator * BigInt(elapsedMinutes),
    allowed,
  );
};

const isBelow = (remaining: Fraction | null, below: string): boolean => {
  const limit = parseFraction(below);
  return limit !== null && remaining !== null && compare(remaining, multiply(limit, fraction(1n, 100n))) < 0;
};

const strictness = (action: BudgetAction): number => BUDGET_ACTIONS.indexOf(action);

const MEANINGS: Readonly<Record<BudgetAction, string>> = {
  inform: "take note",
  review: "look at it together",
  slow: "release with care",
  freeze: "release fixes only",
};

const percentText = (share: number): string => `${(share * 100).toFixed(1)} %`;

const summaryOf = (remaining: number | null, strictest: GateReason | undefined, hasPolicy: boolean): string => {
  if (!hasPolicy) return "There is no error-budget policy, so releases are never frozen.";
  if (remaining === null) return "There is no data in the window, so nothing of the budget is spent.";
  const left = `${percentText(remaining)} of the budget remains`;
  if (strictest === undefined) return `${left}; no rule of the policy applies.`;
  return `${left}, less than ${strictest.remainingBelow} %: ${MEANINGS[strictest.action]}.`;
};

/**
 * Judges the error-budget policy of an SLO at an instant. A rule applies while strictly less than its share remains and the
 * day, in UTC, is within its dates. Without events nothing is spent.
 */
export const judgeGate = ({ definition, now, ...spending }: GateArgs): Gate => {
  const today = dayOf(now);
  const policy = definition.budgetPolicy ?? [];
  const exact = remainingOf(spending);
  const remaining = exact === null ? null : toNumber(exact);
  const reasons = policy
    .filter((rule) => isInForce(rule, today) && isBelow(exact, rule.remainingBelow))
    .toSorted((a, b) => strictness(b.action) - strictness(a.action))
    .map(
      (rule): GateReason => ({ ...rule, text: `less than ${rule.remainingBelow} % remains: ${MEANINGS[rule.action]}` }),
    );
  const strictest = reasons[0];
  const reviewDate = definition.document?.reviewDate ?? null;
  return {
    isFrozen: strictest?.action === "freeze",
    action: strictest?.action ?? null,
    remaining,
    reasons,
    summary: summaryOf(remaining, strictest, policy.length > 0),
    owner: strictest?.owner ?? definition.document?.owner ?? null,
    escalation: strictest?.escalation ?? null,
    reviewDate,
    isReviewDue: reviewDate !== null && reviewDate < today,
  };
};

/** The gate of an SLO from its newest reading, which is null before the first. @throws RangeError for a wrong objective. */
export const gateOfReading = (
  definition: Pick<SloDefinition, "objective" | "budgetPolicy" | "document">,
  reading: Pick<Reading, "minute" | "budget"> | null,
  now: EpochMs,
): Gate => {
  const { bad, total, calendar } = reading?.budget ?? { bad: 0, total: 0 };
  const progress =
    reading === null || calendar === undefined
      ? undefined
      : {
          elapsedMinutes: reading.minute + 1 - calendar.firstMinute,
          fullMinutes: calendar.endMinute - calendar.firstMinute,
        };
  return judgeGate({
    definition,
    objective: objectiveOfPercent(definition.objective),
    counts: { bad, total },
    ...(progress === undefined ? {} : { progress }),
    now,
  });
};
