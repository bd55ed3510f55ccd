import type { IncidentCost } from "#db/queries/incident-costs.ts";
import type { Incident, IncidentUpdate, Translations } from "#lib/contracts/incident-resource.ts";
import { incidentHtml } from "#lib/contracts/markdown.ts";
import type { SnapshotIncident, SnapshotIncidentUpdate } from "#lib/contracts/snapshot-incidents.ts";
import { instantText } from "#lib/contracts/values.ts";
import { impactSpans } from "#lib/core/incidents/life.ts";
import type { EpochMs } from "#lib/core/units.ts";

const textOrNull = (at: EpochMs | null): string | null => (at === null ? null : instantText(at));

/** Only when there is any: what is empty is left out of the snapshot. */
const present = <Key extends string, Value>(key: Key, value: Value): { [K in Key]?: Value } =>
  Object.keys(value as object).length === 0 ? {} : ({ [key]: value } as { [K in Key]: Value });

const bodiesOf = (translations: Translations<{ readonly body: string }>) =>
  Object.fromEntries(
    Object.entries(translations).map(([language, { body }]) => [language, { body, bodyHtml: incidentHtml(body) }]),
  );

const updateOf = (update: IncidentUpdate): SnapshotIncidentUpdate => ({
  id: update.id,
  status: update.status,
  body: update.body,
  bodyHtml: incidentHtml(update.body),
  createdAt: instantText(update.createdAt),
  updatedAt: instantText(update.updatedAt),
  displayAt: instantText(update.displayAt),
  ...(update.notify ? {} : { notify: false }),
  affected: update.affected.map((one) => ({ ...one })),
  ...present("translations", bodiesOf(update.translations)),
});

const postmortemOf = (updates: readonly SnapshotIncidentUpdate[]): SnapshotIncident["postmortem"] => {
  const newest = updates.find(({ status }) => status === "postmortem");
  if (newest === undefined) return null;
  const { bodyHtml = "", displayAt, translations = {} } = newest;
  const texts = Object.fromEntries(
    Object.entries(translations).map(([language, text]) => [language, { bodyHtml: text.bodyHtml }]),
  );
  return { bodyHtml, publishedAt: displayAt, ...present("translations", texts) };
};

const spansOf = (incident: Incident, updates: readonly IncidentUpdate[]) => {
  const { startedAt, resolvedAt, impacts } = incident;
  const spans = impactSpans(updates, { startedAt, resolvedAt, impactOf: impacts });
  return incident.serviceIds.map((serviceId) => ({
    serviceId,
    spans: (spans.get(serviceId) ?? []).map(({ from, until, impact }) => ({
      from: instantText(from),
      until: textOrNull(until),
      impact,
    })),
  }));
};

/** A published incident as pages, feeds and `/api/v2` tell of it: what is only planned is left out, texts are safe HTML too. */
export const snapshotIncident = (incident: Incident, costs: readonly IncidentCost[]): SnapshotIncident => {
  const published = incident.updates.filter(({ publishedAt }) => publishedAt !== null);
  const updates = published.map(updateOf);
  return {
    id: incident.id,
    name: incident.name,
    status: incident.status,
    impact: incident.impact,
    startedAt: instantText(incident.startedAt),
    createdAt: instantText(incident.createdAt),
    updatedAt: instantText(incident.updatedAt),
    monitoringAt: textOrNull(incident.monitoringAt),
    resolvedAt: textOrNull(incident.resolvedAt),
    serviceIds: [...incident.serviceIds],
    updates,
    affected: incident.serviceIds.map((id) => ({ serviceId: id, impact: incident.impacts[id] ?? incident.impact })),
    impactSpans: spansOf(incident, published),
    ...(costs.length === 0 ? {} : { costs: costs.map(({ incidentId: _id, ...cost }) => cost) }),
    postmortem: postmortemOf(updates),
    ...present("translations", { ...incident.translations }),
  };
};
