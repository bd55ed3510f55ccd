import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Impacts, Incident, IncidentUpdate } from "./incidents.ts";

const dateOrNull = (at: EpochMs | null): Date | null => (at === null ? null : new Date(at));
const json = (value: unknown): string => JSON.stringify(value);

/** Holds these services until the transaction ends, so that two incidents of one are opened one after the other. */
export const lockServices = async (db: Db, serviceIds: readonly string[]): Promise<void> => {
  await db`select id from services where id = any(${[...serviceIds]}::text[]) order by id for no key update`;
};

/** False when there is one of this id already. */
export const insertIncident = async (
  db: Db,
  incident: Omit<
    Incident,
    "updates" | "alertIds" | "discardedAt" | "mergedInto" | "handledAt" | "asksAt" | "updatedAt"
  >,
): Promise<boolean> => {
  const now = new Date(incident.createdAt);
  const inserted = await db`
    insert into incidents (id, name, status, impact, origin, started_at, monitoring_at, resolved_at, published_at,
                           publish_at, translations, created_at, updated_at)
    values (${incident.id}, ${incident.name}, ${incident.status}, ${incident.impact}, ${incident.origin},
            ${new Date(incident.startedAt)}, ${dateOrNull(incident.monitoringAt)}, ${dateOrNull(incident.resolvedAt)},
            ${dateOrNull(incident.publishedAt)}, ${dateOrNull(incident.publishAt)},
            ${json(incident.translations)}::text::jsonb, ${now}, ${now})
    on conflict (id) do nothing`;
  if (inserted.count === 0) return false;
  await writeServices(db, incident.id, incident.impacts);
  return true;
};

/** Adds services, or sets the impact of those that are there. None is ever taken away: it was affected. */
export const writeServices = async (db: Db, incidentId: string, impacts: Impacts): Promise<void> => {
  await db`
    insert into incident_services (incident_id, service_id, impact)
    select ${incidentId}::text, key, value from jsonb_each_text(${json(impacts)}::text::jsonb)
    on conflict (incident_id, service_id) do update set impact = excluded.impact`;
};

/** Of a draft, which nobody saw: services may leave it again. */
export const replaceServices = async (db: Db, incidentId: string, impacts: Impacts): Promise<void> => {
  await db`delete from incident_services where incident_id = ${incidentId} and not service_id = any(${Object.keys(impacts)}::text[])`;
  await writeServices(db, incidentId, impacts);
};

/** Everything of an incident that can change. */
export const writeIncident = async (
  db: Db,
  incident: Omit<Incident, "updates" | "alertIds" | "serviceIds" | "impacts" | "createdAt" | "updatedAt" | "origin">,
  now: EpochMs,
): Promise<void> => {
  await db`
    update incidents
       set name = ${incident.name}, status = ${incident.status}, impact = ${incident.impact},
           started_at = ${new Date(incident.startedAt)}, monitoring_at = ${dateOrNull(incident.monitoringAt)},
           resolved_at = ${dateOrNull(incident.resolvedAt)}, published_at = ${dateOrNull(incident.publishedAt)},
           publish_at = ${dateOrNull(incident.publishAt)}, discarded_at = ${dateOrNull(incident.discardedAt)},
           merged_into = ${incident.mergedInto}, handled_at = ${dateOrNull(incident.handledAt)},
           asks_at = ${dateOrNull(incident.asksAt)}, translations = ${json(incident.translations)}::text::jsonb,
           updated_at = greatest(updated_at + interval '1 microsecond', ${new Date(now)}::timestamptz)
     where id = ${incident.id}`;
};

/** Adds an update to an incident. */
export const insertIncidentUpdate = async (
  db: Db,
  update: Omit<IncidentUpdate, "updatedAt" | "createdAt">,
  now: EpochMs,
): Promise<void> => {
  const at = new Date(now);
  await db`
    insert into incident_updates (id, incident_id, status, body, affected, impact, impacts, display_at, publish_at,
                                  published_at, notify, translations, created_at, updated_at)
    values (${update.id}, ${update.incidentId}, ${update.status}, ${update.body}, ${json(update.affected)}::text::jsonb,
            ${update.impact}, ${json(update.impacts)}::text::jsonb, ${new Date(update.displayAt)},
            ${dateOrNull(update.publishAt)}, ${dateOrNull(update.publishedAt)}, ${update.notify},
            ${json(update.translations)}::text::jsonb, ${at}, ${at})`;
};

/** Writes an update as it is now. */
export const writeIncidentUpdate = async (db: Db, update: IncidentUpdate, now: EpochMs): Promise<void> => {
  await db`
    update incident_updates
       set status = ${update.status}, body = ${update.body}, affected = ${json(update.affected)}::text::jsonb,
           impact = ${update.impact}, impacts = ${json(update.impacts)}::text::jsonb,
           display_at = ${new Date(update.displayAt)}, publish_at = ${dateOrNull(update.publishAt)},
           published_at = ${dateOrNull(update.publishedAt)}, notify = ${update.notify},
           translations = ${json(update.translations)}::text::jsonb, updated_at = ${new Date(now)}
     where id = ${update.id}`;
};

/** Takes an update back that nobody saw. */
export const deletePlannedUpdate = async (db: Db, id: string): Promise<void> => {
  await db`delete from incident_updates where id = ${id} and published_at is null`;
};

/** Puts an alert to an incident, and takes it from the one it belonged to. */
export const attachAlert = async (
  db: Db,
  args: { alertId: string; incidentId: string; now: EpochMs },
): Promise<void> => {
  await db`
    insert into incident_alerts (alert_id, incident_id, created_at)
    values (${args.alertId}, ${args.incidentId}, ${new Date(args.now)})
    on conflict (alert_id) do update set incident_id = excluded.incident_id`;
};

/** Which incident an alert belongs to; null: to none. */
export const readIncidentOfAlert = async (db: Db, alertId: string): Promise<string | null> => {
  const rows = await db<{ id: string }[]>`select incident_id as id from incident_alerts where alert_id = ${alertId}`;
  return rows[0]?.id ?? null;
};

/** All alerts of one incident go over to another. */
export const moveAlerts = async (db: Db, args: { from: string; into: string }): Promise<void> => {
  await db`update incident_alerts set incident_id = ${args.into} where incident_id = ${args.from}`;
};
