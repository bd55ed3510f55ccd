import { publishedUpdates, recordOf } from "#lib/core/subscribers/audience.ts";
import type { Snapshot } from "./snapshot.ts";
import type { StatuspageOverall } from "./statuspage.ts";
import { overallOf } from "./statuspage.ts";
import { statuspageId } from "./statuspage-id.ts";

/** The webhook that Statuspage sends to its subscribers. Field order is part of the contract. */

export type WebhookContext = {
  readonly snapshot: Snapshot | null;
  readonly pageUrl: string;
  /** Where the receiver ends its subscription. */
  readonly unsubscribeUrl: string;
  /** When the message was made: the same on every retry. */
  readonly generatedAt: number;
};

type Told = {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: unknown;
  readonly occurredAt: number;
};

const iso = (at: number): string => new Date(at).toISOString();
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const orNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
const statusOf = (state: unknown): string => (state === "unknown" || typeof state !== "string" ? "operational" : state);

const overall = (snapshot: Snapshot | null): StatuspageOverall =>
  overallOf(
    (snapshot?.services ?? []).filter(({ hasData }) => hasData).map(({ lastKnown }) => lastKnown),
    (snapshot?.incidents ?? [])
      .filter(({ status }) => status !== "resolved" && status !== "postmortem")
      .map(({ impact }) => impact),
  );

const head = ({ snapshot, pageUrl, unsubscribeUrl, generatedAt }: WebhookContext) => {
  const { indicator, description } = overall(snapshot);
  return {
    meta: { unsubscribe: unsubscribeUrl, documentation: `${pageUrl}/docs`, generated_at: iso(generatedAt) },
    page: { id: statuspageId("page", "page"), status_indicator: indicator, status_description: description },
  };
};

const componentOf = (serviceId: string, { snapshot, generatedAt }: WebhookContext) => {
  const service = snapshot?.services.find(({ id }) => id === serviceId);
  return {
    id: statuspageId("component", serviceId),
    name: service?.name ?? serviceId,
    status: statusOf(service?.lastKnown),
    created_at: service?.createdAt ?? iso(generatedAt),
  };
};

/** Changes of components that an update tells of; null when there are none. */
const affectedOf = (update: Record<string, unknown>, { snapshot }: WebhookContext) => {
  const changes = (Array.isArray(update.affected) ? update.affected : []).map(recordOf);
  if (changes.length === 0) return null;
  return changes.map(({ serviceId, oldState, newState }) => ({
    code: statuspageId("component", textOf(serviceId)),
    name: snapshot?.services.find(({ id }) => id === serviceId)?.name ?? textOf(serviceId),
    old_status: statusOf(oldState),
    new_status: statusOf(newState),
  }));
};

const updateOf = (update: Record<string, unknown>, incidentId: string, context: WebhookContext) => ({
  id: statuspageId("update", textOf(update.id)),
  incident_id: incidentId,
  body: textOf(update.body),
  status: textOf(update.status),
  created_at: textOf(update.createdAt),
  updated_at: textOf(update.updatedAt),
  display_at: textOf(update.displayAt),
  affected_components: affectedOf(update, context),
  deliver_notifications: true,
  wants_twitter_update: false,
  twitter_updated_at: null,
  custom_tweet: null,
  tweet_id: null,
});

type Planned = {
  readonly status: string;
  readonly impact: string;
  readonly from: string | null;
  readonly until: string | null;
};

const incidentOf = (event: Told, context: WebhookContext, planned: Planned | null) => {
  const data = recordOf(event.data);
  const id = statuspageId(planned === null ? "incident" : "maintenance", event.subject);
  const updates = publishedUpdates(data);
  const postmortem = updates.find(({ status }) => status === "postmortem");
  const services = Array.isArray(data.serviceIds) ? data.serviceIds.map(String) : [];
  return {
    name: textOf(data.name) || textOf(data.title),
    status: planned?.status ?? textOf(data.status),
    created_at: textOf(data.createdAt),
    updated_at: orNull(data.updatedAt) ?? iso(event.occurredAt),
    monitoring_at: orNull(data.monitoringAt),
    resolved_at: orNull(data.resolvedAt),
    impact: planned?.impact ?? textOf(data.impact),
    shortlink: planned === null ? `${context.pageUrl}/incidents/${id}` : `${context.pageUrl}/maintenance#m-${id}`,
    postmortem_ignored: false,
    postmortem_body: orNull(postmortem?.body),
    postmortem_body_last_updated_at: orNull(postmortem?.updatedAt),
    postmortem_published_at: orNull(postmortem?.displayAt),
    postmortem_notified_subscribers: postmortem !== undefined,
    postmortem_notified_twitter: false,
    backfilled: false,
    scheduled_for: planned?.from ?? null,
    scheduled_until: planned?.until ?? null,
    scheduled_remind_prior: planned !== null && Array.isArray(data.reminders) && data.reminders.length > 0,
    scheduled_reminded_at: event.type === "maintenance.reminder" ? iso(event.occurredAt) : null,
    impact_override: null,
    scheduled_auto_in_progress: planned !== null,
    scheduled_auto_completed: planned !== null,
    id,
    page_id: statuspageId("page", "page"),
    incident_updates: updates.map((update) => updateOf(update, id, context)),
    components: services.map((serviceId) => componentOf(serviceId, context)),
  };
};

const STATUSES: Readonly<Record<string, string>> = {
  "maintenance.scheduled": "scheduled",
  "maintenance.reminder": "scheduled",
  "maintenance.started": "in_progress",
  "maintenance.completed": "completed",
  "maintenance.canceled": "completed",
};

/** The one occurrence that an event is about: the first that is not over when it happened. */
const plannedOf = ({ type, data, occurredAt }: Told): Planned => {
  const maintenance = recordOf(data);
  const all = (Array.isArray(maintenance.occurrences) ? maintenance.occurrences : []).map(recordOf);
  const occurrence = all.find(({ endsAt }) => Date.parse(textOf(endsAt)) >= occurredAt) ?? all.at(-1) ?? {};
  const state = textOf(maintenance.state);
  return {
    status: STATUSES[type] ?? (state === "in_progress" || state === "completed" ? state : "scheduled"),
    impact: "maintenance",
    from: orNull(occurrence.startsAt) ?? orNull(maintenance.startsAt),
    until: orNull(occurrence.endsAt),
  };
};

const componentEvent = (event: Told, context: WebhookContext, before: unknown) => {
  const state = recordOf(event.data).state;
  const component = { ...componentOf(event.subject, context), status: statusOf(state) };
  return {
    ...head(context),
    component_update: {
      old_status: statusOf(recordOf(before).state),
      new_status: statusOf(state),
      created_at: iso(event.occurredAt),
      component_type: "Component",
      id: statuspageId("update", event.id),
      component_id: component.id,
    },
    component,
  };
};

/** The body of one event. `before`: data of the event before it about the same service, for the state that was left. */
export const statuspageWebhook = (event: Told, context: WebhookContext, before: unknown): object => {
  if (event.type === "component.status_changed") return componentEvent(event, context, before);
  const planned = event.type.startsWith("maintenance.") ? plannedOf(event) : null;
  return { ...head(context), incident: incidentOf(event, context, planned) };
};

/**
 * The body by which a receiver is asked whether it wants the news: it carries neither incident nor component. Whoever
 * reads it answers with `{"challenge": …}`, or opens the link.
 */
export const webhookConfirmation = (
  context: WebhookContext,
  { challenge, confirmUrl }: { readonly challenge: string; readonly confirmUrl: string },
): object => {
  const { meta, ...rest } = head(context);
  return { meta: { ...meta, confirm: confirmUrl, challenge }, ...rest };
};

/** Whether an answer repeats the challenge, as JSON or as bare text. An answer that repeats the whole body does not. */
export const repeatsChallenge = (answer: string, challenge: string): boolean => {
  if (answer.trim() === challenge) return true;
  try {
    return recordOf(JSON.parse(answer)).challenge === challenge;
  } catch {
    return false;
  }
};
