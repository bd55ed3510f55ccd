import { describeBurnRate, describeThreshold } from "#lib/core/alerting/describe.ts";
import { parseDuration } from "#lib/core/duration.ts";
import type { AcknowledgementResource, AlertReading, AlertResource, ThresholdReading } from "./alerts.ts";
import { decimalText, instantText } from "./values.ts";

/** The stored facts of an alert, as `alertResource` needs them. Instants are milliseconds since the epoch. */
export type AlertFacts = {
  readonly id: string;
  readonly serviceId: string;
  readonly pair: string;
  readonly number: number;
  readonly severity: "page" | "ticket";
  readonly state: "firing" | "resolved";
  readonly hasData: boolean;
  readonly firedAtMs: number;
  readonly resolvedAtMs: number | null;
  readonly resolveReason: AlertResource["resolveReason"];
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
  readonly acknowledgement: AcknowledgementResource | null;
  /** Of the page, without a trailing slash; null when none is configured. */
  readonly pageUrl: string | null;
  readonly runbook: string | null;
  /** With the reading at the transition into the present state. */
  readonly cause:
    | { readonly kind: "burn_rate"; readonly sloId: string; readonly reading: AlertReading }
    | { readonly kind: "threshold"; readonly reading: ThresholdReading };
};

type BurnWindow = AlertReading["windows"]["long"];

/** burn rate x length of this window / length of the SLO's window. */
const withSpent = (window: BurnWindow, sloWindow: string) => {
  const [own, whole] = [parseDuration(window.duration), parseDuration(sloWindow)];
  const spent =
    window.burnRate === null || own === null || whole === null ? null : (Number(window.burnRate) * own) / whole;
  return { ...window, budgetSpentRatio: decimalText(spent) };
};

const causeOf = (facts: AlertFacts) => {
  const { cause, serviceId } = facts;
  if (cause.kind === "threshold") {
    const { threshold } = cause.reading;
    const summary = describeThreshold({ ...facts, ...cause.reading, ...threshold });
    return { kind: cause.kind, sloId: null, summary, ...cause.reading } as const;
  }
  const { sloId, reading } = cause;
  const { windows, window, budget } = reading;
  const summary = describeBurnRate({ ...facts, ...reading, ...windows, ...budget, sloId, serviceId });
  const spent = { long: withSpent(windows.long, window), short: withSpent(windows.short, window) };
  return { kind: cause.kind, sloId, summary, ...reading, windows: spent } as const;
};

/**
 * The one way to make an AlertResource: events and `/v1/alerts` agree because both come from here. `isPublic` leaves out
 * who looks after it.
 */
export const alertResource = (facts: AlertFacts, { isPublic }: { isPublic: boolean }): AlertResource => {
  const { acknowledgement, pageUrl, cause } = facts;
  const base = pageUrl ?? "";
  return {
    id: facts.id,
    serviceId: facts.serviceId,
    pair: facts.pair,
    number: facts.number,
    severity: facts.severity,
    state: facts.state,
    hasData: facts.hasData,
    firedAt: instantText(facts.firedAtMs),
    resolvedAt: facts.resolvedAtMs === null ? null : instantText(facts.resolvedAtMs),
    resolveReason: facts.resolveReason,
    silencedBy: [...facts.silencedBy],
    inhibitedBy: [...facts.inhibitedBy],
    mutedBy: [...facts.mutedBy],
    acknowledgement:
      acknowledgement !== null && isPublic ? { ...acknowledgement, author: null, note: null } : acknowledgement,
    links: {
      self: `${base}/v1/alerts/${facts.id}`,
      dashboard: cause.kind === "burn_rate" ? `${base}/admin/slos/${cause.sloId}` : null,
      runbook: facts.runbook,
    },
    ...causeOf(facts),
  };
};
