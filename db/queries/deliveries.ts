import type { Db } from "#db/database.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { EndpointType } from "#lib/core/channels/channel.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { lockEvents } from "./events.ts";

/** Reason of an attempt whose dispatcher ended before it could say what came of it. */
const ABANDONED = "abandoned: the dispatcher ended during the attempt";

/** One attempt to be made now. Its row in `attempts` exists already. */
export type ClaimedDelivery = {
  readonly id: string;
  readonly endpointId: string;
  readonly sequence: bigint;
  /** Of this attempt, from 1. */
  readonly attempt: number;
  /** How many attempts were made before the present ladder began: 0 unless it was replayed. */
  readonly ladderFrom: number;
  /** How many attempts right before this one were abandoned. */
  readonly abandonedBefore: number;
  readonly firstDueAt: EpochMs;
  readonly leasedUntil: EpochMs;
  readonly leaseToken: string;
  readonly type: EndpointType;
  /** It shows whether the endpoint's new address works, and goes there. */
  readonly toPendingUrl: boolean;
  readonly urlCiphertext: string;
  readonly secretCiphertext: string;
  readonly headersCiphertext: string | null;
  /** Replaced secrets that may still sign: sealed, with the instant that ends each. */
  readonly oldSecrets: readonly { readonly ciphertext: string; readonly expiresAt: string }[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** Attempts that the endpoint gets at once. */
  readonly maxInFlight: number;
  /** A breaker, a rate or the order decides when the endpoint gets its next one. */
  readonly isHeldBack: boolean;
  readonly event: ClaimedEvent;
  /** Whether others of its kind may be told in its message. */
  readonly groupKey: string | null;
  /** What else its message tells. */
  readonly groupedWith: readonly GroupedDelivery[];
};

export type ClaimedEvent = {
  readonly id: string;
  readonly type: EventType;
  readonly subject: string;
  readonly occurredAtMs: number;
  /** JSON. */
  readonly data: string;
};

/** A delivery that is told in the message of another one. */
export type GroupedDelivery = { readonly id: string; readonly event: ClaimedEvent };

type ClaimRow = Omit<
  ClaimedDelivery,
  "sequence" | "firstDueAt" | "leasedUntil" | "leaseToken" | "event" | "groupedWith"
> & {
  sequence: string;
  firstDueAt: Date;
  leasedUntil: Date;
  eventId: string;
  eventType: EventType;
  subject: string;
  occurredAt: Date;
  data: string;
};

const claimedOf = (row: ClaimRow, leaseToken: string): ClaimedDelivery => {
  const { sequence, firstDueAt, leasedUntil, eventId, eventType, subject, occurredAt, data, ...same } = row;
  return {
    ...same,
    sequence: BigInt(sequence),
    firstDueAt: firstDueAt.getTime() as EpochMs,
    leasedUntil: leasedUntil.getTime() as EpochMs,
    leaseToken,
    event: { id: eventId, type: eventType, subject, occurredAtMs: occurredAt.getTime(), data },
    groupedWith: [],
  };
};

export type ClaimArgs = {
  readonly now: EpochMs;
  /** Random and new for each claim: a dispatcher whose lease ran out cannot finish what another one took over. */
  readonly leaseToken: string;
  /** Added to the endpoint's deadline. */
  readonly leaseMarginMs: number;
  readonly limit: number;
  /** How many attempts may be under way at once to endpoints that a breaker or a rate holds back, by id. */
  readonly places: ReadonlyMap<string, number>;
  /** What this dispatcher has under way by endpoint. */
  readonly busy: ReadonlyMap<string, number>;
  /** True: claims that were left behind; false: those that nobody holds. */
  readonly leftBehind: boolean;
  /** Only what wakes somebody. */
  readonly urgentOnly?: boolean;
};

/** Whether anything that wakes somebody is due. Index deliveries_urgent. */
export const hasUrgentDue = async (db: Db, now: EpochMs): Promise<boolean> => {
  const rows = await db`
    select 1 from deliveries where state = 'pending' and is_urgent and next_attempt_at <= ${new Date(now)}::timestamptz limit 1`;
  return rows.length > 0;
};

/** Not told in the message of another delivery that is still to be sent. */
const standsAlone = (db: Db) => db`
  (d.grouped_into is null or not exists (select 1 from deliveries g where g.id = d.grouped_into and g.state = 'pending'))`;

/**
 * Claims due deliveries of active endpoints and writes the row of each attempt, in one statement. Endpoints take turns:
 * every endpoint's first comes before any endpoint's second. Attempts that nobody finished are closed as abandoned.
 * What is not to be sent for a minute or more, such as a ticket in quiet hours, holds up nothing of an ordered endpoint.
 */
export const claimDeliveries = async (db: Db, args: ClaimArgs): Promise<ClaimedDelivery[]> => {
  const now = new Date(args.now);
  const holding = args.leftBehind ? db`d.leased_until <= ${now}::timestamptz` : db`d.leased_until is null`;
  const rows = await db<ClaimRow[]>`
    with free as (
      select e.id, e.timeout_ms, e.is_ordered, e.state, coalesce(b.busy, 0) as busy,
             case when e.admits_at is null and e.max_per_second is null then e.max_in_flight else coalesce(g.places, 0) end
               as places
        from endpoints e
        left join unnest(${[...args.busy.keys()]}::text[], ${[...args.busy.values()]}::int[]) as b (id, busy) on b.id = e.id
        left join unnest(${[...args.places.keys()]}::text[], ${[...args.places.values()]}::int[]) as g (id, places)
          on g.id = e.id
       where (e.state = 'active' or e.pending_url_ciphertext is not null) and e.retired_at is null
    ), locked as (
      select d.id, d.next_attempt_at, f.timeout_ms, f.busy + row_number() over (partition by f.id order by d.next_attempt_at) as turn
        from free f
       cross join lateral (
         select d.id, d.next_attempt_at from deliveries d
          where d.endpoint_id = f.id and d.state = 'pending' and d.next_attempt_at <= ${now}::timestamptz and ${holding}
            and ${standsAlone(db)} and ${args.urgentOnly === true ? db`d.is_urgent` : db`true`}
            and (d.to_pending_url or f.state = 'active' and (not f.is_ordered or d.sequence = (
                  select min(o.sequence) from deliveries o
                   where o.endpoint_id = f.id and o.state = 'pending' and not o.to_pending_url
                     and o.first_due_at <= ${now}::timestamptz + interval '1 minute')))
          order by d.next_attempt_at
          limit greatest(f.places - f.busy, 0)
            for update skip locked) d
    ), due as (
      select id, timeout_ms from locked order by turn, next_attempt_at limit ${args.limit}::int
    ), claimed as (
      update deliveries d
         set attempts_made = d.attempts_made + 1, lease_token = ${args.leaseToken}, updated_at = ${now}::timestamptz,
             leased_until = ${now}::timestamptz + (due.timeout_ms + ${args.leaseMarginMs}::int) * interval '1 millisecond'
        from due where d.id = due.id
      returning d.id, d.endpoint_id, d.event_id, d.sequence, d.attempts_made, d.ladder_from, d.first_due_at, d.leased_until,
                d.group_key, d.to_pending_url
    ), started as (
      insert into attempts (delivery_id, number, started_at)
      select id, attempts_made, ${now}::timestamptz from claimed
    ), closed as (
      update attempts a set finished_at = ${now}::timestamptz, outcome = 'try_later', reason = ${ABANDONED}, updated_at = ${now}::timestamptz
        from claimed c where a.delivery_id = c.id and a.finished_at is null
    )
    select c.id, c.endpoint_id as "endpointId", c.sequence::text as sequence, c.attempts_made as attempt,
           c.attempts_made - 1 - coalesce((select max(a.number) from attempts a
             where a.delivery_id = c.id and a.finished_at is not null and a.reason is distinct from ${ABANDONED}), 0)
             as "abandonedBefore",
           c.ladder_from as "ladderFrom", c.first_due_at as "firstDueAt", c.leased_until as "leasedUntil",
           e.type, c.to_pending_url as "toPendingUrl",
           case when c.to_pending_url then coalesce(e.pending_url_ciphertext, e.url_ciphertext) else e.url_ciphertext end
             as "urlCiphertext", e.secret_ciphertext as "secretCiphertext",
           e.headers_ciphertext as "headersCiphertext", e.old_secrets as "oldSecrets", e.settings, e.timeout_ms as "timeoutMs",
           e.max_in_flight as "maxInFlight", c.group_key as "groupKey",
           (e.admits_at is not null or e.max_per_second is not null or e.is_ordered) as "isHeldBack",
           v.id as "eventId", v.type as "eventType", v.subject, v.occurred_at as "occurredAt", v.data::text as data
      from claimed c
      join endpoints e on e.id = c.endpoint_id
      join events v on v.id = c.event_id`;
  return rows.map((row) => claimedOf(row, args.leaseToken));
};

export type FinishedAttempt = {
  readonly deliveryId: string;
  readonly number: number;
  readonly finishedAt: EpochMs;
  readonly outcome: "accepted" | "try_later" | "refused";
  readonly reason: string | null;
  readonly httpStatus: number | null;
  readonly durationMs: number;
  readonly responseExcerpt: string | null;
  /** Without secrets. */
  readonly requestHeaders: Readonly<Record<string, string>> | null;
  /** Null: nothing was sent, or the same bytes as by the attempt before. */
  readonly requestBody: string | null;
};

/** Completes the row of an attempt. Does nothing when it was closed as abandoned meanwhile. */
export const finishAttempt = async (db: Db, attempt: FinishedAttempt): Promise<void> => {
  const at = new Date(attempt.finishedAt);
  await db`
    update attempts
       set finished_at = ${at}, outcome = ${attempt.outcome}, reason = ${attempt.reason}, http_status = ${attempt.httpStatus},
           duration_ms = ${Math.round(attempt.durationMs)}, response_excerpt = ${attempt.responseExcerpt},
           request_headers = ${attempt.requestHeaders === null ? null : JSON.stringify(attempt.requestHeaders)}::text::jsonb,
           request_body = ${attempt.requestBody}, updated_at = ${at}
     where delivery_id = ${attempt.deliveryId} and number = ${attempt.number} and finished_at is null`;
};

/**
 * Marks a delivery as delivered, whoever holds it now: that the receiver accepted it is a fact. False: it was finished.
 */
export const markDelivered = async (db: Db, args: { id: string; now: EpochMs }): Promise<boolean> => {
  const at = new Date(args.now);
  const rows = await db`
    update deliveries set state = 'delivered', finished_at = ${at}, leased_until = null, lease_token = null,
           last_error = null, updated_at = ${at}
     where id = ${args.id} and state = 'pending' returning id`;
  return rows.length === 1;
};

/** Gives a delivery back until `at`. False when this claim was lost. */
export const putBack = async (
  db: Db,
  args: { id: string; leaseToken: string; at: EpochMs; reason: string; now: EpochMs },
): Promise<boolean> => {
  const rows = await db`
    update deliveries set next_attempt_at = ${new Date(args.at)}, leased_until = null, lease_token = null,
           last_error = ${args.reason}, updated_at = ${new Date(args.now)}
     where id = ${args.id} and lease_token = ${args.leaseToken} and state = 'pending' returning id`;
  return rows.length === 1;
};

export type DeadDelivery = {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly endpointId: string;
  readonly sequence: string;
  readonly attemptsMade: number;
  readonly firstDueAtMs: number;
};

/** Ends a delivery without success. Null when this claim was lost. */
export const markDead = async (
  db: Db,
  args: { id: string; leaseToken: string; reason: string; now: EpochMs },
): Promise<DeadDelivery | null> => {
  const at = new Date(args.now);
  const rows = await db<(Omit<DeadDelivery, "firstDueAtMs"> & { firstDueAt: Date })[]>`
    update deliveries d set state = 'dead', finished_at = ${at}, leased_until = null, lease_token = null,
           last_error = ${args.reason}, updated_at = ${at}
      from events v
     where d.id = ${args.id} and d.lease_token = ${args.leaseToken} and d.state = 'pending' and v.id = d.event_id
    returning d.id, d.event_id as "eventId", v.type as "eventType", d.endpoint_id as "endpointId",
              d.sequence::text as sequence, d.attempts_made as "attemptsMade", d.first_due_at as "firstDueAt"`;
  const row = rows[0];
  if (row === undefined) return null;
  const { firstDueAt, ...dead } = row;
  return { ...dead, firstDueAtMs: firstDueAt.getTime() };
};

/** Locks every endpoint in the order in which events lock them, so that disabling one cannot wait in a circle. */
export const lockEndpoints = async (db: Db): Promise<void> => {
  await lockEvents(db);
  await db`select id from endpoints where state = 'active' and retired_at is null order by id for no key update`;
};

/** Stops an endpoint. What waits for it stays in the outbox for when it is active again. */
export const disableEndpoint = async (db: Db, args: { id: string; reason: string; now: EpochMs }): Promise<boolean> => {
  const rows = await db`
    update endpoints set state = 'disabled', disabled_reason = ${args.reason}, updated_at = ${new Date(args.now)}
     where id = ${args.id} and state = 'active' returning id`;
  return rows.length === 1;
};

/** Takes hold of deliveries whose window ended while nothing was tried: the endpoint was disabled or its breaker open. At most 100. */
export const leaseExpired = async (
  db: Db,
  args: { firstDueBefore: EpochMs; leaseToken: string; now: EpochMs },
): Promise<{ id: string; endpointId: string }[]> => {
  const rows = await db<{ id: string; endpointId: string }[]>`
    update deliveries d set lease_token = ${args.leaseToken}, leased_until = ${new Date(args.now)}::timestamptz
      from (select d.id from deliveries d join endpoints e on e.id = d.endpoint_id
             where (e.state = 'disabled' or e.admits_at is not null) and d.state = 'pending'
               and d.first_due_at < ${new Date(args.firstDueBefore)}::timestamptz
               and (d.leased_until is null or d.leased_until <= ${new Date(args.now)}::timestamptz)
             order by d.endpoint_id, d.sequence limit 100 for update of d skip locked) as old
     where d.id = old.id
    returning d.id, d.endpoint_id as "endpointId"`;
  return [...rows];
};

/** How many deliveries wait, by whether they are due. */
export const countPending = async (db: Db, now: EpochMs): Promise<{ due: number; later: number }> => {
  const rows = await db<{ due: number; later: number }[]>`
    select count(*) filter (where next_attempt_at <= ${new Date(now)}::timestamptz)::int as due,
           count(*) filter (where next_attempt_at > ${new Date(now)}::timestamptz)::int as later
      from deliveries where state = 'pending'`;
  return rows[0] ?? { due: 0, later: 0 };
};
