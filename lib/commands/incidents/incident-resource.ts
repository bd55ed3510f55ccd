import type { Incident } from "#db/queries/incidents.ts";
import type { IncidentResource } from "#lib/contracts/events.ts";
import type { EpochMs } from "#lib/core/units.ts";

const iso = (at: EpochMs): string => new Date(at).toISOString();
const isoOrNull = (at: EpochMs | null): string | null => (at === null ? null : iso(at));

/** The one way to make an IncidentResource: events, CLI and API agree because all come from here. */
export const incidentResource = (incident: Incident): IncidentResource => ({
  id: incident.id,
  name: incident.name,
  status: incident.status,
  impact: incident.impact,
  serviceIds: [...incident.serviceIds],
  startedAt: iso(incident.startedAt),
  monitoringAt: isoOrNull(incident.monitoringAt),
  resolvedAt: isoOrNull(incident.resolvedAt),
  createdAt: iso(incident.createdAt),
  updatedAt: iso(incident.updatedAt),
  updates: incident.updates.map((update) => ({
    id: update.id,
    status: update.status,
    body: update.body,
    affected: update.affected.map((one) => ({ ...one })),
    displayAt: iso(update.displayAt),
    createdAt: iso(update.createdAt),
    updatedAt: iso(update.updatedAt),
  })),
});
