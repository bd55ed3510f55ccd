import type { Snapshot } from "./snapshot.ts";
import type { Archive } from "./snapshot-archive.ts";
import { archivedIncidents } from "./snapshot-archive.ts";
import type { SnapshotIncident } from "./snapshot-incidents.ts";

/** As much of an incident as a link to it says. */
export type IncidentLine = Pick<SnapshotIncident, "id" | "name" | "translations">;

const NONE: Archive = [];

type Place = IncidentLine & { readonly at: string };

const isBefore = (a: { at: string; id: string }, b: { at: string; id: string }): boolean =>
  a.at === b.at ? a.id < b.id : a.at < b.at;

/** The incidents that began just before and just after one of a snapshot or its archive; null where there is none. */
export const incidentsBeside = (
  { incidents, archive = NONE }: Snapshot,
  id: string,
): { readonly earlier: IncidentLine | null; readonly later: IncidentLine | null } => {
  const recent = new Map(
    incidents.map(({ startedAt, ...one }): [string, Place] => [
      one.id,
      { id: one.id, name: one.name, translations: one.translations, at: startedAt },
    ]),
  );
  const own = recent.get(id) ?? archivedIncidents(archive).get(id);
  let earlier: Place | null = null;
  let later: Place | null = null;
  const weigh = (one: Place): void => {
    if (own === undefined || one.id === id) return;
    if (isBefore(one, own)) {
      if (earlier === null || isBefore(earlier, one)) earlier = one;
    } else if (later === null || isBefore(one, later)) later = one;
  };
  for (const one of recent.values()) weigh(one);
  for (const { kind, at, id: other, name, translations } of archive)
    if (kind === "incident" && !recent.has(other)) weigh({ id: other, name, translations, at });
  return { earlier: lineOf(earlier), later: lineOf(later) };
};

const lineOf = (place: Place | null): IncidentLine | null =>
  place === null ? null : { id: place.id, name: place.name, translations: place.translations };
