import type { Tx } from "#db/database.ts";
import { insertExclusion, readExclusion, revokeExclusion } from "#db/queries/exclusions.ts";
import type { MaintenanceRun } from "#db/queries/maintenance-runs.ts";
import { moveOccurrence, readRuns, writeRun } from "#db/queries/maintenance-runs.ts";
import type { MaintenanceRow } from "#db/queries/maintenances.ts";
import { readOccurrences } from "#db/queries/maintenances.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs } from "#lib/core/units.ts";
import { exclusionIdOf } from "./store-occurrences.ts";

const LONGEST_MS = 31 * DAY_MS;

const assertFree = async (tx: Tx, run: MaintenanceRun, startsAt: EpochMs): Promise<void> => {
  const others = await readRuns(tx, { maintenanceIds: [run.maintenanceId], endedAfter: addMs(startsAt, -1) });
  if (others.some((one) => one.plannedFor !== run.plannedFor && one.startsAt === startsAt))
    throw new AppError("CONFLICT", "another occurrence of this maintenance begins then");
};

/**
 * Gives an occurrence another time. Exclusions are never changed, so each is revoked and one for the new time is added; one that
 * somebody revoked by hand stays revoked. Its kind stays as it was: the caller sees to it that nothing is added that has passed.
 * @throws AppError INVALID_REQUEST, CONFLICT
 */
export const setTimes = async (
  tx: Tx,
  args: {
    readonly row: MaintenanceRow;
    readonly run: MaintenanceRun;
    readonly startsAt: EpochMs;
    readonly endsAt: EpochMs;
    readonly by: string;
    readonly now: EpochMs;
  },
): Promise<MaintenanceRun> => {
  const { row, run, by, now } = args;
  const startsAt = epochMs(Math.floor(args.startsAt / 1_000) * 1_000);
  // A span needs a length, even of work that ends in the second in which it began.
  const endsAt = epochMs(Math.max(Math.ceil(args.endsAt / 1_000) * 1_000, startsAt + 1_000));
  if (endsAt - startsAt > LONGEST_MS) throw new AppError("INVALID_REQUEST", "a maintenance lasts 31 days at most");
  if (startsAt === run.startsAt && endsAt === run.endsAt) return run;
  await assertFree(tx, run, startsAt);
  const rows = await readOccurrences(tx, { maintenanceIds: [row.id], endedAfter: addMs(run.startsAt, -1) });
  const sequence = run.sequence + 1;
  for (const { serviceId, exclusionId, plannedFor } of rows.filter((one) => one.plannedFor === run.plannedFor)) {
    const known = await readExclusion(tx, exclusionId);
    const isInForce = known?.revokedAt === null;
    const id = isInForce ? exclusionIdOf(row.id, `${serviceId}\n${sequence}`, plannedFor) : exclusionId;
    if (isInForce) {
      await revokeExclusion(tx, { id: exclusionId, revokedBy: by, now });
      const { kind, reason, scope } = known;
      await insertExclusion(tx, { id, scope, kind, startsAt, endsAt, reason, author: by, createdAt: now });
    }
    await moveOccurrence(tx, { maintenanceId: row.id, serviceId, plannedFor, startsAt, endsAt, exclusionId: id });
  }
  const moved: MaintenanceRun = { ...run, startsAt, endsAt, sequence, updatedAt: now };
  await writeRun(tx, moved);
  return moved;
};
