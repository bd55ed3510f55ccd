import type { EndpointType } from "./channel.ts";

/** What an endpoint of one kind gets when nothing else is said. */
export type EndpointDefaults = {
  readonly events: readonly string[];
  readonly timeoutMs: number;
  /** The rate that the service publishes; null: no limit. */
  readonly maxPerSecond: number | null;
  /** Of services that have one address for everybody. */
  readonly url?: string;
};

const ALERTS = ["alert.firing", "alert.resolved", "alert.acknowledged", "alert.unacknowledged"];
/** What people want to read; published states and silences are noise to them. */
const FOR_PEOPLE = [
  ...ALERTS,
  "incident.opened",
  "incident.updated",
  "incident.resolved",
  "incident.drafted",
  "incident.reopened",
  "incident.postmortem_published",
  "incident.resolve_due",
  "external_alert.firing",
  "external_alert.resolved",
  "maintenance.scheduled",
  "maintenance.canceled",
  "maintenance.started",
  "maintenance.updated",
  "maintenance.completed",
  "maintenance.reminder",
  "prober.blind",
  "prober.recovered",
  "delivery.dead",
  "reconciliation.mismatch",
  "slo.budget_exhausted",
  "endpoint.failing",
  "endpoint.disabled",
];

/** Slack takes one message a second, Teams four requests, Discord five in two seconds; PagerDuty 120 events a minute. */
export const DEFAULTS: Readonly<Record<EndpointType, EndpointDefaults>> & {
  readonly pagerduty: { readonly url: string };
} = {
  webhook: { events: ["*"], timeoutMs: 5_000, maxPerSecond: null },
  slack: { events: FOR_PEOPLE, timeoutMs: 10_000, maxPerSecond: 1 },
  pagerduty: { events: ALERTS, timeoutMs: 10_000, maxPerSecond: 2, url: "https://events.pagerduty.com/v2/enqueue" },
  alertmanager: { events: ["alert.firing", "alert.resolved"], timeoutMs: 10_000, maxPerSecond: null },
  discord: { events: FOR_PEOPLE, timeoutMs: 10_000, maxPerSecond: 2 },
  teams: { events: FOR_PEOPLE, timeoutMs: 10_000, maxPerSecond: 4 },
  ntfy: { events: FOR_PEOPLE, timeoutMs: 10_000, maxPerSecond: 1 },
  email: { events: FOR_PEOPLE, timeoutMs: 30_000, maxPerSecond: 2 },
};

/** Channels that people read: alerts of one service that come together are one message there. */
export const GROUPING_TYPES: ReadonlySet<EndpointType> = new Set(["slack", "discord", "teams", "ntfy", "email"]);
