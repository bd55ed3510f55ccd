import { createHash } from "node:crypto";
import type { Snapshot, SnapshotService } from "#lib/contracts/snapshot.ts";

/** A public page: the first one, or that of a service. */
export type PageId = "home" | `service:${string}`;

export const servicePageId = (serviceId: string): PageId => `service:${serviceId}`;
const serviceIdOf = (pageId: PageId): string | null => (pageId === "home" ? null : pageId.slice("service:".length));

/** The path of a page for browsers, and the internal route that renders it. */
export const publicPathOf = (pageId: PageId): string => (pageId === "home" ? "/" : `/services/${serviceIdOf(pageId)}`);
export const renderPathOf = (pageId: PageId, language: string): string =>
  pageId === "home" ? `/render/${language}` : `/render/${language}/services/${serviceIdOf(pageId)}`;

export type PageHashes = {
  /** Changes with anything that the page shows, except when the data is from. */
  readonly content: string;
  /** Changes only with what must be seen at once: states, incidents, names. Figures may follow a few seconds later. */
  readonly urgent: string;
};

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");

const urgentOfService = (service: SnapshotService) => ({
  id: service.id,
  name: service.name,
  description: service.description,
  groupId: service.groupId,
  position: service.position,
  hasData: service.hasData,
  published: service.published,
  measured: service.measured,
  updatedAt: service.updatedAt,
  slos: service.slos.map(({ id, objective, windowDays, calendar, isMet, burning }) => ({
    id,
    objective,
    windowDays,
    calendar,
    isMet,
    burning: burning === null ? null : { since: burning.since, severity: burning.severity },
  })),
});

/** Hashes of what a page shows of a snapshot; null when the page does not exist in it. */
export const hashesOf = (snapshot: Snapshot, pageId: PageId): PageHashes | null => {
  const serviceId = serviceIdOf(pageId);
  const services = serviceId === null ? snapshot.services : snapshot.services.filter(({ id }) => id === serviceId);
  if (serviceId !== null && services.length === 0) return null;
  const shared = {
    page: { ...snapshot.page, updatedAt: null },
    isDemo: snapshot.isDemo,
    overall: snapshot.overall,
    groups: snapshot.groups,
    incidents: snapshot.incidents.filter((incident) => serviceId === null || incident.serviceIds.includes(serviceId)),
  };
  return {
    content: hashOf({ shared, services }),
    urgent: hashOf({ shared, services: services.map(urgentOfService) }),
  };
};

/** Every page of a snapshot, the first one first. */
export const pagesOf = (snapshot: Snapshot): readonly PageId[] => [
  "home",
  ...snapshot.services.map(({ id }) => servicePageId(id)),
];
