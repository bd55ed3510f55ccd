import type { Db } from "#db/database.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { EndpointFilters } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What reconciliation compares. Each query is bounded by a time and a limit.

type Bounds = { readonly since: EpochMs; readonly before: EpochMs; readonly limit: number };

export type UntoldAlert = {
  readonly id: string;
  readonly sloId: string | null;
  readonly pairId: string;
  readonly number: number;
  readonly notify: readonly string[] | null;
  readonly state: "firing" | "resolved";
  readonly isSuppressed: boolean;
};

/** Alerts of which the event that belongs to their state was never recorded. */
export const readUntoldAlerts = async (db: Db, { since, before, limit }: Bounds): Promise<UntoldAlert[]> => {
  const rows = await db<UntoldAlert[]>`
    select a.id, a.slo_id as "sloId", a.pair_id as "pairId", a.number, a.notify, a.state,
           (a.silenced_by <> '{}' or a.inhibited_by <> '{}' or a.muted_by <> '{}') as "isSuppressed"
      from alerts a
     where coalesce(a.resolved_at, a.fired_at) >= ${new Date(since)}::timestamptz and a.updated_at < ${new Date(before)}::timestamptz
       and not exists (
         select 1 from events e
          where e.dedup_key = 'alert:' || coalesce(a.slo_id, 'threshold') || ':' || a.pair_id || ':' || a.number || ':' || a.state)
     order by a.id limit ${limit}`;
  return [...rows];
};

export type UndeliveredEvent = {
  readonly type: EventType;
  readonly subject: string;
  readonly dedupKey: string;
  /** JSON. */
  readonly data: string;
  readonly createdAt: EpochMs;
  /** Of the alert that an alert's event is about: whom it may be told to. Null for anybody. */
  readonly notify: readonly string[] | null;
};

/**
 * Events without any delivery that nobody muted: those that are always told, and those of alerts that fire and are not
 * suppressed.
 */
export const readUndeliveredEvents = async (db: Db, { since, before, limit }: Bounds): Promise<UndeliveredEvent[]> => {
  const rows = await db<(Omit<UndeliveredEvent, "createdAt"> & { createdAt: Date })[]>`
    select e.type, e.subject, e.dedup_key as "dedupKey", e.data::text as data, e.created_at as "createdAt", a.notify
      from events e
      left join alerts a on e.type = 'alert.firing' and a.id = e.subject
     where e.position >= coalesce((select max(position) from events where created_at < ${new Date(since)}::timestamptz), 0)
       and e.created_at >= ${new Date(since)}::timestamptz and e.created_at < ${new Date(before)}::timestamptz
       and (e.type not in ('endpoint.test', 'external_alert.resolved', 'prober.blind') and e.type not like 'alert.%'
            or (e.type = 'prober.blind' and not e.data ? 'alertId')
            or (e.type = 'alert.firing' and a.state = 'firing'
                and a.silenced_by = '{}' and a.inhibited_by = '{}' and a.muted_by = '{}'))
       and not exists (select 1 from deliveries d where d.event_id = e.id)
     order by e.position limit ${limit}`;
  return rows.map((row) => ({ ...row, createdAt: epochMs(row.createdAt.getTime()) }));
};

export type Subscriber = {
  readonly id: string;
  readonly isActive: boolean;
  readonly events: readonly string[];
  readonly filters: EndpointFilters;
  readonly fallbackId: string | null;
  /** Since when it has been as it is: before, it may have wanted other events. */
  readonly sameSince: EpochMs;
};

/** Active endpoints as they are told of events. */
export const readSubscribers = async (db: Db): Promise<Subscriber[]> => {
  const rows = await db<(Omit<Subscriber, "sameSince"> & { sameSince: Date })[]>`
    select id, true as "isActive", events, filters, null as "fallbackId", greatest(created_at, updated_at) as "sameSince"
      from endpoints where state = 'active' and retired_at is null order by id`;
  return rows.map((row) => ({ ...row, sameSince: epochMs(row.sameSince.getTime()) }));
};

/** Numbers of deliveries that are missing between the oldest of the last day and the newest, by endpoint. */
export const readSequenceGaps = async (db: Db, since: EpochMs): Promise<{ endpointId: string; missing: number }[]> => {
  const rows = await db<{ endpointId: string; missing: number }[]>`
    select e.id as "endpointId",
           (e.last_sequence - f.first + 1
              - (select count(*) from deliveries d where d.endpoint_id = e.id and d.sequence >= f.first))::int as missing
      from endpoints e
     cross join lateral (
       select min(d.sequence) as first from deliveries d
        where d.endpoint_id = e.id and d.created_at >= ${new Date(since)}::timestamptz
          and d.sequence > e.last_sequence - 100000) as f
     where e.retired_at is null and f.first is not null
     order by e.id`;
  return rows.filter(({ missing }) => missing > 0);
};

/** Deliveries that wait although their window is over. */
export const readOverdueDeliveries = async (
  db: Db,
  args: { readonly firstDueBefore: EpochMs; readonly limit: number },
): Promise<string[]> => {
  const rows = await db<{ id: string }[]>`
    select id from deliveries
     where state = 'pending' and first_due_at < ${new Date(args.firstDueBefore)} order by id limit ${args.limit}`;
  return rows.map(({ id }) => id);
};

/** Deliveries of the last time that ended as delivered or dead though nothing was ever tried. */
export const readUntriedDeliveries = async (db: Db, { since, before, limit }: Bounds): Promise<string[]> => {
  const rows = await db<{ id: string }[]>`
    select d.id from deliveries d
     where d.state = 'delivered' and d.grouped_into is null
       and d.finished_at >= ${new Date(since)}::timestamptz and d.finished_at < ${new Date(before)}::timestamptz
       and not exists (select 1 from attempts a where a.delivery_id = d.id)
     order by d.id limit ${limit}`;
  return rows.map(({ id }) => id);
};

const ABANDONED = "abandoned: the dispatcher ended during the attempt";

/**
 * Closes attempts whose delivery nobody holds any more, in the words in which the dispatcher closes those that it takes
 * over. Returns the deliveries. Partial index attempts_unfinished.
 */
export const closeAbandonedAttempts = async (
  db: Db,
  args: { readonly startedBefore: EpochMs; readonly now: EpochMs; readonly limit: number },
): Promise<string[]> => {
  const now = new Date(args.now);
  const rows = await db<{ id: string }[]>`
    update attempts a
       set finished_at = ${now}::timestamptz, outcome = 'try_later', reason = ${ABANDONED}, updated_at = ${now}::timestamptz
      from (select a.delivery_id, a.number
              from attempts a join deliveries d on d.id = a.delivery_id
             where a.finished_at is null and a.started_at < ${new Date(args.startedBefore)}::timestamptz
               and (d.state <> 'pending' or d.leased_until is null or d.leased_until < ${new Date(args.startedBefore)}::timestamptz)
             order by a.started_at limit ${args.limit} for update of a skip locked) as old
     where a.delivery_id = old.delivery_id and a.number = old.number and a.finished_at is null
    returning a.delivery_id as id`;
  return rows.map(({ id }) => id);
};

/** Leases that ended and that nobody took, by the database's clock. */
export const readEmptyLeases = async (
  db: Db,
  args: { readonly forMs: number; readonly but: string },
): Promise<string[]> => {
  const rows = await db<{ name: string }[]>`
    select name from leases
     where expires_at < clock_timestamp() - ${args.forMs}::float8 * interval '1 millisecond' and name <> ${args.but}
     order by name limit 100`;
  return rows.map(({ name }) => name);
};

export type StoredRound = {
  readonly id: string;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs;
  readonly findings: unknown;
};

/** Keeps a round, and forgets those that began before `keptSince`. */
export const storeRound = async (db: Db, round: StoredRound, keptSince: EpochMs): Promise<void> => {
  await db`
    insert into reconciliations (id, started_at, finished_at, findings)
    values (${round.id}, ${new Date(round.startedAt)}, ${new Date(round.finishedAt)}, ${JSON.stringify(round.findings)}::text::jsonb)
    on conflict (id) do nothing`;
  await db`delete from reconciliations where started_at < ${new Date(keptSince)}`;
};

/** When the newest round began; null before the first. */
export const readLastRoundAt = async (db: Db): Promise<EpochMs | null> => {
  const rows = await db<{ at: Date | null }[]>`select max(started_at) as at from reconciliations`;
  const at = rows[0]?.at ?? null;
  return at === null ? null : epochMs(at.getTime());
};
