import type { Tx } from "#db/database.ts";
import type { ExclusionRow } from "#db/queries/exclusions.ts";
import { approveExclusion as approveRow, readExclusion, revokeExclusion as revokeRow } from "#db/queries/exclusions.ts";
import { readMaintenanceIds } from "#db/queries/maintenances.ts";
import { tellChange } from "#lib/commands/tell-change.ts";
import type { ExclusionResource } from "#lib/contracts/exclusions.ts";
import { exclusionResource } from "#lib/contracts/exclusions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";

type Settling = {
  readonly id: string;
  /** The principal, as `author` of an exclusion has it. */
  readonly by: string;
  readonly actor: string;
  readonly now: EpochMs;
};

const lockExclusion = async (tx: Tx, id: string): Promise<{ row: ExclusionRow; maintenanceId: string | null }> => {
  const row = await readExclusion(tx, id, { lock: true });
  if (row === null) throw new AppError("NOT_FOUND", "there is no exclusion with this id");
  return { row, maintenanceId: (await readMaintenanceIds(tx, [id])).get(id) ?? null };
};

const assertApprovable = (row: ExclusionRow, by: string): void => {
  if (row.revokedAt !== null) throw new AppError("CONFLICT", "the exclusion is revoked");
  if (row.kind !== "retroactive")
    throw new AppError("CONFLICT", "only a retroactive exclusion waits for an approval; this one is in force");
  if (row.author === by) throw new AppError("CONFLICT", "a second person must approve: this is its author");
  if (row.approvedBy !== null && row.approvedBy !== by)
    throw new AppError("CONFLICT", `the exclusion was approved already, by ${row.approvedBy}`);
};

/**
 * A second person lets a retroactive exclusion count; again by the same person, it changes nothing.
 * @throws AppError NOT_FOUND; CONFLICT for its author, and for what is revoked, approved or needs no approval.
 */
export const approveExclusion = async (tx: Tx, args: Settling): Promise<ExclusionResource> => {
  const { id, by, now } = args;
  const { row, maintenanceId } = await lockExclusion(tx, id);
  assertApprovable(row, by);
  const before = exclusionResource(row, maintenanceId);
  if (row.approvedBy === by) return before;
  await approveRow(tx, { id, approvedBy: by, now });
  const after = exclusionResource({ ...row, approvedBy: by, approvedAt: now }, maintenanceId);
  await tellChange(tx, "exclusion.approved", { before, after }, args);
  return after;
};

/** Revokes an exclusion for good; again, it changes nothing. @throws AppError NOT_FOUND */
export const revokeExclusion = async (tx: Tx, args: Settling): Promise<ExclusionResource> => {
  const { id, by, now } = args;
  const { row, maintenanceId } = await lockExclusion(tx, id);
  const before = exclusionResource(row, maintenanceId);
  if (row.revokedAt !== null) return before;
  await revokeRow(tx, { id, revokedBy: by, now });
  const revokedAt = Math.max(row.createdAt, now);
  const after = exclusionResource({ ...row, revokedAt, revokedBy: by }, maintenanceId);
  await tellChange(tx, "exclusion.revoked", { before, after }, args);
  return after;
};
