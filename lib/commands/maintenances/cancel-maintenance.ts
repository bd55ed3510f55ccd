import type { Tx } from "#db/database.ts";
import { readExclusion, revokeExclusion } from "#db/queries/exclusions.ts";
import type { MaintenanceRun } from "#db/queries/maintenance-runs.ts";
import { bumpSequence, readRuns, writeRun } from "#db/queries/maintenance-runs.ts";
import { cancelMaintenanceRow, readOccurrences } from "#db/queries/maintenances.ts";
import { tellChange } from "#lib/commands/tell-change.ts";
import type { MaintenanceResource } from "#lib/contracts/maintenances.ts";
import { AppError } from "#lib/core/errors.ts";
import { stateAt } from "#lib/core/maintenance/lifecycle.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import { assertNotOfFile, lockMaintenance, lockRun, maintenanceNow, tellMaintenance } from "./maintenance-parts.ts";

export type Cancellation = {
  readonly id: string;
  /** Which occurrence; left out: every one that has not begun, and those that the rule would still give. */
  readonly plannedFor?: EpochMs | undefined;
  readonly reason: string | null;
  readonly by: string;
  readonly actor: string;
  readonly now: EpochMs;
};

/** The rows stay, and so do calendars' entries: as canceled. */
const cancelRuns = async (
  tx: Tx,
  runs: readonly MaintenanceRun[],
  { id, by, now }: Pick<Cancellation, "id" | "by" | "now">,
): Promise<void> => {
  const planned = new Set(runs.map(({ plannedFor }) => plannedFor));
  const rows = await readOccurrences(tx, { maintenanceIds: [id], endedAfter: now });
  for (const { exclusionId } of rows.filter(({ plannedFor }) => planned.has(plannedFor))) {
    const known = await readExclusion(tx, exclusionId);
    if (known?.revokedAt === null) await revokeExclusion(tx, { id: exclusionId, revokedBy: by, now });
  }
  for (const run of runs)
    await writeRun(tx, { ...run, state: "canceled", sequence: run.sequence + 1, canceledAt: now, updatedAt: now });
};

const cancelOne = async (tx: Tx, args: Cancellation): Promise<MaintenanceResource> => {
  const { id, now, actor } = args;
  const row = await lockMaintenance(tx, id);
  const run = await lockRun(tx, row, args);
  const about = run.plannedFor;
  const before = await maintenanceNow(tx, row, { now, about });
  if (run.state === "canceled") return before;
  if (stateAt(run, now) !== "scheduled")
    throw new AppError("CONFLICT", "the occurrence has begun: it can only be ended");
  await cancelRuns(tx, [run], args);
  await bumpSequence(tx, id, now);
  const after = await maintenanceNow(tx, await lockMaintenance(tx, id), { now, about });
  await tellMaintenance(
    tx,
    "maintenance.canceled",
    { before, after },
    { actor, now, key: new Date(about).toISOString() },
  );
  return after;
};

/**
 * Cancels what has not begun: exclusions of later occurrences are revoked, one in progress stays as it is, and so do the rows.
 * Again, it changes nothing. With `plannedFor` one occurrence alone. @throws AppError NOT_FOUND, CONFLICT
 */
export const cancelMaintenance = async (tx: Tx, args: Cancellation): Promise<MaintenanceResource> => {
  if (args.plannedFor !== undefined) return cancelOne(tx, args);
  const { id, reason, by, now } = args;
  const row = await lockMaintenance(tx, id);
  assertNotOfFile(row, args.actor, "remove it");
  const before = await maintenanceNow(tx, row, { now });
  if (row.canceledAt !== null) return before;
  await cancelMaintenanceRow(tx, { id, now, by, reason });
  const rest = await readRuns(tx, { maintenanceIds: [id], endedAfter: addMs(now, -1), lock: true });
  await cancelRuns(
    tx,
    rest.filter((run) => stateAt(run, now) === "scheduled"),
    args,
  );
  const after = await maintenanceNow(tx, await lockMaintenance(tx, id), { now });
  await tellChange(tx, "maintenance.canceled", { before, after }, args);
  return after;
};
