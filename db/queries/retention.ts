import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

// Deletes go in small batches, so that no transaction is long and none holds many locks.

/** The longest window of an SLO in force, in milliseconds; 0 when there is none. */
export const readLongestSloWindowMs = async (db: Db): Promise<number> => {
  const rows = await db<{ longest: string | null }[]>`
    select max((definition #>> '{window,durationMs}')::numeric)::text as longest from slos where retired_at is null`;
  return Number(rows[0]?.longest ?? 0);
};

/** Waits no longer than this for a lock in this transaction: a slow reader must not stop the writers behind us. */
export const limitLockWait = async (db: Db, ms: number): Promise<void> => {
  await db`select set_config('lock_timeout', ${`${ms}ms`}, true)`;
};

/** Marks of minutes whose runs are gone would make the rollup count them as nothing. */
export const deleteDirtyMinutesBefore = async (db: Db, before: EpochMs): Promise<number> =>
  (await db`delete from dirty_minutes where minute < ${new Date(before)}`).count;

/**
 * Finished deliveries with their attempts. Waiting ones stay, however old, and so do those of an alert that still fires:
 * whoever was told of it is told of its end. Returns how many deliveries went.
 */
export const deleteDeliveriesBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> => {
  const old = await db<{ id: string }[]>`
    select id from deliveries
     where state <> 'pending' and finished_at < ${new Date(args.before)}
       and not exists (select 1 from events v join alerts a on a.id = v.subject and a.state = 'firing'
                        where v.id = deliveries.event_id)
     order by id limit ${args.limit} for update skip locked`;
  const ids = old.map((row) => row.id);
  if (ids.length === 0) return 0;
  // Others may name them as the message that told of them too.
  await db`update deliveries set grouped_into = null where grouped_into is not null and grouped_into = any(${ids}::text[])`;
  await db`delete from attempts where delivery_id = any(${ids}::text[])`;
  return (await db`delete from deliveries where id = any(${ids}::text[])`).count;
};

/**
 * Events that no delivery points at any more. The one that tells of an alert stays while the alert fires: it may have been
 * silenced, to be told of when the silence ends, and its key keeps a replay from telling twice.
 */
export const deleteEventsBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from events where id in (
        select e.id from events e
         where e.created_at < ${new Date(args.before)}
           and not exists (select 1 from deliveries d where d.event_id = e.id)
           and not exists (select 1 from alerts a where a.id = e.subject and a.state = 'firing')
         order by e.position limit ${args.limit})`
  ).count;

/** Sign-in links and sessions that let nobody in any more. */
export const deleteEndedAccess = async (
  db: Db,
  args: { before: EpochMs; idleSince: EpochMs },
): Promise<{ links: number; sessions: number }> => {
  const before = new Date(args.before);
  const links = await db`delete from sign_in_links where expires_at < ${before} or used_at < ${before}`;
  const sessions = await db`
    delete from sessions
     where expires_at < ${before} or revoked_at < ${before} or last_seen_at < ${new Date(args.idleSince)}`;
  return { links: links.count, sessions: sessions.count };
};

/** Packed SLO minutes. */
export const deleteSliHoursBefore = async (db: Db, args: { before: EpochMs; limit: number }): Promise<number> =>
  (
    await db`
      delete from sli_hours where ctid in (
        select ctid from sli_hours where hour < ${new Date(args.before)} limit ${args.limit})`
  ).count;

/** Hours and days of RED that are over their age. Block range index and whole table, which is small. */
export const deleteBucketLevelsBefore = async (
  db: Db,
  args: { hoursBefore: EpochMs; daysBefore: EpochMs; limit: number },
): Promise<number> => {
  const hours = await db`
    delete from buckets_hourly where ctid in (
      select ctid from buckets_hourly where hour < ${new Date(args.hoursBefore)} limit ${args.limit})`;
  const days = await db`
    delete from buckets_daily where ctid in (
      select ctid from buckets_daily where day < ${new Date(args.daysBefore)} limit ${args.limit})`;
  return Math.max(hours.count, days.count);
};
