import type { Db } from "#db/database.ts";
import type { EndpointType } from "#lib/core/channels/channel.ts";
import type { EndpointSettings } from "#lib/core/definitions.ts";
import type { Candidate } from "#lib/core/delivery/recipients.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type NewEvent = {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly dedupKey: string;
  readonly data: unknown;
  readonly occurredAt: EpochMs;
};

/**
 * Lets one transaction at a time record events, until it ends: events are committed in the order of their positions, so
 * that a reader who goes on after the last one it saw misses none. Taken before any endpoint is locked.
 */
export const lockEvents = async (db: Db): Promise<void> => {
  await db`select pg_advisory_xact_lock(hashtextextended('nines/events', 0))`;
};

/** Inserts an event. False when one with the same `dedupKey` exists already. Call `lockEvents` before. */
export const insertEvent = async (db: Db, event: NewEvent): Promise<boolean> => {
  const rows = await db<{ id: string }[]>`
    insert into events (id, type, subject, dedup_key, data, occurred_at)
    values (${event.id}, ${event.type}, ${event.subject}, ${event.dedupKey}, ${JSON.stringify(event.data)}::text::jsonb,
            ${new Date(event.occurredAt)})
    on conflict (dedup_key) do nothing
    returning id`;
  return rows.length === 1;
};

/** An endpoint as it is judged whether and when it is told. */
export type SubscriberRow = Candidate & { readonly type: EndpointType; readonly settings: EndpointSettings };

/**
 * Locks the active endpoints in the order of their ids, and reads the disabled ones beside them, whose fallbacks may be
 * told. All active ones are locked, not only the subscribers: two transactions with several events each could otherwise
 * wait for each other.
 */
export const lockSubscribers = async (db: Db): Promise<SubscriberRow[]> => {
  const active = await db<SubscriberRow[]>`
    select id, type, events, filters, settings, fallback_id as "fallbackId", true as "isActive"
      from endpoints
     where state = 'active' and retired_at is null
     order by id
       for no key update`;
  const disabled = await db<SubscriberRow[]>`
    select id, type, events, filters, settings, fallback_id as "fallbackId", false as "isActive"
      from endpoints
     where state = 'disabled' and retired_at is null and fallback_id is not null`;
  const ids = new Set(active.map(({ id }) => id));
  return [...active, ...disabled.filter(({ id }) => !ids.has(id))];
};

/** Endpoints that were told of earlier events about a subject in place of others, with whom they stood in for. Partial index. */
export const readStandIns = async (db: Db, subject: string): Promise<ReadonlyMap<string, string>> => {
  const rows = await db<{ id: string; standsInFor: string }[]>`
    select distinct on (d.endpoint_id) d.endpoint_id as id, d.stands_in_for as "standsInFor"
      from deliveries d join events v on v.id = d.event_id
     where d.stands_in_for is not null and v.subject = ${subject}
     order by d.endpoint_id, d.sequence`;
  return new Map(rows.map(({ id, standsInFor }) => [id, standsInFor]));
};

/** Gives each endpoint its next sequence number. Call `lockSubscribers` before. */
export const takeSequences = async (db: Db, endpointIds: readonly string[]): Promise<Map<string, bigint>> => {
  const rows = await db<{ id: string; sequence: string }[]>`
    update endpoints set last_sequence = last_sequence + 1
     where id = any(${[...endpointIds]}::text[])
    returning id, last_sequence::text as sequence`;
  return new Map(rows.map((row) => [row.id, BigInt(row.sequence)]));
};

export type NewDelivery = {
  readonly id: string;
  readonly eventId: string;
  readonly endpointId: string;
  readonly sequence: bigint;
  /** Left out: at once. */
  readonly dueAt?: EpochMs;
  /** What others may be told with it in one message; left out: nothing. */
  readonly groupKey?: string | null;
  /** The delivery in whose message it is told. */
  readonly groupedInto?: string | null;
  /** The endpoint in whose place this one is told. */
  readonly standsInFor?: string | null;
  /** It wakes somebody: it is sent before all that does not. */
  readonly isUrgent?: boolean;
};

/** Puts deliveries into the outbox. One that an endpoint has already of the event is left out. */
export const insertDeliveries = async (db: Db, deliveries: readonly NewDelivery[], now: EpochMs): Promise<void> => {
  const rows = deliveries.map(({ sequence, dueAt = now, ...delivery }) => ({
    ...delivery,
    sequence: sequence.toString(),
    dueAt: new Date(dueAt).toISOString(),
  }));
  await db`
    insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at, group_key,
                            grouped_into, stands_in_for, is_urgent)
    select id, "eventId", "endpointId", sequence, 'pending', "dueAt", "dueAt", "groupKey", "groupedInto", "standsInFor",
           coalesce("isUrgent", false)
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, "eventId" text, "endpointId" text, sequence bigint, "dueAt" timestamptz, "groupKey" text,
              "groupedInto" text, "standsInFor" text, "isUrgent" boolean)
    on conflict (event_id, endpoint_id) do nothing`;
};

/** Wakes dispatchers when the transaction commits. A hint: they look each second anyway. */
export const notifyDeliveries = async (db: Db): Promise<void> => {
  await db`select pg_notify('nines_delivery', '')`;
};

/** The event recorded under a key, and whether any delivery of it was ever made. Unique index on dedup_key. */
export const readEventDelivery = async (
  db: Db,
  dedupKey: string,
): Promise<{ eventId: string; subject: string; data: unknown; isDelivered: boolean } | null> => {
  const rows = await db<{ eventId: string; subject: string; data: string; isDelivered: boolean }[]>`
    select id as "eventId", subject, data::text as data,
           exists(select 1 from deliveries d where d.event_id = events.id) as "isDelivered"
      from events where dedup_key = ${dedupKey}`;
  const row = rows[0];
  return row === undefined ? null : { ...row, data: JSON.parse(row.data) as unknown };
};
