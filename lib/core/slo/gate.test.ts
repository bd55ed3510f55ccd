import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BudgetRule, SloDocument } from "../slo-definitions.ts";
import type { EpochMinute } from "../units.ts";
import { epochMs } from "../units.ts";
import { gateOfReading, judgeGate } from "./gate.ts";
import { objectiveOfPercent } from "./objective.ts";
import type { BudgetReading } from "./reading.ts";

const objective = objectiveOfPercent("99.9");
const now = epochMs(Date.parse("2026-11-22T12:00:00Z"));
const rule = (remainingBelow: string, changes: Partial<BudgetRule> = {}): BudgetRule => ({
  remainingBelow,
  action: "freeze",
  owner: null,
  escalation: null,
  note: null,
  from: null,
  until: null,
  ...changes,
});
const document = (reviewDate: string): SloDocument => ({
  owner: "Team",
  reviewers: [],
  approver: null,
  reviewDate,
  rationale: null,
  runbook: null,
});
const gate = (budgetPolicy: readonly BudgetRule[] | undefined, bad: number, total = 1_000_000) =>
  judgeGate({ definition: budgetPolicy === undefined ? {} : { budgetPolicy }, objective, counts: { bad, total }, now });

describe("the gate", () => {
  test("closes strictly below the share, judged exactly", () => {
    // A million events allow 1,000 bad ones: with 800 exactly 20 % remain.
    const policy = [rule("20")];
    expect(gate(policy, 800)).toMatchObject({ isFrozen: false, action: null });
    expect(gate(policy, 801)).toMatchObject({ isFrozen: true, action: "freeze" });
    expect(gate(policy, 801).summary).toBe("19.9 % of the budget remains, less than 20 %: release fixes only.");
    expect(gate([rule("0")], 1_000).isFrozen).toBe(false);
    expect(gate([rule("0")], 1_001).isFrozen).toBe(true);
    expect(gate([rule("-50")], 1_400).isFrozen).toBe(false);
  });

  test("slices that are bad in part count with their part", () => {
    // 3,000 slices allow 3 bad ones: 2.4 of them leave exactly 20 %.
    expect(gate([rule("20")], 2.4, 3_000)).toMatchObject({ isFrozen: false, remaining: 0.2 });
    expect(gate([rule("20")], 2.400000001, 3_000).isFrozen).toBe(true);
  });

  test("one more bad event never opens it", () => {
    const shares = fc.integer({ min: -100, max: 100 }).map(String);
    fc.assert(
      fc.property(shares, fc.nat(3_000), fc.integer({ min: 1, max: 1_000_000 }), (share, bad, total) => {
        const before = gate([rule(share)], bad, total).isFrozen;
        expect(before && !gate([rule(share)], bad + 1, total).isFrozen).toBe(false);
      }),
    );
  });

  test("the strictest rule speaks, with its owner and escalation, and all that apply are told", () => {
    const policy = [
      rule("50", { action: "review", owner: "Ana" }),
      rule("10", { action: "freeze", owner: "Bo", escalation: "Cy" }),
      rule("80", { action: "inform" }),
    ];
    const found = gate(policy, 950);
    expect(found).toMatchObject({ isFrozen: true, owner: "Bo", escalation: "Cy" });
    expect(found.reasons.map(({ action }) => action)).toEqual(["freeze", "review", "inform"]);
    expect(gate(policy, 600)).toMatchObject({ isFrozen: false, action: "review", owner: "Ana" });
  });

  test.each([
    [{ from: "2026-11-22" }, true],
    [{ from: "2026-11-23" }, false],
    [{ until: "2026-11-22" }, true],
    [{ until: "2026-11-21" }, false],
  ])("a rule is in force on its days: %o", (dates, isFrozen) => {
    expect(gate([rule("0", dates)], 5_000).isFrozen).toBe(isFrozen);
  });

  test("a period of the calendar is judged by what the whole of it allows", () => {
    const definition = { objective: "99.9", budgetPolicy: [rule("50")] };
    const firstMinute = 29_000_160 as EpochMinute;
    const endMinute = (firstMinute + 30 * 1_440) as EpochMinute;
    const frozen = (day: number, bad: number) => {
      const calendar = { firstMinute, endMinute, projectedAtPace: null };
      const budget = { bad, total: day * 2_880, calendar } as unknown as BudgetReading;
      const minute = (firstMinute + day * 1_440 - 1) as EpochMinute;
      return gateOfReading(definition, { minute, budget }, now).isFrozen;
    };
    // 86,400 slots of a month allow 86.4 bad ones, half of which are 43.2.
    expect([frozen(1, 43), frozen(1, 44), frozen(30, 43), frozen(30, 44)]).toEqual([false, true, false, true]);
    expect(gateOfReading(definition, null, now)).toMatchObject({ isFrozen: false, remaining: null });
  });

  test("without a policy, and without data, it is open and says why", () => {
    expect(gate(undefined, 5_000)).toMatchObject({ isFrozen: false, reasons: [] });
    expect(gate(undefined, 5_000).summary).toMatch(/no error-budget policy/);
    expect(gate([rule("100")], 0, 0)).toMatchObject({ isFrozen: false, remaining: null });
    expect(gate([rule("100")], 0, 0).summary).toMatch(/no data/);
  });

  test.each([
    ["2026-11-21", true],
    ["2026-11-22", false],
    ["2027-01-01", false],
  ])("a review date of %s is past: %s", (reviewDate, isReviewDue) => {
    const definition = { document: document(reviewDate) };
    expect(judgeGate({ definition, objective, counts: { bad: 0, total: 1 }, now })).toMatchObject({
      isReviewDue,
      reviewDate,
      owner: "Team",
    });
  });
});
