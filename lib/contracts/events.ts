import { z } from "zod";
import { AlertResource, Identifier, Instant, ServiceResource } from "./api.ts";
import { BudgetResource } from "./budget-resource.ts";
import { CONFIGURED_DATA, CONFIGURED_DESCRIPTIONS, CONFIGURED_TYPES } from "./configured.ts";
import { ExclusionResource } from "./exclusions.ts";
import { ExternalAlertResource } from "./external-alerts.ts";
import { IncidentResource, IncidentTemplateResource } from "./incidents.ts";
import { MaintenanceResource } from "./maintenances.ts";
import { ReconciliationResource } from "./reconciliation.ts";
import { SilenceResource } from "./silences.ts";
import { StatementSummary } from "./statements.ts";

/**
 * The catalogue of events and their envelope. An event is immutable; its `data` is the REST resource as it stood after
 * what happened. Types are added, never renamed.
 */

export const EVENT_TYPES = [
  "alert.firing",
  "alert.resolved",
  "incident.opened",
  "incident.updated",
  "incident.resolved",
  "component.status_changed",
  "delivery.dead",
  "prober.blind",
  "prober.recovered",
  "alert.acknowledged",
  "alert.unacknowledged",
  "silence.created",
  "silence.expired",
  "endpoint.failing",
  "endpoint.disabled",
  "endpoint.test",
  "alert.reminder",
  "exclusion.created",
  "exclusion.approved",
  "exclusion.revoked",
  "maintenance.scheduled",
  "maintenance.canceled",
  "maintenance.started",
  "maintenance.updated",
  "maintenance.completed",
  "maintenance.reminder",
  "statement.issued",
  "external_alert.firing",
  "external_alert.resolved",
  "reconciliation.mismatch",
  "slo.budget_exhausted",
  "incident.drafted",
  "incident.draft_changed",
  "incident.discarded",
  "incident.update_scheduled",
  "incident.alert_attached",
  "incident.merged",
  "incident.reopened",
  "incident.postmortem_published",
  "incident.resolve_due",
  "incident_template.saved",
  "incident_template.deleted",
  ...CONFIGURED_TYPES,
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

const KNOWN_TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Whether a text names a type of event that there is. */
export const isEventType = (text: string): text is EventType => KNOWN_TYPES.has(text);

/** What each type means, for the documentation and for AsyncAPI. */
export const EVENT_DESCRIPTIONS: Readonly<Record<EventType, string>> = {
  "alert.firing": "Both windows of a burn-rate pair spend the error budget faster than its factor.",
  "alert.resolved": "A firing burn-rate pair does not hold any more, or was removed.",
  "incident.opened": "An incident was published.",
  "incident.updated": "An open incident has a new status or message.",
  "incident.resolved": "An incident was closed.",
  "component.status_changed": "The published state of a service changed.",
  "delivery.dead": "An event could not be delivered to an endpoint and will not be tried again.",
  "prober.blind":
    "A location cannot be trusted, so that its votes do not count, or is not heard of; or a firing alert has no data to be judged by.",
  "prober.recovered": "A location of which prober.blind told sees again.",
  "alert.acknowledged": "Somebody looks after a firing alert.",
  "alert.unacknowledged": "An acknowledgement was taken back, or its time is over, and the alert still fires.",
  "silence.created": "Alerts that match will not be told of for a time.",
  "silence.expired": "A silence was ended by hand.",
  "endpoint.failing": "An endpoint took nothing for four days; it will be disabled after five.",
  "endpoint.disabled": "An endpoint gets nothing any more: it answered 410, or took nothing for five days.",
  "endpoint.test": "Sent to one endpoint on request, so that its owner sees that it works.",
  "alert.reminder": "An alert still fires and nobody acknowledged it; only for endpoints with `remind_every`.",
  "exclusion.created": "A time was excluded from what counts, or waits for a second person to agree.",
  "exclusion.approved": "A second person let a retroactive exclusion count.",
  "exclusion.revoked": "An exclusion was revoked: figures are what they were without it.",
  "maintenance.scheduled": "Planned work was scheduled, once or by a rule.",
  "maintenance.canceled": "Planned work was canceled; what had begun stays.",
  "maintenance.started": "Planned work began.",
  "maintenance.updated": "Planned work was moved, or there is something new to read about it.",
  "maintenance.completed": "Planned work ended.",
  "maintenance.reminder": "Planned work will begin soon.",
  "statement.issued": "A statement was frozen, or restated after a correction.",
  "external_alert.firing": "An alert that another system sent fires.",
  "external_alert.resolved": "An alert that another system sent is over, or nothing was heard of it for too long.",
  "reconciliation.mismatch": "The hourly comparison found what does not agree and cannot be mended by itself.",
  "slo.budget_exhausted":
    "Nothing is left of an error budget: told once, and again only after something was left meanwhile.",
  "incident.drafted": "An incident was drafted, by a person or because an alert fires; customers do not see it.",
  "incident.draft_changed": "The draft of an incident was changed.",
  "incident.discarded": "The draft of an incident was thrown away, or its alerts ended before anybody published it.",
  "incident.update_scheduled":
    "An update of an incident was planned, changed or taken back; customers do not see it yet.",
  "incident.alert_attached": "An alert was put to an incident.",
  "incident.merged": "An incident became part of another one and left the page.",
  "incident.reopened": "A closed incident goes on.",
  "incident.postmortem_published": "The post-mortem of an incident was published.",
  "incident.resolve_due":
    "All services of an incident that a person looks after have been well for half an hour: is it over?",
  "incident_template.saved": "A template for incidents was made or changed.",
  "incident_template.deleted": "A template for incidents was deleted.",
  ...CONFIGURED_DESCRIPTIONS,
};

export { IncidentResource } from "./incidents.ts";

const DeliveryState = z.enum(["pending", "delivered", "dead", "canceled"]);

export const DeliveryResource = z
  .strictObject({
    id: Identifier,
    eventId: Identifier,
    eventType: z.string(),
    endpointId: Identifier,
    sequence: z.string().meta({ description: "Counts the events of this endpoint from 1" }),
    state: DeliveryState,
    attemptsMade: z.number().int().nonnegative(),
    firstDueAt: Instant,
    finishedAt: Instant.nullable(),
    lastError: z.string().nullable(),
  })
  .meta({ id: "Delivery", description: "One event on its way to one endpoint" });
export type DeliveryResource = z.infer<typeof DeliveryResource>;

export const ProberResource = z
  .strictObject({
    locationId: Identifier,
    locationName: z.string(),
    state: z.enum(["blind", "recovered"]),
    cause: z.enum(["reference", "dissent", "silent"]).meta({
      description: "Its own reference checks fail; it disagrees with the other locations; its agent is silent",
    }),
    detail: z.string(),
    since: Instant,
    until: Instant.nullable(),
  })
  .meta({ id: "Prober", description: "How well a location sees" });
export type ProberResource = z.infer<typeof ProberResource>;

/** A firing alert that cannot be judged: it stays, and somebody should look why nothing is measured. */
export const BlindAlertResource = z
  .strictObject({
    alertId: Identifier,
    serviceId: Identifier,
    sloId: Identifier.nullable(),
    state: z.literal("blind"),
    cause: z.literal("no_data"),
    detail: z.string(),
    since: Instant,
    until: Instant.nullable(),
  })
  .meta({ id: "BlindAlert", description: "A firing alert without data" });
export type BlindAlertResource = z.infer<typeof BlindAlertResource>;

export const EndpointStateResource = z
  .strictObject({
    id: Identifier,
    type: z.string().meta({ description: "Kind of receiver", example: "webhook" }),
    description: z.string().nullable(),
    state: z.enum(["active", "disabled"]),
    disabledReason: z.string().nullable(),
    failingSince: Instant.nullable().meta({ description: "The first failure since the last success" }),
  })
  .meta({ id: "EndpointState", description: "The health of an endpoint, without its address" });
export type EndpointStateResource = z.infer<typeof EndpointStateResource>;

/** The schema of `data` by type. */
export const EVENT_DATA = {
  "alert.firing": AlertResource,
  "alert.resolved": AlertResource,
  "incident.opened": IncidentResource,
  "incident.updated": IncidentResource,
  "incident.resolved": IncidentResource,
  "component.status_changed": ServiceResource,
  "delivery.dead": DeliveryResource,
  "prober.blind": z.union([ProberResource, BlindAlertResource]),
  "prober.recovered": ProberResource,
  "alert.acknowledged": AlertResource,
  "alert.unacknowledged": AlertResource,
  "silence.created": SilenceResource,
  "silence.expired": SilenceResource,
  "endpoint.failing": EndpointStateResource,
  "endpoint.disabled": EndpointStateResource,
  "endpoint.test": EndpointStateResource,
  "alert.reminder": AlertResource,
  "exclusion.created": ExclusionResource,
  "exclusion.approved": ExclusionResource,
  "exclusion.revoked": ExclusionResource,
  "maintenance.scheduled": MaintenanceResource,
  "maintenance.canceled": MaintenanceResource,
  "maintenance.started": MaintenanceResource,
  "maintenance.updated": MaintenanceResource,
  "maintenance.completed": MaintenanceResource,
  "maintenance.reminder": MaintenanceResource,
  "statement.issued": StatementSummary,
  "external_alert.firing": ExternalAlertResource,
  "external_alert.resolved": ExternalAlertResource,
  "reconciliation.mismatch": ReconciliationResource,
  "slo.budget_exhausted": BudgetResource,
  "incident.drafted": IncidentResource,
  "incident.draft_changed": IncidentResource,
  "incident.discarded": IncidentResource,
  "incident.update_scheduled": IncidentResource,
  "incident.alert_attached": IncidentResource,
  "incident.merged": IncidentResource,
  "incident.reopened": IncidentResource,
  "incident.postmortem_published": IncidentResource,
  "incident.resolve_due": IncidentResource,
  "incident_template.saved": IncidentTemplateResource,
  "incident_template.deleted": IncidentTemplateResource,
  ...CONFIGURED_DATA,
} as const satisfies Record<EventType, z.ZodType>;

/**
 * CloudEvents 1.0, structured mode. `id` is the `webhook-id` header and stays the same on every retry. `sequence`
 * counts the events of the receiving endpoint without holes, padded to 20 digits so that text order is number order.
 * `timestamp` repeats `time` for readers of Standard Webhooks, whose body is `{type, timestamp, data}`.
 */
export const CloudEvent = z
  .strictObject({
    specversion: z.literal("1.0"),
    id: Identifier,
    source: z.string().min(1),
    type: z.enum(EVENT_TYPES),
    subject: z.string().min(1),
    time: Instant,
    timestamp: Instant,
    datacontenttype: z.literal("application/json"),
    sequence: z.string().regex(/^\d{20}$/),
    data: z.unknown(),
  })
  .meta({ id: "CloudEvent" });
export type CloudEvent = z.infer<typeof CloudEvent>;

export const CLOUD_EVENT_CONTENT_TYPE = "application/cloudevents+json; charset=utf-8";

/** A stored event as the envelope needs it. */
export type StoredEvent = {
  readonly id: string;
  readonly type: EventType;
  readonly subject: string;
  readonly occurredAtMs: number;
  readonly data: unknown;
};

/** The address of the page, or `/nines` when none is configured. */
export const eventSource = (pageUrl: string | null): string => pageUrl ?? "/nines";

/** The envelope of an event for one endpoint. The same arguments give the same bytes, so retries are alike. */
export const cloudEvent = (event: StoredEvent, source: string, sequence: bigint): CloudEvent => {
  const time = new Date(event.occurredAtMs).toISOString();
  return {
    specversion: "1.0",
    id: event.id,
    source,
    type: event.type,
    subject: event.subject,
    time,
    timestamp: time,
    datacontenttype: "application/json",
    sequence: sequence.toString().padStart(20, "0"),
    data: event.data,
  };
};
