import type { Database, Db } from "#db/database.ts";
import type { ArchiveStamp } from "#db/queries/archive.ts";
import { readArchiveMark, readArchiveStamps } from "#db/queries/archive.ts";
import { readIncidentCosts } from "#db/queries/incident-costs.ts";
import { readPublicIncidents } from "#db/queries/incidents.ts";
import { readMaintenanceUpdates, readRunsPlannedFor } from "#db/queries/maintenance-runs.ts";
import { readMaintenances } from "#db/queries/maintenances.ts";
import type { SnapshotIncident } from "#lib/contracts/snapshot-incidents.ts";
import type { SnapshotMaintenance } from "#lib/contracts/snapshot-maintenances.ts";
import { addMs, epochMs } from "#lib/core/units.ts";
import { snapshotIncident } from "./snapshot-incident.ts";
import { snapshotMaintenance } from "./snapshot-maintenance.ts";

const READ_DEADLINE_MS = 10_000;

/** Something that is over, by a key that never changes. */
export type Archivable = { readonly key: string; readonly stamp: string; readonly source: ArchiveStamp };

export type ArchivedDocument =
  | { readonly kind: "incident"; readonly key: string; readonly document: SnapshotIncident }
  | { readonly kind: "maintenance"; readonly key: string; readonly document: SnapshotMaintenance };

const keyOf = (source: ArchiveStamp): string =>
  source.kind === "incident"
    ? `incident ${source.id}`
    : `maintenance ${source.id} ${new Date(source.plannedFor).toISOString()}`;

/**
 * Everything that is over, one line each; null while the mark is still `knownMark`.
 * @throws AppError DATABASE_TIMEOUT or DATABASE_UNREACHABLE.
 */
export const readArchivable = (
  database: Database,
  knownMark: string | null,
): Promise<{ readonly mark: string; readonly all: readonly Archivable[] } | null> =>
  database.read(
    async (db) => {
      const mark = await readArchiveMark(db);
      if (mark === knownMark) return null;
      const all = (await readArchiveStamps(db)).map((source) => ({
        key: keyOf(source),
        stamp: source.stamp,
        source,
      }));
      return { mark, all };
    },
    { deadlineMs: READ_DEADLINE_MS },
  );

const readIncidentDocuments = async (db: Db, ids: readonly string[]): Promise<ArchivedDocument[]> => {
  if (ids.length === 0) return [];
  const costs = Map.groupBy(await readIncidentCosts(db, ids), ({ incidentId }) => incidentId);
  return (await readPublicIncidents(db, ids)).map((incident) => ({
    kind: "incident",
    key: `incident ${incident.id}`,
    document: snapshotIncident(incident, costs.get(incident.id) ?? []),
  }));
};

type RunSource = Extract<ArchiveStamp, { kind: "maintenance" }>;

const readMaintenanceDocuments = async (db: Db, sources: readonly RunSource[]): Promise<ArchivedDocument[]> => {
  if (sources.length === 0) return [];
  const rows = new Map((await readMaintenances(db)).map((row) => [row.id, row]));
  const runs = await readRunsPlannedFor(
    db,
    sources.map(({ id, plannedFor }) => ({ maintenanceId: id, plannedFor })),
  );
  const first = epochMs(Math.min(...runs.map(({ plannedFor }) => plannedFor)));
  const maintenanceIds = [...new Set(runs.map(({ maintenanceId }) => maintenanceId))];
  const said = await readMaintenanceUpdates(db, { maintenanceIds, plannedAfter: addMs(first, -1) });
  return runs.flatMap((run) => {
    const row = rows.get(run.maintenanceId);
    if (row === undefined) return [];
    const { maintenanceId: id, plannedFor } = run;
    const key = keyOf({ kind: "maintenance", id, plannedFor, stamp: "" });
    return [{ kind: "maintenance" as const, key, document: snapshotMaintenance(run, row, said) }];
  });
};

/** The documents of some of them; what has gone meanwhile is left out. Some dozens at a time. */
export const readArchivedDocuments = (
  database: Database,
  wanted: readonly Archivable[],
): Promise<readonly ArchivedDocument[]> =>
  database.read(
    async (db) => {
      const sources = wanted.map(({ source }) => source);
      const ids = sources.flatMap((source) => (source.kind === "incident" ? [source.id] : []));
      const runs = sources.flatMap((source) => (source.kind === "maintenance" ? [source] : []));
      return [...(await readIncidentDocuments(db, ids)), ...(await readMaintenanceDocuments(db, runs))];
    },
    { deadlineMs: READ_DEADLINE_MS },
  );
