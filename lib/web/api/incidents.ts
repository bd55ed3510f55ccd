import { dropPlannedUpdate, editIncident, editUpdate } from "#lib/commands/incidents/edit-incident.ts";
import { attachAlertTo, mergeIncident } from "#lib/commands/incidents/merge-incident.ts";
import { openFromTemplate } from "#lib/commands/incidents/open-from-template.ts";
import { discardIncident, publishIncident } from "#lib/commands/incidents/publish-incident.ts";
import { reopenIncident, resolveIncidentIn } from "#lib/commands/incidents/resolve-incident.ts";
import { changeTemplate, createTemplate, deleteTemplate } from "#lib/commands/incidents/templates.ts";
import { updateIncidentIn } from "#lib/commands/incidents/update-incident.ts";
import type { INCIDENT_OPERATIONS } from "#lib/contracts/operations/incidents.ts";
import { getIncident, getIncidentTemplate, listIncidents, listIncidentTemplates } from "#lib/read/incidents.ts";
import { getPostmortemDraft } from "#lib/read/postmortem.ts";
import type { HandlersOf, WriteContext } from "./types.ts";

const authorOf = ({ now, actor, randomBytes }: WriteContext) => ({ now, actor, randomBytes });

export const incidentHandlers: HandlersOf<typeof INCIDENT_OPERATIONS> = {
  listIncidents: async ({ database }, { query }) => ({ body: await listIncidents(database, query) }),
  getIncident: async ({ database }, { params }) => {
    const body = await getIncident(database, params.id);
    return { body, lastModifiedMs: Date.parse(body.updatedAt) };
  },
  createIncident: async (context, { body }) => {
    const made = await openFromTemplate(context.tx, { ...body, ...authorOf(context) });
    return { body: made, location: `/v1/incidents/${made.id}` };
  },
  changeIncident: async (context, { params, body }) => ({
    body: await editIncident(context.tx, { ...body, id: params.id, ...authorOf(context) }),
  }),
  createIncidentUpdate: async (context, { params, body }) => {
    const { status = null, impact = null } = body;
    const made = await updateIncidentIn(context.tx, {
      ...body,
      status,
      impact,
      id: params.id,
      ...authorOf(context),
    });
    return { body: made, location: `/v1/incidents/${made.id}` };
  },
  changeIncidentUpdate: async (context, { params, body }) => ({
    body: await editUpdate(context.tx, { ...body, id: params.id, updateId: params.updateId, ...authorOf(context) }),
  }),
  deleteIncidentUpdate: async (context, { params }) => ({
    body: await dropPlannedUpdate(context.tx, { id: params.id, updateId: params.updateId, ...authorOf(context) }),
  }),
  publishIncident: async (context, { params }) => ({
    body: await publishIncident(context.tx, { id: params.id, ...authorOf(context) }),
  }),
  discardIncident: async (context, { params }) => ({
    body: await discardIncident(context.tx, { id: params.id, ...authorOf(context) }),
  }),
  resolveIncident: async (context, { params, body }) => ({
    body: await resolveIncidentIn(context.tx, { ...body, id: params.id, ...authorOf(context) }),
  }),
  reopenIncident: async (context, { params, body }) => ({
    body: await reopenIncident(context.tx, { ...body, id: params.id, ...authorOf(context) }),
  }),
  mergeIncident: async (context, { params, body }) => ({
    body: await mergeIncident(context.tx, { id: params.id, into: body.into, ...authorOf(context) }),
  }),
  attachIncidentAlert: async (context, { params, body }) => ({
    body: await attachAlertTo(context.tx, { id: params.id, alertId: body.alertId, ...authorOf(context) }),
  }),
  getPostmortemDraft: async ({ database, clock }, { params }) => ({
    body: await getPostmortemDraft(database, params.id, clock.now()),
  }),
  listIncidentTemplates: async ({ database }, { query }) => ({ body: await listIncidentTemplates(database, query) }),
  getIncidentTemplate: async ({ database }, { params }) => ({ body: await getIncidentTemplate(database, params.id) }),
  createIncidentTemplate: async (context, { body }) => {
    const made = await createTemplate(context.tx, body, authorOf(context));
    return { body: made, location: `/v1/incident-templates/${made.id}` };
  },
  changeIncidentTemplate: async (context, { params, body }) => ({
    body: await changeTemplate(context.tx, params.id, body, authorOf(context)),
  }),
  deleteIncidentTemplate: async (context, { params }) => {
    await deleteTemplate(context.tx, params.id, authorOf(context));
    return { body: null };
  },
};
