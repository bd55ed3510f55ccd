import { sloDefinition, unguardedPairs } from "./slo-world.ts";

const BAD = [
  [100, 120],
  [200, 230],
  [500, 510],
] as const;
/** Ten hours of one slot a minute; 20 bad at 100, 30 bad at 200, 10 bad at 500. */
export const MINUTES = Array.from(
  { length: 600 },
  (_, index) => [BAD.some(([from, until]) => index >= from && index < until) ? 0 : 1, 1] as const,
);
/** With a document and a policy that freezes releases. */
export const SLO = sloDefinition({
  id: "one",
  objective: "90",
  burnRateAlerts: unguardedPairs(),
  document: {
    owner: "Shop team",
    reviewers: ["Ana"],
    approver: "Bo",
    reviewDate: "2026-10-31",
    rationale: "Customers call us below this.",
    runbook: null,
  },
  budgetPolicy: [
    {
      remainingBelow: "10",
      action: "freeze",
      owner: "Shop team",
      escalation: "CTO",
      note: null,
      from: null,
      until: null,
    },
  ],
});
