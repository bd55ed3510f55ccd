import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type NewEvent = {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly dedupKey: string;
  readonly data: unknown;
  readonly occurredAt: EpochMs;
};

/** Inserts an event. False when one with the same `dedupKey` exists already. */
export const insertEvent = async (db: Db, event: NewEvent): Promise<boolean> => {
  const rows = await db<{ id: string }[]>`
    insert into events (id, type, subject, dedup_key, data, occurred_at)
    values (${event.id}, ${event.type}, ${event.subject}, ${event.dedupKey}, ${JSON.stringify(event.data)}::text::jsonb,
            ${new Date(event.occurredAt)})
    on conflict (dedup_key) do nothing
    returning id`;
  return rows.length === 1;
};

/**
 * Locks the endpoints in use in the order of their ids and returns those that get an event of `type`.
 * All of them are locked, not only the subscribers: two transactions with several events each could otherwise wait
 * for each other.
 */
export const lockSubscribers = async (
  db: Db,
  args: { type: string; notify: readonly string[] | null },
): Promise<string[]> => {
  const rows = await db<{ id: string; isSubscribed: boolean }[]>`
    select id, (events && array[${args.type}, '*']::text[]) as "isSubscribed"
      from endpoints
     where state = 'active' and retired_at is null
     order by id
       for no key update`;
  return rows
    .filter((row) => row.isSubscribed && (args.notify === null || args.notify.includes(row.id)))
    .map((row) => row.id);
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
};

/** Puts deliveries into the outbox, due at once. */
export const insertDeliveries = async (db: Db, deliveries: readonly NewDelivery[], now: EpochMs): Promise<void> => {
  const due = new Date(now);
  await db`
    insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at)
    select d.id, d.event_id, d.endpoint_id, d.sequence, 'pending', ${due}::timestamptz, ${due}::timestamptz
      from unnest(${deliveries.map((d) => d.id)}::text[], ${deliveries.map((d) => d.eventId)}::text[],
                  ${deliveries.map((d) => d.endpointId)}::text[], ${deliveries.map((d) => d.sequence.toString())}::bigint[])
           as d (id, event_id, endpoint_id, sequence)`;
};

/** Wakes dispatchers when the transaction commits. A hint: they look each second anyway. */
export const notifyDeliveries = async (db: Db): Promise<void> => {
  await db`select pg_notify('nines_delivery', '')`;
};

/** The event recorded under a key, and whether any delivery of it was ever made. Unique index on dedup_key. */
export const readEventDelivery = async (
  db: Db,
  dedupKey: string,
): Promise<{ eventId: string; isDelivered: boolean } | null> => {
  const rows = await db<{ eventId: string; isDelivered: boolean }[]>`
    select id as "eventId", exists(select 1 from deliveries d where d.event_id = events.id) as "isDelivered"
      from events where dedup_key = ${dedupKey}`;
  return rows[0] ?? null;
};
