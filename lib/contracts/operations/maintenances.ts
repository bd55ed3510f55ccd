import { z } from "zod";
import { isTimeZone } from "#lib/core/calendar.ts";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { withoutControls } from "#lib/core/plain-text.ts";
import { MaintenanceImpact, MaintenanceResource, MaintenanceState } from "../maintenances.ts";
import { listOperation, wholePaging } from "./list-operation.ts";
import type { Operation } from "./operation.ts";
import { bodyInstant, bodyLine, bodyText, id, NoQuery, READ_ONE_PROBLEMS, WRITE_PROBLEMS } from "./operation.ts";

const MINUTE_MS = 60_000;
const MOST_REMINDERS = 5;
const LONGEST_REMINDER_MINUTES = 31 * 24 * 60;

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

const title = bodyLine(200, "What is done, in a few words");
const pageText = z
  .string()
  .overwrite(withoutControls)
  .trim()
  .max(10_000)
  .refine((text) => !text.includes("\u0000") && text.isWellFormed(), "holds NUL or half of a surrogate pair")
  .meta({ description: "Plain text for the page" });
const reminders = z
  .array(bodyDuration("How long before each start, up to 31 days", "1h"))
  .max(MOST_REMINDERS)
  .transform((lengths) => lengths.map((ms) => Math.round(ms / MINUTE_MS)))
  .refine(
    (all) => all.every((minutes) => minutes >= 1 && minutes <= LONGEST_REMINDER_MINUTES),
    "must be from a minute to 31 days",
  )
  .meta({ type: "array", items: { type: "string" } });
const LONGEST_MESSAGE = 10_000;
const translations = z
  .partialRecord(z.enum(LANGUAGES), z.strictObject({ title: title.optional(), body: pageText.optional() }))
  .meta({ description: "Texts in other languages; what is left out is shown as it is" });
const messages = z
  .partialRecord(
    z.enum(LANGUAGES),
    z.strictObject({ message: bodyText(LONGEST_MESSAGE, "Plain text in this language") }),
  )
  .meta({ description: "The message in other languages" });
const occurrence = bodyInstant(
  "`plannedFor` of the occurrence; left out: what is under way, else what comes next",
).optional();

const ScheduleMaintenanceBody = z
  .strictObject({
    title,
    body: pageText.default(""),
    translations: translations.default({}),
    impact: MaintenanceImpact.default("none"),
    reminders: reminders.default([]),
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
  .strictObject({
    reason: bodyText(2_000, "Why").optional(),
    occurrence: occurrence.meta({
      description: "`plannedFor` of the one to cancel; left out: all that have not begun",
    }),
  })
  .meta({ id: "MaintenanceCancellation" });

const ChangeMaintenanceBody = z
  .strictObject({
    title: title.optional(),
    body: pageText.optional(),
    translations: translations
      .optional()
      .meta({ description: "A language that is given is given whole; one without texts is taken back" }),
    impact: MaintenanceImpact.optional(),
    reminders: reminders.optional(),
  })
  .meta({ id: "MaintenanceChange" });

const UpdateMaintenanceBody = z
  .strictObject({
    message: bodyText(LONGEST_MESSAGE, "Plain text for the page"),
    translations: messages.default({}),
    status: z.enum(["scheduled", "in_progress", "verifying", "completed"]).optional().meta({
      description: "Begins the work early, says that it is being verified, or ends it early; as it is when left out",
    }),
    occurrence,
  })
  .meta({ id: "MaintenanceUpdateCreation" });

const RescheduleMaintenanceBody = z
  .strictObject({
    startsAt: bodyInstant("Only before it has begun").optional(),
    endsAt: bodyInstant("As long as before when only the start is given").optional(),
    occurrence,
  })
  .refine(({ startsAt, endsAt }) => startsAt !== undefined || endsAt !== undefined, {
    message: "name startsAt, endsAt or both",
    path: ["startsAt"],
  })
  .meta({ id: "MaintenanceReschedule" });

export const MAINTENANCE_OPERATIONS = [
  listOperation({
    operationId: "listMaintenances",
    path: "/v1/maintenances",
    tag: "maintenances",
    summary: "List maintenances, the newest first",
    scope: "maintenances:read",
    query: { ...wholePaging("maintenances"), state: MaintenanceState.optional(), serviceId: id.optional() },
    item: MaintenanceResource,
    name: "MaintenanceList",
  }),
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
  {
    operationId: "changeMaintenance",
    method: "PATCH",
    path: "/v1/maintenances/{id}",
    tag: "maintenances",
    summary: "Change what people read of it",
    scope: "maintenances:write",
    query: NoQuery,
    body: ChangeMaintenanceBody,
    response: MaintenanceResource,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "createMaintenanceUpdate",
    method: "POST",
    path: "/v1/maintenances/{id}/updates",
    tag: "maintenances",
    summary: "Say something of an occurrence; begin, verify or end it",
    scope: "maintenances:write",
    query: NoQuery,
    body: UpdateMaintenanceBody,
    response: MaintenanceResource,
    status: 201,
    problems: WRITE_PROBLEMS,
  },
  {
    operationId: "rescheduleMaintenance",
    method: "POST",
    path: "/v1/maintenances/{id}/reschedule",
    tag: "maintenances",
    summary: "Move an occurrence, or extend or shorten it; its exclusions follow",
    scope: "maintenances:write",
    query: NoQuery,
    body: RescheduleMaintenanceBody,
    response: MaintenanceResource,
    problems: WRITE_PROBLEMS,
  },
] as const satisfies readonly Operation[];
