import type { Db } from "#db/database.ts";
import { Snapshot } from "#lib/contracts/snapshot.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/**
 * The newest snapshot when its version is above `newerThanVersion` (0 reads any), else null.
 * @throws ZodError when the stored document is not a snapshot.
 */
export const readSnapshot = async (db: Db, newerThanVersion: number): Promise<Snapshot | null> => {
  const rows = await db<{ document: string }[]>`
    select document::text as document from snapshots where version > ${newerThanVersion}`;
  const row = rows[0];
  return row === undefined ? null : Snapshot.parse(JSON.parse(row.document));
};

/** The version of the stored snapshot; 0 when none was ever published. */
export const readSnapshotVersion = async (db: Db): Promise<number> => {
  const rows = await db<{ version: string }[]>`select version::text as version from snapshots`;
  return Number(rows[0]?.version ?? 0);
};

/** As of when the data of the stored snapshot is; null when none was ever published. */
export const readSnapshotAsOf = async (db: Db): Promise<EpochMs | null> => {
  const rows = await db<{ at: string }[]>`select document ->> 'dataAsOf' as at from snapshots`;
  return rows[0] === undefined ? null : epochMs(Date.parse(rows[0].at));
};

/** Puts the snapshot in the place of the one before and tells listeners its version. */
export const writeSnapshot = async (db: Db, snapshot: Snapshot, builtAt: EpochMs): Promise<void> => {
  await db`
    insert into snapshots (version, document, built_at)
    values (${snapshot.version}, ${JSON.stringify(snapshot)}::text::jsonb, ${new Date(builtAt)})
    on conflict (only_row) do update
       set version = excluded.version, document = excluded.document, built_at = excluded.built_at, updated_at = now()`;
  await db`select pg_notify('nines_snapshot', ${String(snapshot.version)})`;
};
