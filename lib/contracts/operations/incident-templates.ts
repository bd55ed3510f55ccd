import { z } from "zod";
import { IncidentTemplateResource } from "../incidents.ts";
import { IncidentImpact } from "../snapshot-incidents.ts";
import { message, OpenStatus, title, translations } from "./incident-parts.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyLine, id, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const templateFields = {
  name: bodyLine(100, "What people call the template"),
  title,
  message,
  status: OpenStatus,
  impact: IncidentImpact,
  affected: z.array(z.strictObject({ serviceId: id, impact: IncidentImpact })).max(200),
  translations,
};
const CreateTemplateBody = z
  .strictObject({
    ...templateFields,
    status: OpenStatus.default("investigating"),
    impact: IncidentImpact.default("minor"),
    affected: templateFields.affected.default([]),
    translations: translations.default({}),
  })
  .meta({ id: "IncidentTemplateCreation" });
const ChangeTemplateBody = z.strictObject(templateFields).partial().meta({ id: "IncidentTemplateChange" });

const write = { tag: "incidents", scope: "incidents:write", query: NoQuery, problems: WRITE_PROBLEMS } as const;
const read = { tag: "incidents", method: "GET", scope: "incidents:read", query: NoQuery } as const;

export const TEMPLATE_OPERATIONS = [
  listOperation({
    operationId: "listIncidentTemplates",
    path: "/v1/incident-templates",
    tag: "incidents",
    summary: "List templates for incidents, by name",
    scope: "incidents:read",
    query: wholePaging("incident-templates"),
    item: IncidentTemplateResource,
    name: "IncidentTemplateList",
  }),
  {
    ...read,
    operationId: "getIncidentTemplate",
    path: "/v1/incident-templates/{id}",
    summary: "Read one template",
    response: IncidentTemplateResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    ...write,
    operationId: "createIncidentTemplate",
    method: "POST",
    path: "/v1/incident-templates",
    summary: "Make a template",
    body: CreateTemplateBody,
    response: IncidentTemplateResource,
    status: 201,
  },
  {
    ...write,
    operationId: "changeIncidentTemplate",
    method: "PATCH",
    path: "/v1/incident-templates/{id}",
    summary: "Change a template; incidents that were made of it stay",
    body: ChangeTemplateBody,
    response: IncidentTemplateResource,
  },
  {
    ...write,
    operationId: "deleteIncidentTemplate",
    method: "DELETE",
    path: "/v1/incident-templates/{id}",
    summary: "Delete a template",
    response: null,
    status: 204,
  },
] as const satisfies readonly Operation[];
