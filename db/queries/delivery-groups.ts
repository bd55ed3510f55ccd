import type { Db } from "#db/database.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { GroupedDelivery } from "./deliveries.ts";

// Several deliveries of one endpoint in one message: the oldest carries the message, the others stand in `grouped_into`.

/**
 * Takes hold of a message that waits for company and is due between `from` and `to`, so that no dispatcher sends it
 * before the caller's transaction ends. Null: there is none, or a dispatcher has it already.
 */
export const lockWaitingMessage = async (
  db: Db,
  args: { endpointId: string; groupKey: string; now: EpochMs; from: EpochMs; to: EpochMs },
): Promise<{ id: string; dueAt: EpochMs } | null> => {
  const { endpointId, groupKey, now, from, to } = args;
  const rows = await db<{ id: string; dueAt: Date }[]>`
    select id, next_attempt_at as "dueAt" from deliveries
     where endpoint_id = ${endpointId} and group_key = ${groupKey} and state = 'pending' and grouped_into is null
       and attempts_made = 0 and next_attempt_at > ${new Date(now)}::timestamptz
       and next_attempt_at between ${new Date(from)}::timestamptz and ${new Date(to)}::timestamptz
     order by next_attempt_at, sequence limit 1
       for update skip locked`;
  const row = rows[0];
  return row === undefined ? null : { id: row.id, dueAt: row.dueAt.getTime() as EpochMs };
};

/** A message that somebody is to be woken by joined: all of it is urgent now. */
export const makeUrgent = async (db: Db, ids: readonly string[]): Promise<void> => {
  await db`update deliveries set is_urgent = true where id = any(${[...ids]}::text[]) and state = 'pending'`;
};

/** What is told in the messages of some deliveries beside their own events, in the order of the endpoint. */
export const readGrouped = async (
  db: Db,
  leaderIds: readonly string[],
): Promise<ReadonlyMap<string, readonly GroupedDelivery[]>> => {
  const rows = await db<
    { leader: string; id: string; eventId: string; type: EventType; subject: string; occurredAt: Date; data: string }[]
  >`
    select d.grouped_into as leader, d.id, v.id as "eventId", v.type, v.subject, v.occurred_at as "occurredAt",
           v.data::text as data
      from deliveries d join events v on v.id = d.event_id
     where d.grouped_into = any(${[...leaderIds]}::text[]) and d.state = 'pending'
     order by d.grouped_into, d.sequence`;
  const grouped = new Map<string, GroupedDelivery[]>();
  for (const { leader, id, eventId, occurredAt, ...event } of rows) {
    const list = grouped.get(leader) ?? [];
    list.push({ id, event: { id: eventId, occurredAtMs: occurredAt.getTime(), ...event } });
    grouped.set(leader, list);
  }
  return grouped;
};

/** Notes in the log of an attempt of which events it told. */
export const noteToldEvents = async (
  db: Db,
  args: { deliveryId: string; number: number; eventIds: readonly string[] },
): Promise<void> => {
  await db`
    update attempts set told_events = ${[...args.eventIds]}::text[]
     where delivery_id = ${args.deliveryId} and number = ${args.number}`;
};

/** Ends deliveries that were told in another one's message, each with an attempt that says so. */
export const markToldTogether = async (
  db: Db,
  args: { ids: readonly string[]; reason: string; now: EpochMs },
): Promise<void> => {
  const at = new Date(args.now);
  await db`
    with told as (
      update deliveries
         set state = 'delivered', attempts_made = attempts_made + 1, finished_at = ${at}, leased_until = null,
             lease_token = null, last_error = null, updated_at = ${at}
       where id = any(${[...args.ids]}::text[]) and state = 'pending'
      returning id, attempts_made
    )
    insert into attempts (delivery_id, number, started_at, finished_at, outcome, reason)
    select id, attempts_made, ${at}::timestamptz, ${at}::timestamptz, 'accepted', ${args.reason} from told`;
};
