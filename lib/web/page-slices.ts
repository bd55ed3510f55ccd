import { createHash } from "node:crypto";
import type { Snapshot, SnapshotIncident, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { Archive, ArchiveEntry } from "#lib/contracts/snapshot-archive.ts";
import { archiveByMonth, archivedIncidents } from "#lib/contracts/snapshot-archive.ts";
import { monthsOfHistory, olderMonths, recentMonths } from "#lib/contracts/snapshot-months.ts";
import { incidentsBeside } from "#lib/contracts/snapshot-neighbours.ts";
import { monthOf } from "#lib/core/status/history-months.ts";
import { localDate } from "#lib/core/status/local-days.ts";
import { epochMs, MINUTE_MS } from "#lib/core/units.ts";

/** A public page. Pages of one kind differ by what stands after the colon. */
export type PageId =
  | "home"
  | "incidents"
  | "maintenance"
  | "history"
  | "not-found"
  | `service:${string}`
  | `incident:${string}`
  | `history:${string}`;

type Kind = "home" | "incidents" | "maintenance" | "history" | "not-found" | "service" | "incident" | "month";

/** Where pages of a kind live. `{}` stands for the part that tells them apart, of which `form` is the pattern. */
const KINDS: readonly { kind: Kind; prefix: string; path: string; form: RegExp | null }[] = [
  { kind: "home", prefix: "home", path: "/", form: null },
  { kind: "incidents", prefix: "incidents", path: "/incidents", form: null },
  { kind: "maintenance", prefix: "maintenance", path: "/maintenance", form: null },
  { kind: "history", prefix: "history", path: "/history", form: null },
  { kind: "not-found", prefix: "not-found", path: "/not-found", form: null },
  { kind: "service", prefix: "service:", path: "/services/{}", form: /^[a-z0-9][a-z0-9-]{0,62}$/ },
  { kind: "incident", prefix: "incident:", path: "/incidents/{}", form: /^[A-Za-z0-9_-]{1,64}$/ },
  { kind: "month", prefix: "history:", path: "/history/{}", form: /^\d{4}-(?:0[1-9]|1[0-2])$/ },
];

const partsOf = (pageId: PageId): { kind: Kind; path: string; rest: string } => {
  for (const { kind, prefix, path, form } of KINDS) {
    if (form === null ? pageId === prefix : pageId.startsWith(prefix))
      return { kind, path, rest: pageId.slice(prefix.length) };
  }
  throw new RangeError(`there is no kind of page for "${pageId}"`);
};

/** Whether a text is the id of a page in one of the forms above. */
export const isPageId = (text: string): text is PageId =>
  KINDS.some(({ prefix, form }) =>
    form === null ? text === prefix : text.startsWith(prefix) && form.test(text.slice(prefix.length)),
  );

const servicePageId = (serviceId: string): PageId => `service:${serviceId}`;
const incidentPageId = (incidentId: string): PageId => `incident:${incidentId}`;

/** The page at a decoded path; null when no page could ever live there. "/not-found" is an address of nobody. */
export const pageIdAt = (path: string): PageId | null => {
  for (const { kind, prefix, path: pattern, form } of KINDS) {
    if (kind === "not-found") continue;
    if (form === null) {
      if (path === pattern) return prefix as PageId;
      continue;
    }
    const stem = pattern.slice(0, -2);
    if (path.startsWith(stem) && form.test(path.slice(stem.length)))
      return `${prefix}${path.slice(stem.length)}` as PageId;
  }
  return null;
};

/** The path of a page for browsers. */
export const publicPathOf = (pageId: PageId): string => {
  const { path, rest } = partsOf(pageId);
  return path.replace("{}", rest);
};

/** The internal route that renders it. */
export const renderPathOf = (pageId: PageId, language: string): string =>
  pageId === "home" ? `/render/${language}` : `/render/${language}${publicPathOf(pageId)}`;

/** The address as logs and metrics name it. */
export const routeOfPage = (pageId: PageId): string => {
  const { kind, path } = partsOf(pageId);
  return kind === "month" ? "/history/{month}" : path.replace("{}", "{id}");
};

export type PageHashes = {
  /** Changes with anything that the page shows, except when the data is from. */
  readonly content: string;
  /** Changes only with what must be seen at once: states, incidents, names. Figures may follow a few seconds later. */
  readonly urgent: string;
};

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");

const FIGURES: ReadonlySet<string> = new Set(["why", "lastKnown", "startDate", "days", "latencyMs", "latencyNowMs"]);

const urgentOfService = (service: SnapshotService) => ({
  ...Object.fromEntries(Object.entries(service).filter(([key]) => !FIGURES.has(key))),
  slos: service.slos.map(({ id, objective, windowDays, calendar, isMet, burning }) => ({
    id,
    objective,
    windowDays,
    calendar,
    isMet,
    burning: burning === null ? null : { since: burning.since, severity: burning.severity },
  })),
});

/** What pages show of a service that they only name. */
const nameOfService = ({ id, name, groupId, position }: SnapshotService) => ({ id, name, groupId, position });

/** How many days of bars a service has: the sum of the seconds lies in them, so they follow as figures do. */
const daysOfService = ({ id, days, startDate }: SnapshotService) => ({ id, days, startDate });

type Slice = { readonly urgent: unknown; readonly figures: unknown };

/** What every page has around it, whichever it is. A field that is new in the snapshot is part of every page. */
const frameOf = (snapshot: Snapshot) => {
  const {
    version: _version,
    builtAt: _built,
    dataAsOf,
    services: _services,
    incidents: _incidents,
    ...rest
  } = snapshot;
  const { maintenances: _maintenances, maintenanceRules: _rules, pages: _pages, archive: _archive, ...frame } = rest;
  // Times are told without their day on the day itself, so another day makes other pages.
  const today = localDate(epochMs(Date.parse(dataAsOf)), snapshot.page.timeZone);
  return { ...frame, today, page: { ...frame.page, updatedAt: null } };
};

/** What stands around a page about something long over: it does not follow the state of today, nor the day. */
const frameOfArchive = ({ isDemo, page, dataAsOf }: Snapshot) => ({
  isDemo,
  page: { ...page, updatedAt: null },
  // Dates of another year are told with it.
  year: localDate(epochMs(Date.parse(dataAsOf)), page.timeZone).slice(0, 4),
});

const NONE: Archive = [];
const stampOf = ({ kind, id, stamp }: ArchiveEntry): string => `${kind} ${id} ${stamp}`;

/** How much the archive has to tell of each month. */
const archiveCounts = ({ archive = NONE, page }: Snapshot): readonly string[] =>
  [...archiveByMonth(archive, page.timeZone)].map(([month, entries]) => {
    const incidents = entries.filter(({ kind }) => kind === "incident").length;
    return `${month} ${incidents} ${entries.length}`;
  });

const archivedIncident = ({ archive = NONE, incidents }: Snapshot, id: string): ArchiveEntry | null =>
  incidents.some((one) => one.id === id) ? null : (archivedIncidents(archive).get(id) ?? null);

/** An incident as a list names it: everything but what its updates say. */
const lineOfIncident = ({ updates, ...incident }: SnapshotIncident) => ({ ...incident, updates: updates.length });

/** Pages that say how long an open incident has lasted say so to the minute; others do not change by themselves. */
const minuteOf = ({ dataAsOf }: Snapshot, incidents: readonly SnapshotIncident[]): number | null =>
  incidents.some(({ resolvedAt }) => resolvedAt === null) ? Math.floor(Date.parse(dataAsOf) / MINUTE_MS) : null;

const isOlderMonth = (snapshot: Snapshot, month: string): boolean => month < (recentMonths(snapshot).at(-1) ?? month);

const sliceOf = (snapshot: Snapshot, pageId: PageId): Slice | null => {
  const { kind, rest } = partsOf(pageId);
  const frame = frameOf(snapshot);
  const { services, incidents } = snapshot;
  const maintenances = snapshot.maintenances ?? [];
  const names = services.map(nameOfService);
  switch (kind) {
    case "home":
      return { urgent: { frame, incidents, maintenances, services: services.map(urgentOfService) }, figures: services };
    case "service": {
      const service = services.find(({ id }) => id === rest);
      if (service === undefined) return null;
      const touches = (one: { serviceIds: readonly string[] }): boolean => one.serviceIds.includes(rest);
      const urgent = {
        frame,
        incidents: incidents.filter(touches),
        maintenances: maintenances.filter(touches),
        names,
        service: urgentOfService(service),
      };
      return { urgent, figures: service };
    }
    case "incident": {
      const incident = incidents.find(({ id }) => id === rest);
      const beside = incidentsBeside(snapshot, rest);
      if (incident !== undefined)
        return { urgent: { frame, incident, names, beside }, figures: minuteOf(snapshot, [incident]) };
      const archived = archivedIncident(snapshot, rest);
      return archived === null
        ? null
        : { urgent: { frame: frameOfArchive(snapshot), archived: stampOf(archived), names, beside }, figures: null };
    }
    case "incidents":
      return {
        urgent: { frame, incidents, names, archive: archiveCounts(snapshot) },
        figures: minuteOf(snapshot, incidents),
      };
    case "maintenance":
      return { urgent: { frame, maintenances, names }, figures: null };
    case "history":
    case "month": {
      const months = monthsOfHistory(snapshot);
      if (kind === "month" && !months.includes(rest)) return null;
      const archived = archiveByMonth(snapshot.archive ?? NONE, snapshot.page.timeZone)
        .get(rest)
        ?.map(stampOf);
      if (kind === "month" && isOlderMonth(snapshot, rest))
        return { urgent: { frame: frameOfArchive(snapshot), months, names, archived }, figures: null };
      const archive = kind === "history" ? archiveCounts(snapshot) : archived;
      const urgent = { frame, months, incidents: incidents.map(lineOfIncident), maintenances, names, archive };
      const begunIn = (at: string): string => monthOf(epochMs(Date.parse(at)), snapshot.page.timeZone);
      const told = kind === "history" ? incidents : incidents.filter(({ startedAt }) => begunIn(startedAt) === rest);
      return { urgent, figures: [services.map(daysOfService), minuteOf(snapshot, told)] };
    }
    case "not-found":
      return { urgent: { frame }, figures: null };
  }
};

/** Hashes of what a page shows of a snapshot; null when the page does not exist in it. */
export const hashesOf = (snapshot: Snapshot, pageId: PageId): PageHashes | null => {
  const slice = sliceOf(snapshot, pageId);
  return slice === null ? null : { content: hashOf(slice), urgent: hashOf(slice.urgent) };
};

/** Whether a page tells of something that the snapshot itself no longer holds. */
export const isArchivedPage = (snapshot: Snapshot, pageId: PageId): boolean => {
  const { kind, rest } = partsOf(pageId);
  if (kind === "incident") return archivedIncident(snapshot, rest) !== null;
  return kind === "month" && isOlderMonth(snapshot, rest) && monthsOfHistory(snapshot).includes(rest);
};

/** Pages that tell of what the snapshot itself no longer holds: months, then incidents, the newest first. */
export const archivedPagesOf = (snapshot: Snapshot): readonly PageId[] => [
  ...olderMonths(snapshot, recentMonths(snapshot)).map((month) => `history:${month}` as const),
  ...[...archivedIncidents(snapshot.archive ?? NONE).keys()]
    .filter((id) => !snapshot.incidents.some((one) => one.id === id))
    .map(incidentPageId),
];

/** Every page of a snapshot but those of its archive, the first one first. */
export const pagesOf = (snapshot: Snapshot): readonly PageId[] => [
  "home",
  ...snapshot.services.map(({ id }) => servicePageId(id)),
  "incidents",
  "maintenance",
  "history",
  ...snapshot.incidents.map(({ id }) => incidentPageId(id)),
  ...recentMonths(snapshot).map((month) => `history:${month}` as const),
  "not-found",
];
