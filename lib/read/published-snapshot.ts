import type { Database } from "#db/database.ts";
import { readSnapshot, readSnapshotVersion } from "#db/queries/snapshots.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";

const READ_DEADLINE_MS = 2_000;

/**
 * The published snapshot when its version differs from `knownVersion` (0: none is known), else null. A lower version
 * is news too: the database may have been restored or replaced.
 * @throws AppError DATABASE_TIMEOUT or DATABASE_UNREACHABLE.
 */
export const readPublishedSnapshot = (database: Database, knownVersion: number): Promise<Snapshot | null> =>
  database.read(async (db) => ((await readSnapshotVersion(db)) === knownVersion ? null : readSnapshot(db, 0)), {
    deadlineMs: READ_DEADLINE_MS,
  });

/** Calls back at each publication. A hint only. */
export const listenForSnapshots = (database: Database, onHint: () => void): Promise<() => Promise<void>> =>
  database.listen("nines_snapshot", onHint);
