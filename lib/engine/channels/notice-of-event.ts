import type { AlertResource, ServiceResource } from "#lib/contracts/api.ts";
import type { BudgetResource } from "#lib/contracts/budget-resource.ts";
import type { ConfiguredResource } from "#lib/contracts/configured.ts";
import type {
  BlindAlertResource,
  DeliveryResource,
  EndpointStateResource,
  EventType,
  IncidentResource,
  ProberResource,
} from "#lib/contracts/events.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import type { ExternalAlertResource } from "#lib/contracts/external-alerts.ts";
import type { IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import type { ReconciliationResource } from "#lib/contracts/reconciliation.ts";
import type { SilenceResource } from "#lib/contracts/silences.ts";
import type { Notice, NoticeLink, Tone } from "#lib/core/channels/notice.ts";
import { plainText } from "#lib/core/channels/notice.ts";
import { ofConfigured } from "./notice-of-configured.ts";
import { ofIncident, ofTemplate } from "./notice-of-incident.ts";
import { ofExclusion, ofMaintenance, ofStatement } from "./notice-of-plan.ts";
import type { EventToTell, Naming, Part } from "./notice-part.ts";
import { clock, fact, link } from "./notice-part.ts";
import { ofBudget, ofExternalAlert, ofReconciliation } from "./other-notices.ts";

const times = (rate: string | null): string => (rate === null ? "no data" : `${Number(rate).toFixed(1)}x`);
const percent = (ratio: string | null): string | null =>
  ratio === null ? null : `${Number((Number(ratio) * 100).toFixed(1))} %`;

type BurnRateAlert = Extract<AlertResource, { kind: "burn_rate" }>;

const windowLine = ({ duration, bad, total, burnRate, threshold }: BurnRateAlert["windows"]["long"]): string =>
  `${duration}: ${bad} of ${total} bad, burning ${times(burnRate)} (limit ${threshold}x)`;

const measuredFacts = (alert: AlertResource): Notice["facts"] => {
  if (alert.kind === "threshold") {
    const { metric, limit, value, unit, window } = alert.threshold;
    return [
      ...fact("Measured", `${metric.replaceAll("_", " ")} ${value ?? "no data"} ${unit} over ${window}`),
      ...fact("Limit", `${limit} ${unit}`),
    ];
  }
  return [
    ...fact("Objective", `${alert.objective} % over ${alert.window}`),
    ...fact("Long window", windowLine(alert.windows.long)),
    ...fact("Short window", windowLine(alert.windows.short)),
    ...fact("Budget spent", percent(alert.budget.consumedRatio)),
  ];
};

const alertFacts = (alert: AlertResource): Notice["facts"] => [
  ...measuredFacts(alert),
  ...fact("Probes", alert.probes.join(", ")),
  ...fact("Locations", alert.locations.join(", ")),
  ...fact("Since", clock(alert.firedAt)),
  ...fact("Until", alert.resolvedAt === null ? null : clock(alert.resolvedAt)),
];

/** Events of which an alert is told, and how its message goes on. */
const ALERT_PHASES = {
  "alert.firing": { phase: "begins", verb: "alert" },
  "alert.resolved": { phase: "ends", verb: "resolved" },
  "alert.acknowledged": { phase: "acknowledged", verb: "acknowledged" },
  "alert.unacknowledged": { phase: "goes_on", verb: "nobody looks after it any more" },
  "alert.reminder": { phase: "goes_on", verb: "still firing" },
} as const;

const WHAT_TO_DO = {
  page: "Look at the failing probes now, and open an incident if customers notice.",
  ticket: "No hurry tonight: look at it within a working day.",
};

const absolute = (link: NoticeLink): NoticeLink[] => (/^https?:/.test(link.url) ? [link] : []);

const ofAlert = (alert: AlertResource, type: keyof typeof ALERT_PHASES, naming: Naming): Part => {
  const { phase, verb } = ALERT_PHASES[type];
  const name = naming.serviceName(alert.serviceId) ?? alert.serviceId;
  const what = alert.kind === "threshold" ? alert.threshold.metric.replaceAll("_", " ") : alert.sloId;
  const loud: Tone = alert.severity === "page" ? "critical" : "warning";
  const { dashboard, runbook } = alert.links;
  return {
    tone: phase === "ends" ? "good" : phase === "acknowledged" ? "neutral" : loud,
    phase,
    title: `${name}: ${what}, ${verb}`,
    text:
      phase === "begins" || type === "alert.reminder"
        ? `${alert.summary} ${WHAT_TO_DO[alert.severity]}`
        : alert.summary,
    facts: alertFacts(alert),
    links: [
      ...(runbook === null ? [] : absolute({ label: "Runbook", url: runbook })),
      ...link(naming, "On call", `/admin/on-call/${encodeURIComponent(alert.id)}`),
      ...(dashboard === null ? [] : absolute({ label: "Dashboard", url: dashboard })),
      ...link(naming, "Status page", `/services/${encodeURIComponent(alert.serviceId)}`),
    ],
    serviceId: alert.serviceId,
    serviceName: plainText(name),
    severity: alert.severity,
    beganAtMs: Date.parse(alert.firedAt),
    endedAtMs: alert.resolvedAt === null ? null : Date.parse(alert.resolvedAt),
  };
};

const ofService = (service: ServiceResource, naming: Naming): Part => ({
  tone: service.state === "operational" ? "good" : "neutral",
  phase: "note",
  title: `${service.name} is ${service.state.replaceAll("_", " ")}`,
  text: `The published state of ${service.name} is now ${service.state.replaceAll("_", " ")}.`,
  facts: [],
  links: link(naming, "Status page", `/services/${encodeURIComponent(service.id)}`),
  serviceId: service.id,
});

const ofDelivery = (delivery: DeliveryResource): Part => ({
  tone: "warning",
  phase: "note",
  title: `An event could not be delivered to ${delivery.endpointId}`,
  text: `${delivery.eventType} was given up after ${delivery.attemptsMade} attempts: ${delivery.lastError ?? "no reason"}. Mend the receiver, then replay it.`,
  facts: [...fact("Event", delivery.eventId), ...fact("Delivery", delivery.id)],
});

const ofBlindAlert = (alert: BlindAlertResource, naming: Naming): Part => ({
  tone: "warning",
  phase: "note",
  title: `${naming.serviceName(alert.serviceId) ?? alert.serviceId}: an alert fires without data`,
  text: alert.detail,
  facts: [...fact("Alert", alert.alertId), ...fact("SLO", alert.sloId), ...fact("Since", clock(alert.since))],
  links: link(naming, "Status page", `/services/${encodeURIComponent(alert.serviceId)}`),
  serviceId: alert.serviceId,
  beganAtMs: Date.parse(alert.since),
});

const ofProber = (prober: ProberResource): Part => ({
  tone: prober.state === "blind" ? "warning" : "good",
  phase: prober.state === "blind" ? "begins" : "ends",
  title: `Location ${prober.locationName} ${prober.state === "blind" ? "cannot be trusted" : "sees again"}`,
  text: prober.detail,
  facts: [...fact("Cause", prober.cause), ...fact("Since", clock(prober.since))],
  thread: `prober:${prober.locationId}:${prober.since}`,
  beganAtMs: Date.parse(prober.since),
  endedAtMs: prober.until === null ? null : Date.parse(prober.until),
});

const ofSilence = (silence: SilenceResource, type: EventType): Part => ({
  tone: "neutral",
  phase: "note",
  title: type === "silence.created" ? "Alerts were silenced" : "A silence ended",
  text: `${silence.author}: ${silence.comment}`,
  facts: [...fact("From", clock(silence.startsAt)), ...fact("To", clock(silence.expiredAt ?? silence.endsAt))],
});

const ofEndpoint = (endpoint: EndpointStateResource, type: EventType): Part => {
  if (type === "endpoint.test") {
    const text = "This is a test: whoever reads it gets what Nines has to say. Nothing is wrong.";
    return { tone: "neutral", phase: "note", title: "Test message", text, facts: fact("Endpoint", endpoint.id) };
  }
  const title = `Endpoint ${endpoint.id} ${type === "endpoint.disabled" ? "was disabled" : "takes nothing"}`;
  const text =
    type === "endpoint.disabled"
      ? `${endpoint.disabledReason ?? "It was disabled"}. Nobody is told through it until it is mended and enabled.`
      : "Every attempt failed for four days. It will be disabled in a day unless it takes something.";
  return { tone: "warning", phase: "note", title, text, facts: [] };
};

const isBlindAlert = (data: unknown): data is BlindAlertResource =>
  typeof data === "object" && data !== null && "alertId" in data;

type PartOf = (event: EventToTell, naming: Naming) => Part;

const alertPart: PartOf = (event, naming) =>
  ofAlert(event.data as AlertResource, event.type as keyof typeof ALERT_PHASES, naming);
const incidentPart: PartOf = (event, naming) => ofIncident(event.data as IncidentResource, event.type, naming);
const proberPart: PartOf = (event, naming) =>
  isBlindAlert(event.data) ? ofBlindAlert(event.data, naming) : ofProber(event.data as ProberResource);
const silencePart: PartOf = (event) => ofSilence(event.data as SilenceResource, event.type);
const endpointPart: PartOf = (event) => ofEndpoint(event.data as EndpointStateResource, event.type);
const exclusionPart: PartOf = (event) => ofExclusion(event.data as ExclusionResource);
const maintenancePart: PartOf = (event, naming) => ofMaintenance(event.data as MaintenanceResource, naming);
const externalAlertPart: PartOf = (event) => ofExternalAlert(event.data as ExternalAlertResource);
const incidentTemplatePart: PartOf = (event) => ofTemplate(event.data as IncidentTemplateResource, event.type);
const configuredPart: PartOf = (event) => ofConfigured(event.data as ConfiguredResource);

/** How each type is told; a type that is missing does not compile. */
const PARTS: Readonly<Record<EventType, PartOf>> = {
  "alert.firing": alertPart,
  "alert.resolved": alertPart,
  "alert.acknowledged": alertPart,
  "alert.unacknowledged": alertPart,
  "alert.reminder": alertPart,
  "incident.opened": incidentPart,
  "incident.updated": incidentPart,
  "incident.resolved": incidentPart,
  "incident.drafted": incidentPart,
  "incident.draft_changed": incidentPart,
  "incident.discarded": incidentPart,
  "incident.update_scheduled": incidentPart,
  "incident.alert_attached": incidentPart,
  "incident.merged": incidentPart,
  "incident.reopened": incidentPart,
  "incident.postmortem_published": incidentPart,
  "incident.resolve_due": incidentPart,
  "component.status_changed": (event, naming) => ofService(event.data as ServiceResource, naming),
  "delivery.dead": (event) => ofDelivery(event.data as DeliveryResource),
  "prober.blind": proberPart,
  "prober.recovered": proberPart,
  "silence.created": silencePart,
  "silence.expired": silencePart,
  "endpoint.failing": endpointPart,
  "endpoint.disabled": endpointPart,
  "endpoint.test": endpointPart,
  "exclusion.created": exclusionPart,
  "exclusion.approved": exclusionPart,
  "exclusion.revoked": exclusionPart,
  "maintenance.scheduled": maintenancePart,
  "maintenance.canceled": maintenancePart,
  "maintenance.started": maintenancePart,
  "maintenance.updated": maintenancePart,
  "maintenance.completed": maintenancePart,
  "maintenance.reminder": maintenancePart,
  "statement.issued": (event) => ofStatement(event.subject),
  "external_alert.firing": externalAlertPart,
  "external_alert.resolved": externalAlertPart,
  "reconciliation.mismatch": (event) => ofReconciliation(event.data as ReconciliationResource),
  "slo.budget_exhausted": (event) => ofBudget(event.data as BudgetResource),
  "incident_template.saved": incidentTemplatePart,
  "incident_template.deleted": incidentTemplatePart,
  "service.created": configuredPart,
  "service.updated": configuredPart,
  "service.deleted": configuredPart,
  "probe.created": configuredPart,
  "probe.updated": configuredPart,
  "probe.deleted": configuredPart,
  "slo.created": configuredPart,
  "slo.updated": configuredPart,
  "slo.deleted": configuredPart,
};

/** Says a stored event in words. `data` is what the event was recorded with, so it is not judged again. */
export const noticeOfEvent = (event: EventToTell, naming: Naming): Notice => {
  const part = PARTS[event.type](event, naming);
  return {
    eventId: event.id,
    eventType: event.type,
    thread: event.subject,
    links: [],
    serviceId: null,
    severity: null,
    beganAtMs: event.occurredAtMs,
    endedAtMs: null,
    occurredAtMs: event.occurredAtMs,
    sender: plainText(naming.page.name),
    ...part,
    title: plainText(part.title),
    text: plainText(part.text),
  };
};
