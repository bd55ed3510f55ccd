import type { Db } from "#db/database.ts";

// What an Alertmanager that we tell of alerts should know.

export type AlertmanagerRow = {
  readonly id: string;
  readonly urlCiphertext: string;
  readonly secretCiphertext: string;
  readonly headersCiphertext: string | null;
};

/** Active Alertmanagers that are spoken to through their API. */
export const readAlertmanagers = async (db: Db, limit: number): Promise<AlertmanagerRow[]> => [
  ...(await db<AlertmanagerRow[]>`
    select id, url_ciphertext as "urlCiphertext", secret_ciphertext as "secretCiphertext", headers_ciphertext as "headersCiphertext"
      from endpoints
     where type = 'alertmanager' and state = 'active' and retired_at is null and settings ->> 'format' is distinct from 'webhook'
     order by id limit ${limit}`),
];

export type ToldAlert = {
  readonly id: string;
  readonly eventId: string;
  readonly occurredAt: Date;
  /** JSON of the event. */
  readonly data: string;
};

/** Alerts that fire and that this endpoint took. */
export const readToldAlerts = async (db: Db, endpointId: string, limit: number): Promise<ToldAlert[]> => [
  ...(await db<ToldAlert[]>`
    select a.id, e.id as "eventId", e.occurred_at as "occurredAt", e.data::text as data
      from alerts a
      join events e on e.subject = a.id and e.type = 'alert.firing'
      join deliveries d on d.event_id = e.id and d.endpoint_id = ${endpointId}
     where a.state = 'firing' and d.state = 'delivered'
       and e.dedup_key = 'alert:' || coalesce(a.slo_id, 'threshold') || ':' || a.pair_id || ':' || a.number || ':firing'
     order by a.id limit ${limit}`),
];

/** Which of these alerts are over, and when; those whose end is still on its way to the endpoint are left out. */
export const readEndedAlerts = async (
  db: Db,
  args: { readonly ids: readonly string[]; readonly endpointId: string },
): Promise<ReadonlyMap<string, Date>> => {
  const rows = await db<{ id: string; resolvedAt: Date }[]>`
    select a.id, a.resolved_at as "resolvedAt" from alerts a
     where a.id = any(${[...args.ids]}::text[]) and a.state = 'resolved'
       and not exists (
         select 1 from events e join deliveries d on d.event_id = e.id
          where e.dedup_key = 'alert:' || coalesce(a.slo_id, 'threshold') || ':' || a.pair_id || ':' || a.number || ':resolved'
            and d.endpoint_id = ${args.endpointId} and d.state = 'pending')`;
  return new Map(rows.map(({ id, resolvedAt }) => [id, resolvedAt]));
};
