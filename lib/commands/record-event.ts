import { createHash } from "node:crypto";
import type postgres from "postgres";
import { lockWaitingMessage, makeUrgent } from "#db/queries/delivery-groups.ts";
import type { NewDelivery, SubscriberRow } from "#db/queries/events.ts";
import {
  insertDeliveries,
  insertEvent,
  lockEvents,
  lockSubscribers,
  notifyDeliveries,
  readEventDelivery,
  readStandIns,
  takeSequences,
} from "#db/queries/events.ts";
import type { EventType } from "#lib/contracts/events.ts";
import { dueOf } from "#lib/core/delivery/due.ts";
import type { Recipient } from "#lib/core/delivery/recipients.ts";
import { factsOfEvent, recipientsOf } from "#lib/core/delivery/recipients.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

export type EventToRecord = {
  readonly type: EventType;
  /** What it is about: the id of the service, alert, incident or delivery. */
  readonly subject: string;
  /** Derived from what happened, such as `alert.firing:slo:pair:3`, so that a replay adds nothing. */
  readonly dedupKey: string;
  /** The REST resource. */
  readonly data: unknown;
  readonly occurredAt: EpochMs;
  /** Endpoint ids; null: every endpoint that subscribes to the type. Filters of an endpoint hold in both cases. */
  readonly notify: readonly string[] | null;
  readonly now: EpochMs;
};

/** Bytes that depend on the key only: two events with one key cannot both exist, so nothing more random is needed. */
const bytesOf =
  (key: string): RandomBytes =>
  (size) =>
    createHash("sha256").update(key).digest().subarray(0, size);

/** The same event has the same delivery to an endpoint wherever it is made. */
export const deliveryIdOf = (event: Pick<EventToRecord, "dedupKey" | "now">, endpointId: string): string =>
  newId("dlv", event.now, bytesOf(`${event.dedupKey}\n${endpointId}`));

/** What goes on after its beginning: whoever was told of that in the place of another is told of the rest. */
const GOES_ON: ReadonlySet<string> = new Set([
  "alert.resolved",
  "alert.acknowledged",
  "alert.unacknowledged",
  "incident.updated",
  "incident.resolved",
  "incident.alert_attached",
  "incident.merged",
  "incident.reopened",
  "incident.postmortem_published",
  "incident.resolve_due",
]);

type Outgoing = Pick<EventToRecord, "type" | "subject" | "dedupKey" | "data" | "notify" | "now">;

/** Who is told, and in whose place. Locks the active endpoints. */
const chooseRecipients = async (
  tx: postgres.TransactionSql,
  { type, subject, data, notify }: Outgoing,
): Promise<Recipient<SubscriberRow>[]> => {
  const candidates = await lockSubscribers(tx);
  if (notify?.length === 0) return [];
  const recipients = recipientsOf(candidates, factsOfEvent(type, data), notify);
  if (!GOES_ON.has(type)) return recipients;
  const told = new Set(recipients.map(({ endpoint }) => endpoint.id));
  const standIns = await readStandIns(tx, subject);
  const late = candidates.filter(({ id, isActive }) => isActive && standIns.has(id) && !told.has(id));
  return [...recipients, ...late.map((endpoint) => ({ endpoint, standsInFor: standIns.get(endpoint.id) ?? null }))];
};

/** Puts an event into the outbox of each active endpoint that subscribes to its type, lets it through and is in `notify`. */
const deliverEvent = async (
  tx: postgres.TransactionSql,
  event: Outgoing & { readonly eventId: string },
): Promise<void> => {
  const { eventId, now } = event;
  const recipients = await chooseRecipients(tx, event);
  if (recipients.length === 0) return;
  const sequences = await takeSequences(
    tx,
    recipients.map(({ endpoint }) => endpoint.id),
  );
  const facts = factsOfEvent(event.type, event.data);
  const isUrgent = facts.severity === "page";
  const deliveries: NewDelivery[] = [];
  for (const { endpoint, standsInFor } of recipients) {
    const endpointId = endpoint.id;
    const { dueAt, groupKey, joinsFrom } = dueOf(endpoint, facts, now);
    const waiting =
      groupKey === null
        ? null
        : await lockWaitingMessage(tx, { endpointId, groupKey, now, from: joinsFrom, to: dueAt });
    deliveries.push({
      id: deliveryIdOf(event, endpointId),
      eventId,
      endpointId,
      sequence: sequences.get(endpointId) as bigint,
      dueAt: waiting?.dueAt ?? dueAt,
      groupKey,
      groupedInto: waiting?.id ?? null,
      standsInFor,
      isUrgent,
    });
  }
  const joined = deliveries.flatMap(({ groupedInto }) => groupedInto ?? []);
  if (isUrgent && joined.length > 0) await makeUrgent(tx, joined);
  await insertDeliveries(tx, deliveries, now);
  await notifyDeliveries(tx);
};

/**
 * Records what happened, and a delivery for each active endpoint that subscribes to its type, in the caller's
 * transaction: the change of state, the event and the outbox commit together or not at all.
 * Null when an event with the same `dedupKey` was recorded before.
 */
export const recordEvent = async (
  tx: postgres.TransactionSql,
  event: EventToRecord,
): Promise<{ eventId: string } | null> => {
  await lockEvents(tx);
  const eventId = newId("evt", event.now, bytesOf(event.dedupKey));
  if (!(await insertEvent(tx, { ...event, id: eventId }))) return null;
  await deliverEvent(tx, { ...event, eventId });
  return { eventId };
};

/**
 * Delivers an event that was recorded with `notify: []` because it was muted. Does nothing when it has deliveries already
 * or was never recorded.
 */
export const releaseEvent = async (
  tx: postgres.TransactionSql,
  event: Pick<EventToRecord, "type" | "dedupKey" | "notify" | "now">,
): Promise<void> => {
  await lockEvents(tx);
  const known = await readEventDelivery(tx, event.dedupKey);
  if (known === null || known.isDelivered) return;
  const { eventId, subject, data } = known;
  await deliverEvent(tx, { ...event, eventId, subject, data });
};
