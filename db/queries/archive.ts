import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

/** Something that is over, and a text that changes whenever what the page says of it does. */
export type ArchiveStamp =
  | { readonly kind: "incident"; readonly id: string; readonly stamp: string }
  | {
      readonly kind: "maintenance";
      readonly id: string;
      readonly plannedFor: EpochMs;
      readonly stamp: string;
    };

/** Changes whenever something in the archive may have: cheap to ask for every few seconds. */
export const readArchiveMark = async (db: Db): Promise<string> => {
  const rows = await db<{ mark: string }[]>`
    select concat_ws('/',
      (select count(*) || ' ' || coalesce(max(updated_at)::text, '') from incidents),
      (select coalesce(max(updated_at)::text, '') from incident_updates),
      (select coalesce(max(updated_at)::text, '') from incident_costs),
      (select count(*) || ' ' || coalesce(max(updated_at)::text, '') from maintenance_runs),
      (select coalesce(max(created_at)::text, '') from maintenance_updates),
      (select coalesce(max(updated_at)::text, '') from maintenances)) as mark`;
  return rows[0]?.mark ?? "";
};

/** Public incidents that are closed, and maintenance that is over. Reads a line of each, however old. */
export const readArchiveStamps = async (db: Db): Promise<ArchiveStamp[]> => {
  const incidents = await db<{ id: string; stamp: string }[]>`
    select i.id, concat_ws(' ', i.updated_at,
             (select max(u.updated_at) from incident_updates u where u.incident_id = i.id),
             (select max(c.updated_at) from incident_costs c where c.incident_id = i.id)) as stamp
      from incidents i
     where i.published_at is not null and i.merged_into is null and i.discarded_at is null
       and i.status in ('resolved', 'postmortem')`;
  const runs = await db<{ id: string; planned_for: Date; stamp: string }[]>`
    select r.maintenance_id as id, r.planned_for,
           concat_ws(' ', r.updated_at, m.sequence,
             (select count(*) from maintenance_updates u
               where u.maintenance_id = r.maintenance_id and u.planned_for = r.planned_for)) as stamp
      from maintenance_runs r join maintenances m on m.id = r.maintenance_id
     where r.state in ('completed', 'canceled')`;
  return [
    ...incidents.map(({ id, stamp }) => ({ kind: "incident" as const, id, stamp })),
    ...runs.map(({ id, planned_for, stamp }) => {
      const plannedFor = epochMs(planned_for.getTime());
      return { kind: "maintenance" as const, id, plannedFor, stamp };
    }),
  ];
};
