import { z } from "zod";
import { isTimeZone } from "#lib/core/calendar.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { ExclusionKind, ExclusionResource, ExclusionState } from "../exclusions.ts";
import { MaintenanceImpact, MaintenanceResource, MaintenanceState } from "../maintenances.ts";
import type { Operation } from "./operation.ts";
import {
  bodyInstant,
  bodyText,
  id,
  listOf,
  NoQuery,
  paging,
  READ_ONE_PROBLEMS,
  READ_PROBLEMS,
  WRITE_PROBLEMS,
} from "./operation.ts";

const MINUTE_MS = 60_000;
const MOST_REMINDERS = 5;

/** A length of time in a body. */
const bodyDuration = (description: string, example: string) =>
  z
    .string()
    .transform((text, context) => {
      const duration = parseDuration(text);
      if (duration !== null) return duration;
      context.addIssue({ code: "custom", message: `must be a length of time such as ${example}` });
      return z.NEVER;
    })
    .meta({ description, type: "string", example });

const CreateExclusionBody = z
  .strictObject({
    sloId: id.optional(),
    serviceId: id.optional(),
    probeId: id.optional(),
    kind: ExclusionKind.optional().meta({
      description: "Without it `announced` for what is to come and `retroactive` for what has begun",
    }),
    startsAt: bodyInstant("Every minute that the span touches is excluded"),
    endsAt: bodyInstant("366 days after the start at most"),
    reason: bodyText(2_000, "Why; it is shown in ledgers and statements"),
  })
  .refine(({ sloId, serviceId, probeId }) => [sloId, serviceId, probeId].filter(Boolean).length === 1, {
    message: "name exactly one of sloId, serviceId and probeId",
    path: ["sloId"],
  })
  .meta({ id: "ExclusionCreation" });

const ScheduleMaintenanceBody = z
  .strictObject({
    title: bodyText(200, "What is done, in a few words"),
    body: z.string().trim().max(10_000).default("").meta({ description: "Plain text for the page" }),
    impact: MaintenanceImpact.default("none"),
    reminders: z
      .array(bodyDuration("How long before each start", "1h"))
      .max(MOST_REMINDERS)
      .default([])
      .transform((lengths) => lengths.map((ms) => Math.round(ms / MINUTE_MS)))
      .meta({ type: "array", items: { type: "string" } }),
    serviceIds: z.array(id).min(1).max(100),
    startsAt: bodyInstant("Of the first occurrence"),
    duration: bodyDuration("Of each occurrence, up to 31 days", "2h"),
    rrule: bodyText(500, "RFC 5545, by the hour, day, week, month or year").optional(),
    timeZone: z
      .string()
      .refine(isTimeZone, "is not a time zone")
      .optional()
      .meta({ description: "IANA name, on whose wall clock the rule is worked out; that of the page without it" }),
    announcedAt: bodyInstant("When customers were told; now when it is left out").optional(),
  })
  .meta({ id: "MaintenanceCreation" });

const CancelMaintenanceBody = z
  .strictObject({ reason: bodyText(2_000, "Why").optional() })
  .meta({ id: "MaintenanceCancellation" });

export const EXCLUSION_OPERATIONS = [
  {
    operationId: "listExclusions",
    method: "GET",
    path: "/v1/exclusions",
    tag: "exclusions",
    summary: "List exclusions, revoked ones too, the newest first",
    scope: "exclusions:read",
    query: z.strictObject({
      ...paging,
      state: ExclusionState.optional(),
      kind: ExclusionKind.optional(),
      sloId: id.optional(),
      serviceId: id.optional(),
      probeId: id.optional(),
    }),
    response: listOf(ExclusionResource, "ExclusionList"),
    problems: READ_PROBLEMS,
  },
  {
    operationId: "getExclusion",
    method: "GET",
    path: "/v1/exclusions/{id}",
    tag: "exclusions",
    summary: "Read one exclusion",
    scope: "exclusions:read",
    query: NoQuery,
    response: ExclusionResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "createExclusion",
    method: "POST",
    path: "/v1/exclusions",
    tag: "exclusions",
    summary: "Exclude a time from what counts; the author is the key that asks",
    scope: "exclusions:write",
    query: NoQuery,
    body: CreateExclusionBody,
    response: ExclusionResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "approveExclusion",
    method: "POST",
    path: "/v1/exclusions/{id}/approve",
    tag: "exclusions",
    summary: "Let a retroactive exclusion count, as a second person",
    scope: "exclusions:write",
    query: NoQuery,
    response: ExclusionResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "revokeExclusion",
    method: "POST",
    path: "/v1/exclusions/{id}/revoke",
    tag: "exclusions",
    summary: "Revoke an exclusion for good: figures are what they were without it",
    scope: "exclusions:write",
    query: NoQuery,
    response: ExclusionResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "listMaintenances",
    method: "GET",
    path: "/v1/maintenances",
    tag: "maintenances",
    summary: "List maintenances, the newest first",
    scope: "maintenances:read",
    query: z.strictObject({ ...paging, state: MaintenanceState.optional(), serviceId: id.optional() }),
    response: listOf(MaintenanceResource, "MaintenanceList"),
    problems: READ_PROBLEMS,
  },
  {
    operationId: "getMaintenance",
    method: "GET",
    path: "/v1/maintenances/{id}",
    tag: "maintenances",
    summary: "Read one maintenance",
    scope: "maintenances:read",
    query: NoQuery,
    response: MaintenanceResource,
    problems: READ_ONE_PROBLEMS,
  },
  {
    operationId: "createMaintenance",
    method: "POST",
    path: "/v1/maintenances",
    tag: "maintenances",
    summary: "Schedule planned work, once or by a rule; its time is excluded from budgets",
    scope: "maintenances:write",
    query: NoQuery,
    body: ScheduleMaintenanceBody,
    response: MaintenanceResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "cancelMaintenance",
    method: "POST",
    path: "/v1/maintenances/{id}/cancel",
    tag: "maintenances",
    summary: "Cancel what has not begun; again, it changes nothing",
    scope: "maintenances:write",
    query: NoQuery,
    body: CancelMaintenanceBody,
    response: MaintenanceResource,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
