import type { IncidentTemplateDefinition } from "#lib/core/incidents/template-definition.ts";
import type { MaintenanceDefinition, MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import { readRule } from "#lib/core/maintenance/rule.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { toDuration } from "../scalars.ts";
import type { IncidentTemplateFile, MaintenanceFile } from "../schema/desk.ts";

/** A template of the file as the engine knows it. */
export const toIncidentTemplate = (file: IncidentTemplateFile): IncidentTemplateDefinition => ({
  id: file.id,
  name: file.name,
  title: file.title,
  message: file.message,
  status: file.status ?? "investigating",
  impact: file.impact ?? "minor",
  affected: (file.affected ?? []).map(({ service, impact }) => ({ serviceId: service, impact })),
  translations: file.translations ?? {},
});

const textsOf = (translations: NonNullable<MaintenanceFile["translations"]>): MaintenanceTexts =>
  Object.fromEntries(
    Object.entries(translations).map(([language, { title, description }]) => [language, { title, body: description }]),
  );

const instantOf = (text: string) => epochMs(Date.parse(text));

/** Planned work of the file as the engine knows it. */
export const toMaintenance = (file: MaintenanceFile, pageTimeZone: string): MaintenanceDefinition => ({
  id: file.id,
  title: file.title,
  description: file.description ?? "",
  impact: file.impact ?? "none",
  serviceIds: [...new Set(file.services)],
  startsAt: instantOf(file.start),
  durationMs: toDuration(file.duration) as DurationMs,
  rrule: file.rrule === undefined ? null : readRule(file.rrule),
  timeZone: file.time_zone ?? pageTimeZone,
  announcedAt: file.announced === undefined ? null : instantOf(file.announced),
  reminders: (file.reminders ?? []).map((length) => toDuration(length) / MINUTE_MS),
  ...(file.translations === undefined ? {} : { translations: textsOf(file.translations) }),
});
