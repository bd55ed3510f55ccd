import type { EpochMs } from "#lib/core/units.ts";
import type { IncidentLanguage, IncidentPublication, IncidentResource } from "./incidents.ts";
import type { PublicState } from "./public-state.ts";
import type { IncidentImpact, IncidentStatus } from "./snapshot-incidents.ts";
import { instantText } from "./values.ts";

export type AffectedService = {
  readonly serviceId: string;
  readonly oldState: PublicState;
  readonly newState: PublicState;
};

export type Impacts = Readonly<Record<string, IncidentImpact>>;
/** Texts by language, for those that have one. */
export type Translations<Text> = Readonly<Partial<Record<IncidentLanguage, Text>>>;

export type IncidentUpdate = {
  readonly id: string;
  readonly incidentId: string;
  readonly status: IncidentStatus;
  /** Markdown. */
  readonly body: string;
  readonly affected: readonly AffectedService[];
  /** The impact of the incident from here on; null: as before. */
  readonly impact: IncidentImpact | null;
  /** Impacts of single services from here on. */
  readonly impacts: Impacts;
  readonly displayAt: EpochMs;
  /** When it is to be published by itself; null: not planned. */
  readonly publishAt: EpochMs | null;
  /** Null: nobody outside sees it yet. */
  readonly publishedAt: EpochMs | null;
  /** Whether subscribers are told. */
  readonly notify: boolean;
  readonly translations: Translations<{ readonly body: string }>;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

export type Incident = {
  readonly id: string;
  readonly name: string;
  readonly status: IncidentStatus;
  readonly impact: IncidentImpact;
  readonly origin: "person" | "alert";
  readonly startedAt: EpochMs;
  readonly monitoringAt: EpochMs | null;
  readonly resolvedAt: EpochMs | null;
  /** Null: a draft. */
  readonly publishedAt: EpochMs | null;
  readonly publishAt: EpochMs | null;
  readonly discardedAt: EpochMs | null;
  readonly mergedInto: string | null;
  /** When a person changed it first. */
  readonly handledAt: EpochMs | null;
  readonly asksAt: EpochMs | null;
  readonly translations: Translations<{ readonly name: string }>;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly serviceIds: readonly string[];
  /** Of every service of `serviceIds`, now. */
  readonly impacts: Impacts;
  readonly alertIds: readonly string[];
  /** Newest first, those that are not published yet too. */
  readonly updates: readonly IncidentUpdate[];
};

const textOrNull = (at: EpochMs | null): string | null => (at === null ? null : instantText(at));

/** Where an incident stands between a draft and the page. */
export const publicationOf = (
  incident: Pick<Incident, "mergedInto" | "discardedAt" | "publishedAt" | "publishAt">,
): IncidentPublication => {
  if (incident.mergedInto !== null) return "merged";
  if (incident.discardedAt !== null) return "discarded";
  if (incident.publishedAt !== null) return "published";
  return incident.publishAt === null ? "draft" : "scheduled";
};

const updateResource = (update: IncidentUpdate): IncidentResource["updates"][number] => ({
  id: update.id,
  status: update.status,
  body: update.body,
  affected: update.affected.map((one) => ({ ...one })),
  impacts: Object.entries(update.impacts).map(([serviceId, impact]) => ({ serviceId, impact })),
  displayAt: instantText(update.displayAt),
  publishAt: update.publishedAt === null ? textOrNull(update.publishAt) : null,
  publishedAt: textOrNull(update.publishedAt),
  notify: update.notify,
  translations: update.translations,
  createdAt: instantText(update.createdAt),
  updatedAt: instantText(update.updatedAt),
});

/**
 * The one way to make an IncidentResource: events, CLI and API agree because all come from here. Updates that are not
 * published are left out of published incidents unless they are asked for: events go to outsiders.
 */
export const incidentResource = (
  incident: Incident,
  { withPlanned = false }: { readonly withPlanned?: boolean } = {},
): IncidentResource => ({
  id: incident.id,
  name: incident.name,
  status: incident.status,
  impact: incident.impact,
  publication: publicationOf(incident),
  origin: incident.origin,
  serviceIds: [...incident.serviceIds],
  affected: incident.serviceIds.map((serviceId) => ({
    serviceId,
    impact: incident.impacts[serviceId] ?? incident.impact,
  })),
  alertIds: [...incident.alertIds],
  mergedInto: incident.mergedInto,
  startedAt: instantText(incident.startedAt),
  monitoringAt: textOrNull(incident.monitoringAt),
  resolvedAt: textOrNull(incident.resolvedAt),
  publishAt: incident.publishedAt === null ? textOrNull(incident.publishAt) : null,
  publishedAt: textOrNull(incident.publishedAt),
  isHandled: incident.handledAt !== null || incident.origin === "person",
  asksToResolve: incident.asksAt !== null,
  translations: incident.translations,
  createdAt: instantText(incident.createdAt),
  updatedAt: instantText(incident.updatedAt),
  updates: incident.updates
    .filter((update) => withPlanned || incident.publishedAt === null || update.publishedAt !== null)
    .map(updateResource),
});
