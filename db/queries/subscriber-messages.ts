import type { Db } from "#db/database.ts";
import type { EventType } from "#lib/contracts/events.ts";
import { TOLD_TYPES } from "#lib/core/subscribers/audience.ts";
import type { SubscriberChannel } from "#lib/core/subscribers/words.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

export type MessageKind = "confirmation" | "reminder" | "event" | "digest";

export type NewMessage = {
  readonly id: string;
  readonly subscriberId: string;
  readonly channel: SubscriberChannel;
  readonly kind: MessageKind;
  readonly eventId: string | null;
  readonly dedupKey: string;
  readonly dueAt: EpochMs;
};

/** Puts messages into the outbox; one that a subscriber has already is left out. */
export const insertMessages = async (db: Db, messages: readonly NewMessage[]): Promise<number> => {
  if (messages.length === 0) return 0;
  const rows = messages.map(({ dueAt, ...message }) => ({ ...message, dueAt: new Date(dueAt).toISOString() }));
  const made = await db`
    insert into subscriber_messages (id, subscriber_id, channel, kind, event_id, dedup_key, first_due_at, next_attempt_at)
    select id, "subscriberId", channel, kind, "eventId", "dedupKey", "dueAt", "dueAt"
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, "subscriberId" text, channel text, kind text, "eventId" text, "dedupKey" text, "dueAt" timestamptz)
    on conflict (subscriber_id, dedup_key) do nothing
    returning id`;
  return made.length;
};

/** How far the log of events was told. */
export type Progress = { readonly position: bigint; readonly subscriberId: string };

/** The progress, for one fan-out at a time: null while another instance is at it. */
export const lockProgress = async (db: Db): Promise<Progress | null> => {
  const rows = await db<{ position: string; subscriberId: string }[]>`
    select position::text as position, subscriber_id as "subscriberId" from subscriber_progress for update skip locked`;
  return rows[0] === undefined ? null : { position: BigInt(rows[0].position), subscriberId: rows[0].subscriberId };
};

/** Notes up to which event and subscriber messages were written. */
export const writeProgress = async (db: Db, { position, subscriberId }: Progress, now: EpochMs): Promise<void> => {
  await db`
    update subscriber_progress
       set position = ${position.toString()}::bigint, subscriber_id = ${subscriberId}, updated_at = ${new Date(now)}`;
};

/** An event as customers may be told of it. */
export type ToldEvent = {
  readonly id: string;
  readonly position: bigint;
  readonly type: EventType;
  readonly subject: string;
  readonly data: unknown;
  readonly occurredAt: EpochMs;
  readonly createdAt: EpochMs;
};
type ToldRow = Omit<ToldEvent, "position" | "data" | "occurredAt" | "createdAt"> & {
  position: string;
  data: string;
  occurredAt: Date;
  createdAt: Date;
};

const toldOf = ({ position, data, occurredAt, createdAt, ...same }: ToldRow): ToldEvent => ({
  ...same,
  position: BigInt(position),
  data: JSON.parse(data) as unknown,
  occurredAt: epochMs(occurredAt.getTime()),
  createdAt: epochMs(createdAt.getTime()),
});

const columns = (db: Db) => db`
  id, position::text as position, type, subject, data::text as data, occurred_at as "occurredAt", created_at as "createdAt"`;

/** The newest position of the log; 0 while it is empty. Events commit in the order of their positions. */
export const readNewestPosition = async (db: Db): Promise<bigint> => {
  const rows = await db<{ position: string | null }[]>`select max(position)::text as position from events`;
  return BigInt(rows[0]?.position ?? 0);
};

/** Whether any message is due; cheap to ask several times a second. */
export const hasMessageDue = async (db: Db, now: EpochMs): Promise<boolean> => {
  const rows = await db`
    select 1 from subscriber_messages
     where state = 'pending' and next_attempt_at <= ${new Date(now)}::timestamptz
       and (leased_until is null or leased_until <= ${new Date(now)}::timestamptz) limit 1`;
  return rows.length > 0;
};

/** The next event after a position that customers may be told of; null: there is none. */
export const readNextTold = async (db: Db, after: bigint): Promise<ToldEvent | null> => {
  const rows = await db<ToldRow[]>`
    select ${columns(db)} from events
     where position > ${after.toString()}::bigint and type = any(${[...TOLD_TYPES]}::text[]) order by position limit 1`;
  return rows[0] === undefined ? null : toldOf(rows[0]);
};

/** Events that customers may be told of and that happened in [from, to), in order; at most `limit`. */
export const readToldBetween = async (db: Db, from: EpochMs, to: EpochMs, limit: number): Promise<ToldEvent[]> => {
  const rows = await db<ToldRow[]>`
    select ${columns(db)} from events
     where type = any(${[...TOLD_TYPES]}::text[])
       and occurred_at >= ${new Date(from)} and occurred_at < ${new Date(to)} order by position limit ${limit}`;
  return rows.map(toldOf);
};

/** One event as subscribers may be told of it; null when there is none. */
export const readToldEvent = async (db: Db, id: string): Promise<ToldEvent | null> => {
  const rows = await db<ToldRow[]>`select ${columns(db)} from events where id = ${id}`;
  return rows[0] === undefined ? null : toldOf(rows[0]);
};

/** The last event before a position that tells of the same change: what the state of a service was before. */
export const readEventBefore = async (
  db: Db,
  { type, subject, position }: Pick<ToldEvent, "type" | "subject" | "position">,
): Promise<ToldEvent | null> => {
  const rows = await db<ToldRow[]>`
    select ${columns(db)} from events
     where type = ${type} and subject = ${subject} and position < ${position.toString()}::bigint
     order by position desc limit 1`;
  return rows[0] === undefined ? null : toldOf(rows[0]);
};

/** One message to be sent now. */
export type ClaimedMessage = {
  readonly id: string;
  readonly subscriberId: string;
  readonly channel: SubscriberChannel;
  readonly kind: MessageKind;
  readonly eventId: string | null;
  readonly dedupKey: string;
  /** Of this attempt, from 1. */
  readonly attempt: number;
  readonly firstDueAt: EpochMs;
  readonly leaseToken: string;
};

/**
 * Claims messages of a channel that are due, the oldest first, one for each subscriber at a time. What a process left
 * behind is claimed again once its lease is over.
 */
export const claimMessages = async (
  db: Db,
  args: {
    readonly channel: SubscriberChannel;
    readonly limit: number;
    readonly now: EpochMs;
    readonly leaseToken: string;
    readonly leasedUntil: EpochMs;
  },
): Promise<ClaimedMessage[]> => {
  if (args.limit <= 0) return [];
  const now = new Date(args.now);
  const rows = await db<(Omit<ClaimedMessage, "firstDueAt" | "leaseToken"> & { firstDueAt: Date })[]>`
    with due as (
      select m.id from subscriber_messages m
       where m.state = 'pending' and m.channel = ${args.channel} and m.next_attempt_at <= ${now}::timestamptz
         and (m.leased_until is null or m.leased_until <= ${now}::timestamptz)
         and not exists (select 1 from subscriber_messages o
                          where o.subscriber_id = m.subscriber_id and o.state = 'pending' and o.id <> m.id
                            and (o.leased_until > ${now}::timestamptz
                                 or (o.next_attempt_at <= ${now}::timestamptz
                                     and (o.next_attempt_at, o.id) < (m.next_attempt_at, m.id))))
       order by m.next_attempt_at, m.id limit ${args.limit} for update skip locked
    )
    update subscriber_messages m
       set attempts_made = m.attempts_made + 1, lease_token = ${args.leaseToken},
           leased_until = ${new Date(args.leasedUntil)}::timestamptz, updated_at = ${now}::timestamptz
      from due where due.id = m.id
    returning m.id, m.subscriber_id as "subscriberId", m.channel, m.kind, m.event_id as "eventId",
              m.dedup_key as "dedupKey", m.attempts_made as attempt, m.first_due_at as "firstDueAt"`;
  return rows.map((row) => ({ ...row, firstDueAt: epochMs(row.firstDueAt.getTime()), leaseToken: args.leaseToken }));
};

/** Ends a message. False: another process took it over or finished it. A success counts whoever reports it. */
export const finishMessage = async (
  db: Db,
  args: {
    readonly id: string;
    readonly leaseToken: string;
    readonly state: "delivered" | "dead" | "canceled";
    readonly reason: string | null;
    readonly now: EpochMs;
  },
): Promise<boolean> => {
  const now = new Date(args.now);
  const rows = await db`
    update subscriber_messages
       set state = ${args.state}, last_error = ${args.reason}, finished_at = ${now}, leased_until = null,
           lease_token = null, updated_at = ${now}
     where id = ${args.id} and state = 'pending' and (${args.state} = 'delivered' or lease_token = ${args.leaseToken})
    returning id`;
  return rows.length === 1;
};

/** Puts a message back for another attempt. False: another process took it over. */
export const putMessageBack = async (
  db: Db,
  args: {
    readonly id: string;
    readonly leaseToken: string;
    readonly at: EpochMs;
    readonly reason: string;
    readonly now: EpochMs;
  },
): Promise<boolean> => {
  const rows = await db`
    update subscriber_messages
       set next_attempt_at = ${new Date(args.at)}, last_error = ${args.reason}, leased_until = null, lease_token = null,
           updated_at = ${new Date(args.now)}
     where id = ${args.id} and state = 'pending' and lease_token = ${args.leaseToken}
    returning id`;
  return rows.length === 1;
};

/** Ends what waits for a subscriber that gets nothing any more. */
export const cancelMessages = async (db: Db, subscriberId: string, reason: string, now: EpochMs): Promise<void> => {
  await db`
    update subscriber_messages
       set state = 'canceled', last_error = ${reason}, finished_at = ${new Date(now)}, leased_until = null,
           lease_token = null, updated_at = ${new Date(now)}
     where subscriber_id = ${subscriberId} and state = 'pending'`;
};
