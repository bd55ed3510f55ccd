import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

// Rows for `nines bench deliver`, in a database of its own.

/** Events with one pending delivery each to an endpoint, as `recordEvent` would leave them, in one statement. */
export const insertBenchDeliveries = async (
  db: Db,
  args: { prefix: string; count: number; endpointId: string; data: string; now: EpochMs },
): Promise<void> => {
  const { prefix, count, endpointId, data } = args;
  const now = new Date(args.now);
  await db`
    with fresh as (
      insert into events (id, type, subject, dedup_key, data, occurred_at)
      select 'evt_' || ${prefix}::text || i, 'incident.opened', 'shop', ${prefix}::text || i, ${data}::text::jsonb, ${now}::timestamptz
        from generate_series(1, ${count}::int) as i
      returning id
    ), numbered as (
      select id, row_number() over () as i from fresh
    ), bumped as (
      update endpoints set last_sequence = last_sequence + ${count}::int where id = ${endpointId}
      returning last_sequence - ${count}::int as base
    )
    insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at)
    select 'dlv_' || n.id, n.id, ${endpointId}, b.base + n.i, 'pending', ${now}::timestamptz, ${now}::timestamptz
      from numbered n cross join bumped b`;
};

/** Deliveries that ended long ago, for a table of many rows. */
export const insertOldDeliveries = async (
  db: Db,
  args: { from: number; count: number; endpointId: string; at: EpochMs },
): Promise<void> => {
  const at = new Date(args.at);
  await db`
    insert into events (id, type, subject, dedup_key, data, occurred_at)
    select 'evt_old' || i, 'incident.opened', 'shop', 'old' || i, '{"n": 1}', ${at}::timestamptz
      from generate_series(${args.from}::int, ${args.from + args.count - 1}::int) as i`;
  await db`
    insert into deliveries (id, event_id, endpoint_id, sequence, state, attempts_made, first_due_at, next_attempt_at, finished_at)
    select 'dlv_old' || i, 'evt_old' || i, ${args.endpointId}, 1000000000 + i, 'delivered', 1, ${at}::timestamptz, ${at}::timestamptz,
           ${at}::timestamptz
      from generate_series(${args.from}::int, ${args.from + args.count - 1}::int) as i`;
};

/** How many deliveries are not done. */
export const countUnfinished = async (db: Db): Promise<number> => {
  const rows = await db<{ count: number }[]>`select count(*)::int as count from deliveries where state = 'pending'`;
  return rows[0]?.count ?? 0;
};

/** Tells the planner what is in the tables. */
export const analyzeDeliveries = async (db: Db): Promise<void> => {
  await db`analyze events, deliveries, attempts, endpoints`;
};
