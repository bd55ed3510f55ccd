import type { Database, Db } from "#db/database.ts";
import { readMaintenanceUpdates, readRuns } from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { readMaintenance, readMaintenances, readOccurrences } from "#db/queries/maintenances.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { maintenanceResource } from "#lib/contracts/maintenances.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs } from "#lib/core/units.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

/** Occurrences that are over are shown for this long. */
const SHOWN_MS = 30 * DAY_MS;

/** The resources of these rows, each with its occurrences of the last 30 days and those to come. */
const maintenanceResources = async (
  db: Db,
  rows: readonly MaintenanceRow[],
  now: EpochMs,
  since?: EpochMs,
): Promise<MaintenanceResource[]> => {
  const maintenanceIds = rows.map(({ id }) => id);
  const endedAfter = epochMs(Math.min(now - SHOWN_MS, since ?? now));
  const [occurrences, runs, updates] = [
    await readOccurrences(db, { maintenanceIds, endedAfter }),
    await readRuns(db, { maintenanceIds, endedAfter }),
    await readMaintenanceUpdates(db, { maintenanceIds, plannedAfter: addMs(endedAfter, -SHOWN_MS) }),
  ];
  const own = <One extends { readonly maintenanceId: string }>(list: readonly One[], id: string): One[] =>
    list.filter(({ maintenanceId }) => maintenanceId === id);
  return rows.map((row) =>
    maintenanceResource(
      row,
      { rows: own(occurrences, row.id), runs: own(runs, row.id), updates: own(updates, row.id) },
      now,
    ),
  );
};

type MaintenanceQuery = MemoryQuery & {
  readonly state?: MaintenanceResource["state"] | undefined;
  readonly serviceId?: string | undefined;
};

/** The newest maintenances with their occurrences since an instant, for a calendar that looks further back. */
export const calendarMaintenances = (
  database: Database,
  { limit, since }: { readonly limit: number; readonly since: EpochMs },
  now: EpochMs,
): Promise<MaintenanceResource[]> =>
  database.read(async (db) => maintenanceResources(db, (await readMaintenances(db)).slice(0, limit), now, since));

/** One page of the maintenances that match, the newest first. */
export const listMaintenances = (
  database: Database,
  query: MaintenanceQuery,
  now: EpochMs,
): Promise<PageFor<MemoryQuery, MaintenanceResource>> =>
  database.read(async (db) => {
    const all = await maintenanceResources(db, await readMaintenances(db), now);
    const { state, serviceId } = query;
    return listInMemory<MaintenanceResource, MemoryQuery>(
      all.filter(
        (one) =>
          (state === undefined || one.state === state) &&
          (serviceId === undefined || one.serviceIds.includes(serviceId)),
      ),
      query,
      {
        kind: "maintenances",
        textsOf: ({ id, title, author }) => [id, title, author],
        createdAtOf: ({ createdAt }) => createdAt,
      },
    );
  });

/** @throws AppError NOT_FOUND */
export const getMaintenance = (database: Database, id: string, now: EpochMs): Promise<MaintenanceResource> =>
  database.read(async (db) => {
    const row = await readMaintenance(db, id);
    if (row === null) throw new AppError("NOT_FOUND", "there is no maintenance with this id");
    const [resource] = await maintenanceResources(db, [row], now);
    return resource as MaintenanceResource;
  });
