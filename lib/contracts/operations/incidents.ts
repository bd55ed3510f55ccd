import { z } from "zod";
import { IncidentPublication, IncidentResource, PostmortemDraft } from "../incidents.ts";
import { IncidentImpact, IncidentStatus } from "../snapshot-incidents.ts";
import { affected, message, notify, OpenStatus, title, translations } from "./incident-parts.ts";
import { TEMPLATE_OPERATIONS } from "./incident-templates.ts";
import { listOperation, sortedPaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyInstant, id, instant, NoQuery, READ_ONE_PROBLEMS, searching, WRITE_PROBLEMS } from "./operation.ts";

const publishAt = bodyInstant("When it is published by itself");
const displayAt = bodyInstant("When it is said to have been: now, or in the past");

const CreateIncidentBody = z
  .strictObject({
    title: title.optional().meta({ description: "Made of services and impact when it is left out" }),
    message: message.optional(),
    impact: IncidentImpact.optional().meta({ description: "The worst of the services when it is left out" }),
    status: z.enum([...OpenStatus.options, "resolved"]).optional(),
    affected: affected.optional(),
    startedAt: bodyInstant("Now when it is left out; not in the future").optional(),
    publishAt: publishAt.optional(),
    draft: z.boolean().default(false).meta({ description: "Keep it from the page until it is published" }),
    notify: notify.default(true),
    templateId: id.optional().meta({ description: "Fills in what is left out" }),
    translations: translations.optional(),
  })
  .refine(({ message, templateId }) => message !== undefined || templateId !== undefined, {
    path: ["message"],
    message: "is missing, and only a template could fill it in",
  })
  .meta({ id: "IncidentCreation" });

const ChangeIncidentBody = z
  .strictObject({
    title: title.optional(),
    impact: IncidentImpact.optional(),
    startedAt: bodyInstant("When it began").optional(),
    translations: translations.optional(),
    message: message.optional().meta({ description: "Of drafts" }),
    affected: affected.optional(),
    notify: notify.optional(),
    publishAt: publishAt.nullable().optional(),
  })
  .meta({ id: "IncidentChange" });

const CreateUpdateBody = z
  .strictObject({
    status: IncidentStatus.optional().meta({ description: "As it was when it is left out" }),
    message,
    impact: IncidentImpact.optional(),
    affected: affected.default({}),
    displayAt: displayAt.optional(),
    publishAt: publishAt.optional(),
    notify: notify.default(true),
    translations: translations.default({}),
  })
  .meta({ id: "IncidentUpdateCreation" });

const ChangeUpdateBody = z
  .strictObject({
    message: message.optional(),
    displayAt: displayAt.optional(),
    publishAt: publishAt.optional(),
    translations: translations.optional(),
  })
  .meta({ id: "IncidentUpdateChange" });

const ResolveBody = z
  .strictObject({
    message: message.default("This incident is resolved."),
    displayAt: displayAt.optional(),
    notify: notify.default(true),
    translations: translations.default({}),
  })
  .meta({ id: "IncidentResolution" });

const ReopenBody = z
  .strictObject({
    message,
    status: OpenStatus.default("investigating"),
    notify: notify.default(true),
    translations: translations.default({}),
  })
  .meta({ id: "IncidentReopening" });

const write = { tag: "incidents", scope: "incidents:write", query: NoQuery, problems: WRITE_PROBLEMS } as const;
const action = { ...write, method: "POST", response: IncidentResource } as const;
const read = { tag: "incidents", method: "GET", scope: "incidents:read", query: NoQuery } as const;

const INCIDENTS = [
  listOperation({
    operationId: "listIncidents",
    path: "/v1/incidents",
    tag: "incidents",
    summary: "List incidents and drafts, the newest first",
    scope: "incidents:read",
    query: {
      ...sortedPaging("incidents"),
      ...searching,
      status: IncidentStatus.optional(),
      publication: IncidentPublication.optional(),
      open: z.enum(["true", "false"]).optional().meta({ description: "true: neither closed nor discarded nor merged" }),
      service: id.optional(),
      createdAfter: instant("Only incidents that were made later"),
    },
    item: IncidentResource,
    name: "IncidentList",
  }),
  {
    ...read,
    operationId: "getIncident",
    path: "/v1/incidents/{id}",
    summary: "Read one incident with all its updates, planned ones too",
    response: IncidentResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    ...action,
    operationId: "createIncident",
    path: "/v1/incidents",
    summary: "Open an incident on the page, or draft one",
    body: CreateIncidentBody,
    status: 201,
  },
  {
    ...action,
    operationId: "changeIncident",
    method: "PATCH",
    path: "/v1/incidents/{id}",
    summary: "Change name, impact and start of an incident, or all of a draft",
    body: ChangeIncidentBody,
  },
  {
    ...action,
    operationId: "createIncidentUpdate",
    path: "/v1/incidents/{id}/updates",
    summary:
      "Tell how an incident goes on: now, back-dated or planned; the status postmortem publishes its post-mortem",
    body: CreateUpdateBody,
    status: 201,
  },
  {
    ...action,
    operationId: "changeIncidentUpdate",
    method: "PATCH",
    path: "/v1/incidents/{id}/updates/{updateId}",
    summary: "Correct an update",
    body: ChangeUpdateBody,
  },
  {
    ...action,
    operationId: "deleteIncidentUpdate",
    method: "DELETE",
    path: "/v1/incidents/{id}/updates/{updateId}",
    summary: "Take a planned update back",
  },
] as const satisfies readonly Operation[];

const ACTIONS = [
  {
    ...action,
    operationId: "publishIncident",
    path: "/v1/incidents/{id}/publish",
    summary: "Put a draft on the page",
  },
  {
    ...action,
    operationId: "discardIncident",
    path: "/v1/incidents/{id}/discard",
    summary: "Throw a draft away; its alerts open no other one",
  },
  {
    ...action,
    operationId: "resolveIncident",
    path: "/v1/incidents/{id}/resolve",
    summary: "Close an open incident",
    body: ResolveBody,
  },
  {
    ...action,
    operationId: "reopenIncident",
    path: "/v1/incidents/{id}/reopen",
    summary: "Let a closed incident go on",
    body: ReopenBody,
  },
  {
    ...action,
    operationId: "mergeIncident",
    path: "/v1/incidents/{id}/merge",
    summary: "Make an incident part of another one; it leaves the page",
    body: z.strictObject({ into: id.meta({ description: "The incident that is left" }) }).meta({ id: "IncidentMerge" }),
  },
  {
    ...action,
    operationId: "attachIncidentAlert",
    path: "/v1/incidents/{id}/alerts",
    summary: "Put an alert to an incident",
    body: z.strictObject({ alertId: id }).meta({ id: "IncidentAlert" }),
  },
  {
    ...read,
    operationId: "getPostmortemDraft",
    path: "/v1/incidents/{id}/postmortem-draft",
    summary: "What was measured of an incident: times, transitions, cost in budgets, and a text to begin with",
    response: PostmortemDraft,
    problems: READ_ONE_PROBLEMS,
  },
] as const satisfies readonly Operation[];

export const INCIDENT_OPERATIONS = [...INCIDENTS, ...ACTIONS, ...TEMPLATE_OPERATIONS] as const;
