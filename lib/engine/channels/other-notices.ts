import type { BudgetResource } from "#lib/contracts/budget-resource.ts";
import type { ExternalAlertResource } from "#lib/contracts/external-alerts.ts";
import type { ReconciliationResource } from "#lib/contracts/reconciliation.ts";
import type { Notice } from "#lib/core/channels/notice.ts";
import { clip, plainText } from "#lib/core/channels/notice.ts";

type NoticePart = Pick<
  Notice,
  "tone" | "phase" | "title" | "text" | "facts" | "serviceId" | "severity" | "beganAtMs" | "endedAtMs" | "links"
>;

/** Labels beyond these make a message that nobody reads. */
const MOST_LABELS = 12;

const factOf = (label: string, value: string): { label: string; value: string } => ({
  label: plainText(label),
  value: clip(plainText(value), 500),
});

/** Says an alert of another system in words. An alert without a severity is none that wakes anybody. */
export const ofExternalAlert = (alert: ExternalAlertResource): NoticePart => {
  const isFiring = alert.state === "firing";
  const { summary, description, message, runbook_url: runbook } = alert.annotations;
  const links = [
    { label: "Runbook", url: runbook ?? "" },
    { label: "Source", url: alert.generatorUrl ?? "" },
  ];
  const shown = Object.entries(alert.labels).filter(([name]) => name !== "alertname");
  return {
    tone: isFiring ? (alert.severity === "page" ? "critical" : "warning") : "good",
    phase: isFiring ? "begins" : "ends",
    title: `${alert.name === "" ? "An alert of another system" : alert.name}: ${isFiring ? "alert" : "resolved"}`,
    text: [summary ?? message ?? "", description ?? ""].filter((text) => text !== "").join(" ") || "It has no summary.",
    facts: shown.slice(0, MOST_LABELS).map(([name, value]) => factOf(name, value)),
    links: links.filter(({ url }) => /^https?:\/\//.test(url)),
    serviceId: alert.serviceId,
    severity: alert.severity ?? "ticket",
    beganAtMs: Date.parse(alert.startsAt),
    endedAtMs: alert.endsAt === null ? null : Date.parse(alert.endsAt),
  };
};

/** Says that nothing is left of an error budget. */
export const ofBudget = (budget: BudgetResource): NoticePart => ({
  tone: "warning",
  phase: "note",
  title: `${budget.id}: the error budget is spent`,
  text: `Nothing is left of what ${budget.objective} % allows within the window.`,
  facts: [factOf("Bad", `${budget.bad ?? 0} of ${budget.total ?? 0}`)],
  links: [],
  serviceId: budget.serviceId,
  severity: null,
  beganAtMs: Date.parse(budget.exhaustedAt ?? ""),
  endedAtMs: null,
});

/** Says what a reconciliation found. */
export const ofReconciliation = (round: ReconciliationResource): NoticePart => {
  const left = round.findings.filter(({ count, repaired }) => count > repaired);
  return {
    tone: "warning",
    phase: "note",
    title: "The hourly comparison found what does not agree",
    text: "What could be mended was. Look at the rest with: nines reconcile",
    facts: left.map(({ kind, count, repaired, examples }) =>
      factOf(kind.replaceAll("_", " "), `${count - repaired}: ${examples.slice(0, 3).join("; ")}`),
    ),
    links: [],
    serviceId: null,
    severity: null,
    beganAtMs: Date.parse(round.startedAt),
    endedAtMs: null,
  };
};
