import type { Db } from "#db/database.ts";
import type { IncidentImpact, IncidentStatus, PublicState } from "#lib/contracts/snapshot.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type AffectedService = {
  readonly serviceId: string;
  readonly oldState: PublicState;
  readonly newState: PublicState;
};

export type IncidentUpdate = {
  readonly id: string;
  readonly incidentId: string;
  readonly status: IncidentStatus;
  /** Plain text. */
  readonly body: string;
  readonly affected: readonly AffectedService[];
  readonly displayAt: EpochMs;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

export type Incident = {
  readonly id: string;
  readonly name: string;
  readonly status: IncidentStatus;
  readonly impact: IncidentImpact;
  readonly startedAt: EpochMs;
  readonly monitoringAt: EpochMs | null;
  readonly resolvedAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly serviceIds: readonly string[];
  /** Newest first. */
  readonly updates: readonly IncidentUpdate[];
};

type IncidentRow = {
  id: string;
  name: string;
  status: IncidentStatus;
  impact: IncidentImpact;
  started_at: Date;
  monitoring_at: Date | null;
  resolved_at: Date | null;
  created_at: Date;
  updated_at: Date;
  service_ids: string[];
};
type UpdateRow = {
  id: string;
  incident_id: string;
  status: IncidentStatus;
  body: string;
  affected: string;
  display_at: Date;
  created_at: Date;
  updated_at: Date;
};

const at = (date: Date): EpochMs => date.getTime() as EpochMs;

const withUpdates = async (db: Db, rows: readonly IncidentRow[]): Promise<Incident[]> => {
  if (rows.length === 0) return [];
  const updates = await db<UpdateRow[]>`
    select id, incident_id, status, body, affected::text as affected, display_at, created_at, updated_at
      from incident_updates where incident_id = any(${rows.map((row) => row.id)}::text[])
     order by display_at desc, id desc`;
  const updatesOf = (id: string): UpdateRow[] => updates.filter((update) => update.incident_id === id);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    status: row.status,
    impact: row.impact,
    startedAt: at(row.started_at),
    monitoringAt: row.monitoring_at === null ? null : at(row.monitoring_at),
    resolvedAt: row.resolved_at === null ? null : at(row.resolved_at),
    createdAt: at(row.created_at),
    updatedAt: at(row.updated_at),
    serviceIds: row.service_ids,
    updates: updatesOf(row.id).map((update) => ({
      id: update.id,
      incidentId: update.incident_id,
      status: update.status,
      body: update.body,
      affected: JSON.parse(update.affected) as AffectedService[],
      displayAt: at(update.display_at),
      createdAt: at(update.created_at),
      updatedAt: at(update.updated_at),
    })),
  }));
};

const columns = (db: Db) => db`
  i.id, i.name, i.status, i.impact, i.started_at, i.monitoring_at, i.resolved_at, i.created_at, i.updated_at,
  array(select s.service_id from incident_services s join services v on v.id = s.service_id
         where s.incident_id = i.id order by v.position, v.id) as service_ids`;

/** The newest incidents of any status and all open ones, newest first. */
export const readIncidents = async (db: Db, limit: number): Promise<Incident[]> => {
  const rows = await db<IncidentRow[]>`
    select ${columns(db)} from incidents i
     where i.status not in ('resolved', 'postmortem')
        or i.id in (select id from incidents order by started_at desc, id desc limit ${limit}::int)
     order by i.started_at desc, i.id desc`;
  return withUpdates(db, rows);
};

/** Changes whenever an incident does: cheap to ask for each second. */
export const readIncidentsMark = async (db: Db): Promise<string> => {
  const rows = await db<{ mark: string }[]>`
    select count(*)::text || '/' || coalesce(max(updated_at)::text, '') as mark from incidents`;
  return rows[0]?.mark ?? "";
};

/** One incident, locked until the transaction ends when asked for; null when there is none of this id. */
export const readIncident = async (db: Db, id: string, options: { lock?: boolean } = {}): Promise<Incident | null> => {
  if (options.lock === true) await db`select id from incidents where id = ${id} for no key update`;
  const rows = await db<IncidentRow[]>`select ${columns(db)} from incidents i where i.id = ${id}`;
  return (await withUpdates(db, rows))[0] ?? null;
};

/** Impacts of open incidents by service; `except` leaves one incident out. */
export const readOpenImpacts = async (
  db: Db,
  serviceIds: readonly string[],
  except: string | null,
): Promise<Map<string, IncidentImpact[]>> => {
  const rows = await db<{ service_id: string; impact: IncidentImpact }[]>`
    select s.service_id, i.impact from incidents i join incident_services s on s.incident_id = i.id
     where i.status not in ('resolved', 'postmortem') and s.service_id = any(${[...serviceIds]}::text[])
       and i.id is distinct from ${except}::text`;
  const impacts = new Map<string, IncidentImpact[]>();
  for (const row of rows) impacts.set(row.service_id, [...(impacts.get(row.service_id) ?? []), row.impact]);
  return impacts;
};

export const insertIncident = async (db: Db, incident: Omit<Incident, "updates">): Promise<void> => {
  const now = new Date(incident.createdAt);
  await db`
    insert into incidents (id, name, status, impact, started_at, monitoring_at, resolved_at, created_at, updated_at)
    values (${incident.id}, ${incident.name}, ${incident.status}, ${incident.impact}, ${new Date(incident.startedAt)},
            ${incident.monitoringAt === null ? null : new Date(incident.monitoringAt)},
            ${incident.resolvedAt === null ? null : new Date(incident.resolvedAt)}, ${now}, ${now})`;
  await db`
    insert into incident_services (incident_id, service_id)
    select ${incident.id}::text, id from unnest(${[...incident.serviceIds]}::text[]) as s (id)`;
};

/** Moves an incident on. Instants that are set already stay. */
export const advanceIncident = async (
  db: Db,
  args: { id: string; status: IncidentStatus; impact: IncidentImpact; now: EpochMs },
): Promise<void> => {
  const now = new Date(args.now);
  await db`
    update incidents
       set status = ${args.status}, impact = ${args.impact}, updated_at = ${now},
           monitoring_at = case when ${args.status} = 'monitoring' then coalesce(monitoring_at, ${now}::timestamptz) else monitoring_at end,
           resolved_at = case when ${args.status} in ('resolved', 'postmortem')
                              then coalesce(resolved_at, greatest(started_at, ${now}::timestamptz)) else resolved_at end
     where id = ${args.id}`;
};

export const insertIncidentUpdate = async (
  db: Db,
  update: Omit<IncidentUpdate, "updatedAt" | "createdAt"> & { readonly now: EpochMs },
): Promise<void> => {
  const now = new Date(update.now);
  await db`
    insert into incident_updates (id, incident_id, status, body, affected, display_at, created_at, updated_at)
    values (${update.id}, ${update.incidentId}, ${update.status}, ${update.body},
            ${JSON.stringify(update.affected)}::text::jsonb, ${new Date(update.displayAt)}, ${now}, ${now})`;
};
