import type { AlertResource } from "#lib/contracts/alerts.ts";
import { loadOnCall } from "#lib/read/on-call.ts";
import { csvAnswer } from "../../../_parts/red-csv.ts";
import { signedInCookie } from "../../../_parts/view.ts";

const HEAD = [
  ...["alert", "service", "slo", "pair", "severity", "state", "fired_at", "resolved_at", "reason", "acknowledged_by"],
  ...["silenced_by", "inhibited_by", "muted_by", "long_bad", "long_total", "long_burn_rate"],
  ...["short_bad", "short_total", "short_burn_rate", "limit", "budget_consumed"],
];

const figuresOf = (alert: AlertResource): (string | number | null)[] => {
  if (alert.kind === "threshold") return [null, null, null, null, null, null, alert.threshold.limit, null];
  const { long, short } = alert.windows;
  return [
    ...[long.bad, long.total, long.burnRate, short.bad, short.total, short.burnRate],
    ...[long.threshold, alert.budget.consumedRatio],
  ];
};

const rowOf = (alert: AlertResource): (string | number | null)[] => [
  ...[alert.id, alert.serviceId, alert.sloId, alert.pair, alert.severity, alert.state],
  ...[alert.firedAt, alert.resolvedAt, alert.resolveReason, alert.acknowledgement?.author ?? null],
  ...[alert.silencedBy, alert.inhibitedBy, alert.mutedBy].map((ids) => ids.join(" ")),
  ...figuresOf(alert),
];

/** What the on-call view lists, as a file: what fires, what fires quietly, what ended within a day. */
export const GET = async (): Promise<Response> => {
  const { firing, quiet, over } = await loadOnCall(await signedInCookie());
  return csvAnswer("alerts.csv", [HEAD, ...[...firing, ...quiet, ...over].map(rowOf)]);
};
