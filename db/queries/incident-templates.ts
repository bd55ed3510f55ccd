import type { Db } from "#db/database.ts";
import type { IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

export type IncidentTemplate = Omit<IncidentTemplateResource, "createdAt" | "updatedAt"> & {
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

type Row = Omit<IncidentTemplate, "affected" | "translations" | "createdAt" | "updatedAt"> & {
  readonly affected: string;
  readonly translations: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** All templates, or the one of this id, in the order of their names. */
export const readIncidentTemplates = async (db: Db, id: string | null): Promise<IncidentTemplate[]> => {
  const rows = await db<Row[]>`
    select id, name, title, message, status, impact, affected::text as affected, translations::text as translations,
           managed_by as "managedBy", created_at as "createdAt", updated_at as "updatedAt"
      from incident_templates where ${id}::text is null or id = ${id}::text order by lower(name), id`;
  return rows.map((row) => ({
    ...row,
    affected: JSON.parse(row.affected) as IncidentTemplate["affected"],
    translations: JSON.parse(row.translations) as IncidentTemplate["translations"],
    createdAt: epochMs(row.createdAt.getTime()),
    updatedAt: epochMs(row.updatedAt.getTime()),
  }));
};

/** False when another template of the same owner has the name. */
export const writeIncidentTemplate = async (db: Db, template: IncidentTemplate): Promise<boolean> => {
  const taken = await db`
    select 1 from incident_templates where name = ${template.name} and id <> ${template.id} and managed_by = ${template.managedBy}`;
  if (taken.length > 0) return false;
  await db`
    insert into incident_templates (id, name, title, message, status, impact, affected, translations, managed_by,
                                    created_at, updated_at)
    values (${template.id}, ${template.name}, ${template.title}, ${template.message}, ${template.status}, ${template.impact},
            ${JSON.stringify(template.affected)}::text::jsonb, ${JSON.stringify(template.translations)}::text::jsonb,
            ${template.managedBy}, ${new Date(template.createdAt)}, ${new Date(template.updatedAt)})
    on conflict (id) do update
       set name = excluded.name, title = excluded.title, message = excluded.message, status = excluded.status,
           impact = excluded.impact, affected = excluded.affected, translations = excluded.translations,
           updated_at = excluded.updated_at`;
  return true;
};

/** Removes a template; incidents made of it stay as they are. */
export const deleteIncidentTemplate = async (db: Db, id: string): Promise<void> => {
  await db`delete from incident_templates where id = ${id}`;
};
