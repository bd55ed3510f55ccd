import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { readServices } from "#db/queries/config.ts";
import type { IncidentTemplate } from "#db/queries/incident-templates.ts";
import {
  deleteIncidentTemplate,
  readIncidentTemplates,
  writeIncidentTemplate,
} from "#db/queries/incident-templates.ts";
import { canonicalJson } from "#lib/commands/canonical-json.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { IncidentTemplateResource } from "#lib/contracts/incidents.ts";
import { instantText } from "#lib/contracts/values.ts";
import { AppError } from "#lib/core/errors.ts";
import type { IncidentTemplateDefinition } from "#lib/core/incidents/template-definition.ts";
import { newId } from "#lib/runtime/ids.ts";
import type { Author } from "./change-incident.ts";
import { eventKeyOf } from "./change-incident.ts";
import { pickServices } from "./open-incident.ts";

const templateResource = (template: IncidentTemplate): IncidentTemplateResource => ({
  ...template,
  createdAt: instantText(template.createdAt),
  updatedAt: instantText(template.updatedAt),
});

export type TemplateFields = Omit<IncidentTemplate, "id" | "managedBy" | "createdAt" | "updatedAt">;

const tell = async (
  tx: Tx,
  type: EventType,
  { before, after }: { readonly before: IncidentTemplate | null; readonly after: IncidentTemplate },
  author: Author,
): Promise<IncidentTemplateResource> => {
  const { actor, now } = author;
  const data = templateResource(after);
  const subject = after.id;
  const was = before === null ? null : templateResource(before);
  const isGone = type === "incident_template.deleted";
  await insertAudit(tx, { at: now, actor, action: type, subject, before: was, after: isGone ? null : data });
  const dedupKey = `${type}:${eventKeyOf(subject, author)}`;
  await recordEvent(tx, { type, subject, dedupKey, data, occurredAt: now, notify: null, now });
  return data;
};

/** @throws AppError NOT_FOUND */
export const findTemplate = async (tx: Tx, id: string): Promise<IncidentTemplate> => {
  const [template] = await readIncidentTemplates(tx, id);
  if (template === undefined) throw new AppError("NOT_FOUND", "there is no template with this id");
  return template;
};

/** @throws AppError NOT_FOUND; CONFLICT for one of the configuration */
const findOwnTemplate = async (tx: Tx, id: string): Promise<IncidentTemplate> => {
  const template = await findTemplate(tx, id);
  if (template.managedBy === "file")
    throw new AppError("CONFLICT", `the template "${template.name}" stands in nines.yaml: change it there`);
  return template;
};

const erase = async (tx: Tx, before: IncidentTemplate, author: Author): Promise<void> => {
  await deleteIncidentTemplate(tx, before.id);
  await tell(tx, "incident_template.deleted", { before, after: before }, author);
};

const save = async (tx: Tx, before: IncidentTemplate | null, after: IncidentTemplate, author: Author) => {
  const ids = after.affected.map(({ serviceId }) => serviceId);
  if (ids.length > 0) pickServices(await readServices(tx), ids);
  if (!(await writeIncidentTemplate(tx, after)))
    throw new AppError("CONFLICT", `there is a template of the name "${after.name}" already`);
  return tell(tx, "incident_template.saved", { before, after }, author);
};

/** @throws AppError CONFLICT when the name is taken; NOT_FOUND for an unknown service */
export const createTemplate = (tx: Tx, fields: TemplateFields, author: Author): Promise<IncidentTemplateResource> => {
  const { now, randomBytes } = author;
  return save(
    tx,
    null,
    { ...fields, id: newId("ict", now, randomBytes), managedBy: "ui", createdAt: now, updatedAt: now },
    author,
  );
};

/** @throws AppError NOT_FOUND; CONFLICT when the name is taken or it stands in the configuration */
export const changeTemplate = async (
  tx: Tx,
  id: string,
  fields: Partial<TemplateFields>,
  author: Author,
): Promise<IncidentTemplateResource> => {
  const before = await findOwnTemplate(tx, id);
  return save(tx, before, { ...before, ...fields, updatedAt: author.now }, author);
};

/** @throws AppError NOT_FOUND; CONFLICT when it stands in the configuration */
export const deleteTemplate = async (tx: Tx, id: string, author: Author): Promise<void> => {
  await erase(tx, await findOwnTemplate(tx, id), author);
};

const asWritten = ({ createdAt: _, updatedAt: __, ...fields }: IncidentTemplate): string => canonicalJson(fields);

/** Makes the templates of the file those of the configuration, in its transaction; those that people made stay. */
export const applyTemplates = async (
  tx: Tx,
  wanted: readonly IncidentTemplateDefinition[],
  author: Author,
): Promise<void> => {
  const { now } = author;
  const stored = (await readIncidentTemplates(tx, null)).filter(({ managedBy }) => managedBy === "file");
  for (const before of stored.filter(({ id }) => wanted.every((one) => one.id !== id))) await erase(tx, before, author);
  for (const { affected, ...definition } of wanted) {
    const before = stored.find(({ id }) => id === definition.id) ?? null;
    const after: IncidentTemplate = {
      ...definition,
      affected: [...affected],
      managedBy: "file",
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
    };
    if (before === null || asWritten(before) !== asWritten(after)) await save(tx, before, after, author);
  }
};
