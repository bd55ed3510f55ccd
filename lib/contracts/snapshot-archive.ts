import { z } from "zod";
import { LANGUAGES } from "#lib/core/languages.ts";
import type { Month } from "#lib/core/status/history-months.ts";
import { monthOf } from "#lib/core/status/history-months.ts";
import { epochMs } from "#lib/core/units.ts";
import { SnapshotInstant as Instant } from "./public-state.ts";
import type { SnapshotIncident } from "./snapshot-incidents.ts";
import type { SnapshotMaintenance } from "./snapshot-maintenances.ts";
import { statuspageId } from "./statuspage-id.ts";

/**
 * What is over, as one line each: enough to know which pages exist, what they are called and whether they changed. What
 * was said lies in a document of its own, which is read when a page is drawn from it.
 */
export const ArchiveEntry = z.strictObject({
  kind: z.enum(["incident", "maintenance"]),
  id: z.string(),
  name: z.string(),
  translations: z.partialRecord(z.enum(LANGUAGES), z.strictObject({ name: z.string() })).optional(),
  /** When it began. */
  at: Instant,
  serviceIds: z.array(z.string()),
  /** Another one, another text. */
  stamp: z.string(),
});
export type ArchiveEntry = z.infer<typeof ArchiveEntry>;

/** The newest first. */
export type Archive = readonly ArchiveEntry[];

/** What the documents of some entries hold. */
export type ArchivedDocuments = {
  readonly incidents: readonly SnapshotIncident[];
  readonly maintenances: readonly SnapshotMaintenance[];
};

type Shelf = {
  readonly byMonth: Map<string, ReadonlyMap<Month, Archive>>;
  incidents: ReadonlyMap<string, ArchiveEntry> | null;
  shortIds: ReadonlyMap<string, string> | null;
};

/** Worked out once for each archive, which is never changed in place. */
const shelves = new WeakMap<Archive, Shelf>();

const shelfOf = (archive: Archive): Shelf => {
  const known = shelves.get(archive);
  if (known !== undefined) return known;
  const shelf: Shelf = { byMonth: new Map(), incidents: null, shortIds: null };
  shelves.set(archive, shelf);
  return shelf;
};

/** Entries by the month of a zone in which they began; months without any are not in it. */
export const archiveByMonth = (archive: Archive, timeZone: string): ReadonlyMap<Month, Archive> => {
  const { byMonth } = shelfOf(archive);
  let months = byMonth.get(timeZone);
  if (months === undefined) {
    months = Map.groupBy(archive, ({ at }) => monthOf(epochMs(Date.parse(at)), timeZone));
    byMonth.set(timeZone, months);
  }
  return months;
};

/** Incidents of an archive by id. */
export const archivedIncidents = (archive: Archive): ReadonlyMap<string, ArchiveEntry> => {
  const shelf = shelfOf(archive);
  shelf.incidents ??= new Map(
    archive.filter(({ kind }) => kind === "incident").map((entry): [string, ArchiveEntry] => [entry.id, entry]),
  );
  return shelf.incidents;
};

/** The id of the incident that the Statuspage API names so; null: it is not in the archive. */
export const archivedIdOf = (archive: Archive, shortId: string): string | null => {
  const shelf = shelfOf(archive);
  shelf.shortIds ??= new Map(
    [...archivedIncidents(archive).keys()].map((id): [string, string] => [statuspageId("incident", id), id]),
  );
  return shelf.shortIds.get(shortId) ?? null;
};
