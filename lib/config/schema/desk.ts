import { z } from "zod";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { readRule } from "#lib/core/maintenance/rule.ts";
import { DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import type { Check } from "../scalars.ts";
import { checkName, checkTimeZone, duration, text } from "../scalars.ts";
import { id, name, reference } from "./fields.ts";

// The sections `incident_templates` and `maintenances`: texts to begin with, and planned work.

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/;
const checkInstant: Check<string> = (value) =>
  INSTANT.test(value) && !Number.isNaN(Date.parse(value))
    ? null
    : { kind: "format", message: "must be an instant that exists, such as 2026-11-28T17:00:00Z" };

const checkRule: Check<string> = (value) => {
  try {
    readRule(value);
    return null;
  } catch (error) {
    return { kind: "format", message: error instanceof AppError ? error.detail : "must be a rule of RFC 5545" };
  }
};

const checkText =
  (max: number): Check<string> =>
  (value) => {
    if (value.trim() === "") return { kind: "format", message: "must not be empty" };
    return value.length > max ? { kind: "limit", message: `must have at most ${max} characters` } : null;
  };
const longText = (description: string, max: number) =>
  text(checkText(max), { description, minLength: 1, maxLength: max });
const instant = (description: string, more: Record<string, unknown> = {}) =>
  text(checkInstant, { description, format: "date-time", "x-type": "instant", ...more });
const impact = (description: string) => z.enum(["none", "minor", "major", "critical"]).meta({ description });

const MOST_MESSAGE = 20_000;
const title = name("What is wrong, in a few words");
const message = longText("Markdown for customers", MOST_MESSAGE);
const Translation = z.strictObject({ title: title.optional(), message: message.optional() });

export const IncidentTemplateFile = z.strictObject({
  id: id("template"),
  name: text(checkName(100), { description: "What people call the template", minLength: 1, maxLength: 100 }),
  title,
  message,
  status: z
    .enum(["investigating", "identified", "monitoring"])
    .meta({ description: "Where an incident begins", default: "investigating" })
    .optional(),
  impact: impact("How bad it is").meta({ description: "How bad it is", default: "minor" }).optional(),
  affected: z
    .array(z.strictObject({ service: reference("service"), impact: impact("Of this service") }))
    .max(200)
    .meta({ description: "Services and how each is affected", default: [] })
    .optional(),
  translations: z
    .strictObject({
      [LANGUAGES[0]]: Translation.meta({ description: "English" }).optional(),
      [LANGUAGES[1]]: Translation.meta({ description: "Korean" }).optional(),
      [LANGUAGES[2]]: Translation.meta({ description: "Russian" }).optional(),
    })
    .meta({ description: "Texts in other languages; what is left out is shown as it is", default: {} })
    .optional(),
});
export type IncidentTemplateFile = z.infer<typeof IncidentTemplateFile>;

const WorkTranslation = z.strictObject({
  title: name("What is done, in a few words").optional(),
  description: longText("Plain text for the page", 10_000).optional(),
});
const REMINDER = { min: MINUTE_MS, max: 31 * DAY_MS, isWholeMinutes: true };

export const MaintenanceFile = z.strictObject({
  id: id("maintenance"),
  title: name("What is done, in a few words"),
  description: longText("Plain text for the page", 10_000).meta({ "x-default": "none" }).optional(),
  impact: impact("What customers have to expect").meta({ default: "none" }).optional(),
  services: z.array(reference("service")).min(1).max(100).meta({ description: "Services that are worked on" }),
  start: instant("When the first occurrence begins"),
  duration: duration({ min: MINUTE_MS, max: 31 * DAY_MS }, { description: "Of each occurrence" }),
  rrule: text(checkRule, {
    description: "RFC 5545, by the hour, day, week, month or year, such as `FREQ=WEEKLY;BYDAY=SU`",
    maxLength: 500,
    "x-type": "recurrence rule",
    "x-default": "it happens once",
  }).optional(),
  time_zone: text(checkTimeZone, {
    description: "On whose wall clock the rule is worked out",
    "x-type": "IANA name",
    "x-default": "that of the page",
  }).optional(),
  announced: instant("When customers were told; told after the start it counts as an emergency", {
    "x-default": "when it is first applied",
  }).optional(),
  reminders: z
    .array(duration(REMINDER, { description: "How long before each start" }))
    .max(5)
    .meta({ description: "When subscribers are reminded", default: [] })
    .optional(),
  translations: z
    .strictObject({
      [LANGUAGES[0]]: WorkTranslation.meta({ description: "English" }).optional(),
      [LANGUAGES[1]]: WorkTranslation.meta({ description: "Korean" }).optional(),
      [LANGUAGES[2]]: WorkTranslation.meta({ description: "Russian" }).optional(),
    })
    .meta({ description: "Texts in other languages; what is left out is shown as it is", default: {} })
    .optional(),
});
export type MaintenanceFile = z.infer<typeof MaintenanceFile>;
