import { z } from "zod";
import { overallState } from "#lib/core/status/rollup.ts";
import type { Snapshot, SnapshotIncident } from "./snapshot.ts";
import type { Archive, ArchivedDocuments } from "./snapshot-archive.ts";
import type { SnapshotPage } from "./snapshot-pages.ts";
import { MAIN_PAGE_ID } from "./snapshot-pages.ts";

/** The pages of a snapshot, the main page first. */
export const pagesOfSnapshot = (snapshot: Snapshot): readonly SnapshotPage[] =>
  snapshot.pages ?? [
    {
      id: MAIN_PAGE_ID,
      name: snapshot.page.name,
      url: snapshot.page.url,
      timeZone: snapshot.page.timeZone,
      languages: snapshot.page.languages,
      hosts: [],
      audience: { kind: "public" },
      serviceIds: snapshot.services.map(({ id }) => id),
    },
  ];

/** Services that no public page shows: to anybody who was not let in, they do not exist. */
export const hiddenServices = (snapshot: Snapshot): ReadonlySet<string> => {
  const shown = new Set(
    pagesOfSnapshot(snapshot).flatMap(({ audience, serviceIds }) => (audience.kind === "public" ? serviceIds : [])),
  );
  return new Set(snapshot.services.flatMap(({ id }) => (shown.has(id) ? [] : [id])));
};

type Shows = (serviceId: string) => boolean;

const namesOther = (value: unknown, shows: Shows): boolean =>
  typeof value === "object" &&
  value !== null &&
  "serviceId" in value &&
  typeof value.serviceId === "string" &&
  !shows(value.serviceId);

/**
 * A copy without list entries that are about a service (`serviceId`) of elsewhere, at any depth, and with lists of ids
 * (`serviceIds`) cut alike: so that a part which the snapshot gets later is cut without a word here.
 */
const cutDeep = <T>(value: T, shows: Shows): T => {
  if (Array.isArray(value)) {
    return value.filter((entry) => !namesOther(entry, shows)).map((entry: unknown) => cutDeep(entry, shows)) as T;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]: [string, unknown]) => [
      key,
      key === "serviceIds" ? (part as readonly string[]).filter(shows) : cutDeep(part, shows),
    ]),
  ) as T;
};

const IMPACTS = ["none", "minor", "major", "critical"] as const;
type Impact = (typeof IMPACTS)[number];

/** The worst of what is known of some services, and no more than is said of all. */
const mildest = (said: Impact, known: readonly { readonly impact: Impact }[]): Impact => {
  const worst = known.reduce((most, { impact }) => Math.max(most, IMPACTS.indexOf(impact)), 0);
  return IMPACTS[Math.min(worst, IMPACTS.indexOf(said))] ?? said;
};

/** What of an incident's event says how bad it is. */
const EventIncident = z.object({
  impact: z.enum(IMPACTS),
  affected: z.array(z.object({ serviceId: z.string(), impact: z.enum(IMPACTS) })),
});

/** An incident that also hits services of elsewhere: how bad it is for those that stand here, as far as that is known. */
const ownImpact = (cut: SnapshotIncident, whole: SnapshotIncident): SnapshotIncident => {
  if (whole.serviceIds.length === cut.serviceIds.length) return cut;
  const known = [...(cut.affected ?? []), ...(cut.impactSpans ?? []).flatMap(({ spans }) => spans)];
  if (known.length === 0) return cut;
  return { ...cut, impact: mildest(cut.impact, known) };
};

/** What names no service is told on the main page alone. */
const isTold = (serviceIds: readonly string[], shows: Shows, isMain: boolean): boolean =>
  serviceIds.length === 0 ? isMain : serviceIds.some(shows);

/**
 * The data of an event as one page may tell it, with nothing that names services of elsewhere. Null: it is not told there.
 * @param serviceIds what the event is about; none: the page as a whole.
 */
export const dataOnPage = (data: unknown, serviceIds: readonly string[], page: SnapshotPage): unknown => {
  const shows: Shows = (id) => page.serviceIds.includes(id);
  if (!isTold(serviceIds, shows, page.id === MAIN_PAGE_ID)) return null;
  const cut = cutDeep(data, shows);
  const incident = EventIncident.safeParse(cut).data;
  if (incident === undefined || serviceIds.every(shows) || incident.affected.length === 0) return cut;
  return { ...(cut as object), impact: mildest(incident.impact, incident.affected) };
};

/** The groups that services stand in. */
const cutGroups = ({ groups, services }: Snapshot, shows: Shows): Snapshot["groups"] => {
  const used = new Set(services.flatMap(({ id, groupId }) => (shows(id) && groupId !== null ? [groupId] : [])));
  return groups.filter(({ id }) => used.has(id)).map((group, index) => ({ ...group, position: index + 1 }));
};

/** What a page may show of things that are about services. */
const cutterOf = ({ id, serviceIds }: SnapshotPage) => {
  const ids = new Set(serviceIds);
  const shows: Shows = (serviceId) => ids.has(serviceId);
  const told = <T extends { readonly serviceIds: readonly string[] }>(items: readonly T[]): readonly T[] =>
    items.filter((item) => isTold(item.serviceIds, shows, id === MAIN_PAGE_ID));
  return {
    shows,
    cut: <T extends { readonly serviceIds: readonly string[] }>(items: readonly T[]): T[] =>
      told(items).map((item) => cutDeep(item, shows)),
    cutIncidents: (items: readonly SnapshotIncident[]): SnapshotIncident[] =>
      told(items).map((item) => ownImpact(cutDeep(item, shows), item)),
  };
};

/** Cut once for each page, so that what is worked out of an archive is worked out once too. */
const cutArchives = new WeakMap<Archive, Map<string, Snapshot["archive"]>>();

const archiveOnPage = (archive: Archive, page: SnapshotPage): Snapshot["archive"] => {
  const known = cutArchives.get(archive) ?? new Map<string, Snapshot["archive"]>();
  cutArchives.set(archive, known);
  const key = JSON.stringify([page.id === MAIN_PAGE_ID, page.serviceIds]);
  const found = known.get(key) ?? cutterOf(page).cut(archive);
  known.set(key, found);
  return found;
};

/** What a page may show of documents from the archive: as `viewOfPage` decides for what is in the snapshot. */
export const documentsOnPage = (
  { incidents, maintenances }: ArchivedDocuments,
  page: SnapshotPage,
  snapshot: Snapshot,
): ArchivedDocuments => {
  if (snapshot.pages === undefined) return { incidents, maintenances };
  const { cut, cutIncidents } = cutterOf(page);
  return { incidents: cutIncidents(incidents), maintenances: cut(maintenances) };
};

/**
 * What one page may show of a snapshot, as a snapshot of its own: its services and nothing that names others. Whatever
 * is served to outsiders is drawn from a view, so that there is one place that decides what they see.
 */
export const viewOfPage = (snapshot: Snapshot, page: SnapshotPage): Snapshot => {
  if (snapshot.pages === undefined) return snapshot;
  const { pages: _pages, ...whole } = snapshot;
  const { shows, cut, cutIncidents } = cutterOf(page);
  const services = snapshot.services.filter(({ id }) => shows(id));
  const incidents = cutIncidents(snapshot.incidents);
  const { name, url, timeZone, languages, description } = page;
  const changes = [...services, ...incidents].map(({ updatedAt }) => updatedAt);
  return {
    ...whole,
    page: {
      ...snapshot.page,
      name,
      url,
      timeZone,
      languages,
      ...(description === undefined ? {} : { description }),
      updatedAt: changes.reduce((newest, one) => (one > newest ? one : newest), snapshot.page.createdAt),
    },
    overall: overallState(services.map(({ published }) => published)),
    groups: cutGroups(snapshot, shows),
    services,
    incidents,
    ...(snapshot.maintenances === undefined ? {} : { maintenances: cut(snapshot.maintenances) }),
    ...(snapshot.maintenanceRules === undefined ? {} : { maintenanceRules: cut(snapshot.maintenanceRules) }),
    ...(snapshot.archive === undefined ? {} : { archive: archiveOnPage(snapshot.archive, page) }),
  };
};
