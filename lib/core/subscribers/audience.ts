import type { Cadence, SubscriberKind } from "./words.ts";

/** What of an event decides who is told. */
export type Telling = {
  readonly kind: SubscriberKind;
  /** Ids of services that it is about; empty: none in particular, so that everybody is told. */
  readonly serviceIds: readonly string[];
  readonly incidentId: string | null;
};

/** Events that customers are told of. */
export const TOLD_TYPES = [
  "incident.opened",
  "incident.updated",
  "incident.resolved",
  "incident.reopened",
  "incident.postmortem_published",
  "maintenance.scheduled",
  "maintenance.started",
  "maintenance.updated",
  "maintenance.completed",
  "maintenance.reminder",
  "maintenance.canceled",
  "component.status_changed",
] as const;

const TOLD: ReadonlySet<string> = new Set(TOLD_TYPES);

/** An object as fields that may be anything; what is none has none. */
export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];

/** Updates that are on the page, the newest first. */
export const publishedUpdates = (data: Record<string, unknown>): Record<string, unknown>[] =>
  (Array.isArray(data.updates) ? data.updates : []).map(recordOf).filter(({ publishedAt }) => publishedAt !== null);

/** Whether it is not on the page, or whoever wrote the newest update wants nobody to be told. */
const isQuiet = (data: Record<string, unknown>): boolean => {
  const { publication = "published" } = data;
  const newest = publishedUpdates(data)[0] ?? {};
  return (
    publication !== "published" ||
    [data, newest].some((one) => one.notify === false || one.deliverNotifications === false)
  );
};

/** Reads an event of the log. Null: customers are not told of it. */
export const tellingOf = (type: string, subject: string, data: unknown): Telling | null => {
  if (!TOLD.has(type)) return null;
  const resource = recordOf(data);
  if (isQuiet(resource)) return null;
  const incidentId = type.startsWith("incident.") ? subject : null;
  if (incidentId !== null) return { kind: "incidents", serviceIds: textsOf(resource.serviceIds), incidentId };
  if (type.startsWith("maintenance."))
    return { kind: "maintenance", serviceIds: textsOf(resource.serviceIds), incidentId };
  return { kind: "states", serviceIds: [subject], incidentId };
};

/** What a subscriber asked for. */
export type Wishes = {
  readonly kinds: readonly SubscriberKind[];
  /** Null: every service. */
  readonly serviceIds: readonly string[] | null;
  /** Null: every incident. */
  readonly incidentId: string | null;
  readonly cadence: Cadence;
};

/** Whether an event is for a subscriber with these wishes. One who follows a single incident is told of nothing else. */
export const isFor = (telling: Telling, { kinds, serviceIds, incidentId }: Wishes): boolean => {
  if (incidentId !== null) return telling.incidentId === incidentId;
  if (!kinds.includes(telling.kind)) return false;
  return (
    serviceIds === null || telling.serviceIds.length === 0 || telling.serviceIds.some((id) => serviceIds.includes(id))
  );
};
