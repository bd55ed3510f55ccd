import type { Db } from "#db/database.ts";
import type { MaintenanceRun } from "#db/queries/maintenance-runs.ts";
import { readMaintenanceUpdates, readRuns, readRunsToShow } from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { readMaintenances } from "#db/queries/maintenances.ts";
import type { SnapshotMaintenance, SnapshotMaintenanceRule } from "#lib/contracts/snapshot-maintenances.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import { snapshotMaintenance } from "#lib/read/snapshot-maintenance.ts";

/** The part of a snapshot that tells of planned work. */
export type MaintenancePart = {
  readonly maintenances: SnapshotMaintenance[];
  readonly maintenanceRules: SnapshotMaintenanceRule[];
};

/** What is over is shown for as long as the bars of days. */
const SHOWN_MS = 90 * DAY_MS;
const MOST_SHOWN = 60;

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

const ruleOf = (row: MaintenanceRow, runs: readonly MaintenanceRun[]): SnapshotMaintenanceRule => {
  const own = runs.filter(({ maintenanceId }) => maintenanceId === row.id);
  const different = own.filter(({ state, startsAt, endsAt, plannedFor }) => {
    const isCanceled = state === "canceled" && row.canceledAt === null;
    return isCanceled || (state !== "canceled" && (startsAt !== plannedFor || endsAt - startsAt !== row.durationMs));
  });
  return {
    maintenanceId: row.id,
    name: row.title,
    description: row.body === "" ? null : row.body,
    serviceIds: [...row.serviceIds],
    startsAt: iso(row.startsAt),
    durationMs: row.durationMs,
    rrule: row.rrule ?? "",
    timeZone: row.timeZone,
    createdAt: iso(row.createdAt),
    // Not when occurrences were added: that changes nothing for a calendar.
    updatedAt: iso(Math.max(row.createdAt, row.canceledAt ?? 0, ...own.map(({ updatedAt }) => updatedAt))),
    canceledAt: isoOrNull(row.canceledAt),
    sequence: row.sequence,
    exceptions: different.map(({ plannedFor, state, startsAt, endsAt, sequence }) => ({
      plannedFor: iso(plannedFor),
      moved: state === "canceled" ? null : { from: iso(startsAt), until: iso(endsAt) },
      sequence,
    })),
  };
};

const OPEN: ReadonlySet<string> = new Set(["scheduled", "in_progress", "verifying"]);

/** Planned and running ones, the soonest first, then what is over, the newest first; and the rules behind those that recur. */
export const readMaintenancePart = async (db: Db, now: EpochMs): Promise<MaintenancePart> => {
  const rows = await readMaintenances(db);
  if (rows.length === 0) return { maintenances: [], maintenanceRules: [] };
  const endedAfter = addMs(now, -SHOWN_MS);
  const shown = await readRunsToShow(db, { endedAfter, most: MOST_SHOWN });
  const rules = rows.filter((row) => row.rrule !== null && (row.canceledAt === null || row.canceledAt > endedAfter));
  const runs = await readRuns(db, { maintenanceIds: rules.map(({ id }) => id), endedAfter });
  const maintenanceIds = [...new Set(shown.map(({ maintenanceId }) => maintenanceId))];
  const said = await readMaintenanceUpdates(db, { maintenanceIds, plannedAfter: addMs(endedAfter, -SHOWN_MS) });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const maintenances = shown.flatMap((run) => {
    const row = byId.get(run.maintenanceId);
    return row === undefined ? [] : [snapshotMaintenance(run, row, said)];
  });
  const open = maintenances.filter(({ status }) => OPEN.has(status));
  const over = maintenances.filter(({ status }) => !OPEN.has(status));
  return {
    maintenances: [
      ...open.toSorted((a, b) => a.scheduledFor.localeCompare(b.scheduledFor) || a.id.localeCompare(b.id)),
      ...over.toSorted((a, b) => b.scheduledUntil.localeCompare(a.scheduledUntil) || a.id.localeCompare(b.id)),
    ],
    maintenanceRules: rules
      .filter(({ id }) => runs.some(({ maintenanceId }) => maintenanceId === id))
      .map((row) => ruleOf(row, runs)),
  };
};
