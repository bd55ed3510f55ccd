import type { Config } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { IncidentTemplateDefinition } from "#lib/core/incidents/template-definition.ts";
import type { MaintenanceDefinition } from "#lib/core/maintenance/definition.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";
import type { Section } from "./context.ts";
import { known, said, unless } from "./context.ts";

const exportTemplate = ({ affected, translations, ...template }: IncidentTemplateDefinition): Section =>
  said({
    ...template,
    affected: unless(
      affected.map(({ serviceId, impact }) => ({ service: serviceId, impact })),
      [],
    ),
    translations: unless(translations, {}),
  });

const instantText = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

const exportMaintenance = (one: MaintenanceDefinition): Section =>
  said({
    id: one.id,
    title: one.title,
    description: unless(one.description, ""),
    impact: one.impact,
    services: one.serviceIds,
    start: instantText(one.startsAt),
    duration: formatDuration(one.durationMs),
    rrule: known(one.rrule),
    time_zone: one.timeZone,
    announced: one.announcedAt === null ? undefined : instantText(one.announcedAt),
    reminders: unless(
      one.reminders.map((minutes) => formatDuration(durationMs(minutes * MINUTE_MS))),
      [],
    ),
    translations: unless(
      Object.fromEntries(
        Object.entries(one.translations ?? {}).map(([language, { title, body }]) => [
          language,
          said({ title, description: body }),
        ]),
      ),
      {},
    ),
  });

/** The sections `sandbox`, `telemetry`, `incident_templates` and `maintenances` in the words of the file. */
export const exportDesk = ({ isSandbox, telemetry, incidentTemplates, maintenances }: Config): Section => ({
  sandbox: isSandbox,
  telemetry: telemetry === undefined ? undefined : { trace_url: telemetry.traceUrl },
  incident_templates: incidentTemplates?.map(exportTemplate),
  maintenances: maintenances?.map(exportMaintenance),
});
