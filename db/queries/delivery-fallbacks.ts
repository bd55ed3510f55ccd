import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** A delivery that another endpoint should be told in place of its own. */
export type OverduePage = { readonly id: string; readonly eventId: string; readonly endpointId: string };

/** An endpoint and who is told in its place. */
export type StandIn = { readonly endpointId: string; readonly standInId: string };

/**
 * Pages, and their ends, that an endpoint did not take by `since`, or whose endpoint is behind an open breaker for that
 * long or disabled, and of which its stand-in does not know yet. At most 100, and none that nobody could be told of.
 */
export const readOverduePages = async (
  db: Db,
  { standIns, since }: { standIns: readonly StandIn[]; since: EpochMs },
): Promise<OverduePage[]> => {
  const at = new Date(since);
  const rows = await db<OverduePage[]>`
    select d.id, d.event_id as "eventId", d.endpoint_id as "endpointId"
      from unnest(${standIns.map(({ endpointId }) => endpointId)}::text[], ${standIns.map(({ standInId }) => standInId)}::text[])
             as s (endpoint_id, stand_in_id)
      join endpoints e on e.id = s.endpoint_id
      join deliveries d on d.endpoint_id = e.id and d.state = 'pending'
      join events v on v.id = d.event_id
     where v.type in ('alert.firing', 'alert.resolved') and v.data->>'severity' = 'page'
       and (d.first_due_at <= ${at}::timestamptz or e.state = 'disabled'
            or (e.admits_at is not null and e.failing_since <= ${at}::timestamptz))
       and not exists (select 1 from deliveries f
                        where f.event_id = d.event_id
                          and (f.stands_in_for = d.endpoint_id or f.endpoint_id = s.stand_in_id))
     order by d.first_due_at limit 100`;
  return [...rows];
};

/** What decides who stands in for whom. */
export const readFallbacks = async (
  db: Db,
): Promise<{ readonly id: string; readonly fallbackId: string | null; readonly isActive: boolean }[]> => {
  const rows = await db<{ id: string; fallbackId: string | null; isActive: boolean }[]>`
    select id, fallback_id as "fallbackId", state = 'active' as "isActive" from endpoints where retired_at is null`;
  return [...rows];
};

/** What a delivery in the place of another needs of the event. Null when there is no such event. */
export const readEventKey = async (db: Db, eventId: string): Promise<{ dedupKey: string } | null> => {
  const rows = await db<{ dedupKey: string }[]>`select dedup_key as "dedupKey" from events where id = ${eventId}`;
  return rows[0] ?? null;
};

/** Whether an endpoint is told of an event already. */
export const hasDelivery = async (db: Db, args: { eventId: string; endpointId: string }): Promise<boolean> => {
  const rows = await db`
    select 1 from deliveries where event_id = ${args.eventId} and endpoint_id = ${args.endpointId}`;
  return rows.length > 0;
};
