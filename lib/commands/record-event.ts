import { createHash } from "node:crypto";
import type postgres from "postgres";
import {
  insertDeliveries,
  insertEvent,
  lockSubscribers,
  notifyDeliveries,
  readEventDelivery,
  takeSequences,
} from "#db/queries/events.ts";
import type { EventType } from "#lib/contracts/events.ts";
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
  /** Endpoint ids; null: every endpoint that subscribes to the type. */
  readonly notify: readonly string[] | null;
  readonly now: EpochMs;
};

/** Bytes that depend on the key only: two events with one key cannot both exist, so nothing more random is needed. */
const bytesOf =
  (key: string): RandomBytes =>
  (size) =>
    createHash("sha256").update(key).digest().subarray(0, size);

/** Puts an event into the outbox of each active endpoint that subscribes to its type and is in `notify`. */
const deliverEvent = async (
  tx: postgres.TransactionSql,
  event: Pick<EventToRecord, "type" | "dedupKey" | "notify" | "now"> & { readonly eventId: string },
): Promise<void> => {
  const endpointIds = await lockSubscribers(tx, { type: event.type, notify: event.notify });
  if (endpointIds.length === 0) return;
  const sequences = await takeSequences(tx, endpointIds);
  const deliveries = endpointIds.map((endpointId) => ({
    id: newId("dlv", event.now, bytesOf(`${event.dedupKey}\n${endpointId}`)),
    eventId: event.eventId,
    endpointId,
    sequence: sequences.get(endpointId) as bigint,
  }));
  await insertDeliveries(tx, deliveries, event.now);
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
  const known = await readEventDelivery(tx, event.dedupKey);
  if (known === null || known.isDelivered) return;
  await deliverEvent(tx, { ...event, eventId: known.eventId });
};
