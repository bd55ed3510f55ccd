import type { Db } from "#db/database.ts";
import type { MeasuredServiceState, PublicServiceState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** A service's state from an instant until its next row. */
export type ServiceState = {
  readonly serviceId: string;
  readonly since: EpochMs;
  readonly measured: MeasuredServiceState;
  readonly published: PublicServiceState;
};

type StateRow = { service_id: string; since: Date; measured: MeasuredServiceState; published: PublicServiceState };

const serviceState = (row: StateRow): ServiceState => ({
  serviceId: row.service_id,
  since: row.since.getTime() as EpochMs,
  measured: row.measured,
  published: row.published,
});

/** Rows from an instant on, and for each service the one that held then, oldest first. */
export const readServiceStates = async (db: Db, from: EpochMs): Promise<ServiceState[]> => {
  const at = new Date(from);
  const rows = await db<StateRow[]>`
    select service_id, since, measured, published from service_states where since >= ${at}::timestamptz
    union all
    select b.* from services s cross join lateral (
      select service_id, since, measured, published from service_states
       where service_id = s.id and since < ${at}::timestamptz order by since desc limit 1) b
    order by since, service_id`;
  return rows.map(serviceState);
};

/** The row of each service that held at an instant. */
export const readStatesAt = async (
  db: Db,
  serviceIds: readonly string[],
  at: EpochMs,
): Promise<Map<string, ServiceState>> => {
  const rows = await db<StateRow[]>`
    select b.* from services s cross join lateral (
      select service_id, since, measured, published from service_states
       where service_id = s.id and since <= ${new Date(at)}::timestamptz order by since desc limit 1) b
     where s.id = any(${[...serviceIds]}::text[])`;
  return new Map(rows.map((row) => [row.service_id, serviceState(row)]));
};

/** When each service was measured first. */
export const readFirstMeasured = async (db: Db): Promise<Map<string, EpochMs>> => {
  const rows = await db<{ service_id: string; since: Date }[]>`
    select service_id, min(since) as since from service_states where measured <> 'unknown' group by service_id`;
  return new Map(rows.map((row) => [row.service_id, row.since.getTime() as EpochMs]));
};

/** For each service the newest published state that was not unknown. */
export const readLastKnown = async (db: Db): Promise<Map<string, PublicServiceState>> => {
  const rows = await db<{ service_id: string; published: PublicServiceState }[]>`
    select b.service_id, b.published from services s cross join lateral (
      select service_id, published from service_states
       where service_id = s.id and published <> 'unknown' order by since desc limit 1) b`;
  return new Map(rows.map((row) => [row.service_id, row.published]));
};

/** Appends rows. A row of the same service and instant exists only when this write is repeated; it is left as it is. */
export const insertServiceStates = async (db: Db, states: readonly ServiceState[]): Promise<void> => {
  if (states.length === 0) return;
  await db`
    insert into service_states (service_id, since, measured, published)
    select s.service_id, s.since::timestamptz, s.measured, s.published
      from unnest(${states.map((state) => state.serviceId)}::text[],
                  ${states.map((state) => new Date(state.since).toISOString())}::text[],
                  ${states.map((state) => state.measured)}::text[], ${states.map((state) => state.published)}::text[])
           as s (service_id, since, measured, published)
    on conflict (service_id, since) do nothing`;
};

/** Until when the newest rows are known to hold; null before the first look. */
export const readWatchedUntil = async (db: Db): Promise<EpochMs | null> => {
  const rows = await db<{ watched_until: Date }[]>`select watched_until from status_progress`;
  return rows[0] === undefined ? null : (rows[0].watched_until.getTime() as EpochMs);
};

/** Notes up to when the publisher watched; it never goes back. */
export const writeWatchedUntil = async (db: Db, until: EpochMs): Promise<void> => {
  await db`
    insert into status_progress (watched_until) values (${new Date(until)})
    on conflict (only_row) do update
       set watched_until = greatest(status_progress.watched_until, excluded.watched_until), updated_at = now()`;
};
