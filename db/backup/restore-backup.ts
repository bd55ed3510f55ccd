import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Pool, Tx } from "../connection.ts";
import { requireServerVersion } from "../migrate.ts";
import { pendingMigrations, readMigrationFiles } from "../migration-files.ts";
import {
  countRows,
  emptyTables,
  hasRows,
  prepareCopySession,
  readStoredTables,
  setSequence,
} from "../queries/backup.ts";
import { applyMigration, createMigrationsTable, lockMigrations, readAppliedMigrations } from "../queries/migrations.ts";
import { ensurePartitions } from "../queries/partitions.ts";
import { readBackupFile } from "./backup-file.ts";
import { copyIn } from "./copy.ts";
import type { BackupManifest } from "./manifest.ts";
import { MANIFEST_NAME, sha256Of } from "./manifest.ts";
import { runCopySession } from "./session.ts";
import type { ArchiveEntry } from "./tar.ts";
import type { BackupArgs, CopyProgress, CopyResult } from "./write-backup.ts";
import { MIGRATIONS_TABLE } from "./write-backup.ts";

const LOCK_WAIT_MS = 10_000;
/** Filled by a migration, not by people. */
const SEEDED_TABLES = new Set([MIGRATIONS_TABLE, "outcome_classes", "subscriber_progress"]);

const sameMigrations = (a: BackupManifest["migrations"], b: BackupManifest["migrations"]): boolean =>
  a.length === b.length && a.every(({ name, sha256 }, index) => b[index]?.name === name && b[index]?.sha256 === sha256);

/** Passes when there is no table at all, or the very tables of the backup without a row. */
const requireEmpty = async (tx: Tx, manifest: BackupManifest): Promise<void> => {
  const tables = (await readStoredTables(tx)).map(({ name }) => name);
  if (tables.length === 0) return;
  if (!sameMigrations(await readAppliedMigrations(tx), manifest.migrations)) {
    throw new AppError(
      "RESTORE_NOT_EMPTY",
      "the database has tables that differ from those of the backup. Restore into a new, empty database.",
    );
  }
  for (const name of tables) {
    if (SEEDED_TABLES.has(name) || !(await hasRows(tx, name))) continue;
    throw new AppError(
      "RESTORE_NOT_EMPTY",
      `the database holds data already (table ${name}). Restore into a new, empty database.`,
    );
  }
};

/** Brings an empty database to the tables of the backup. */
const makeTables = async (tx: Tx, manifest: BackupManifest): Promise<void> => {
  const files = await readMigrationFiles();
  pendingMigrations(files, manifest.migrations);
  const wanted = new Set(manifest.migrations.map(({ name }) => name));
  await createMigrationsTable(tx);
  for (const file of pendingMigrations(files, await readAppliedMigrations(tx))) {
    if (wanted.has(file.name)) await applyMigration(tx, file);
  }
  const names = new Set((await readStoredTables(tx)).map(({ name }) => name));
  const unknown = manifest.tables.find(({ name }) => !names.has(name));
  if (unknown !== undefined)
    throw new AppError("BACKUP_INVALID", `the backup holds a table ${unknown.name} that its migrations do not make`);
  await emptyTables(
    tx,
    manifest.tables.map(({ name }) => name),
  );
  for (const name of manifest.partitions) {
    const digits = name.slice(-8);
    const from = Date.parse(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}T00:00:00Z`);
    await ensurePartitions(tx, { from: from as EpochMs, until: (from + 1) as EpochMs });
  }
};

/** The parts of one table from the file's entries, which come in the manifest's order. */
async function* partsOf(
  entries: AsyncGenerator<ArchiveEntry>,
  table: BackupManifest["tables"][number],
): AsyncGenerator<Buffer> {
  for (const part of table.parts) {
    const next = await entries.next();
    const isSame = next.done !== true && next.value.name === part.name && sha256Of(next.value.bytes) === part.sha256;
    if (!isSame) throw new AppError("BACKUP_INVALID", "the file changed while it was read");
    yield next.value.bytes;
  }
}

const fillTables = async (
  pool: Pool,
  args: { tx: Tx; manifest: BackupManifest; path: string; onProgress: CopyProgress },
): Promise<void> => {
  const { tx, manifest, path, onProgress } = args;
  const entries = readBackupFile(path);
  try {
    for (const table of manifest.tables) {
      const { name, columns, rows } = table;
      if (table.parts.length > 0) await copyIn(pool, { tx, table: name, columns, chunks: partsOf(entries, table) });
      const count = await countRows(tx, name);
      if (count !== rows)
        throw new AppError("BACKUP_INVALID", `the table ${name} got ${count} rows instead of ${rows}`);
      onProgress({ table: name, rows });
    }
    const last = await entries.next();
    if (last.done === true || last.value.name !== MANIFEST_NAME)
      throw new AppError("BACKUP_INVALID", "the file changed while it was read");
  } finally {
    await entries.return(undefined);
  }
};

const restoreAll = async (
  pool: Pool,
  args: { tx: Tx; manifest: BackupManifest; path: string; onProgress: CopyProgress },
): Promise<void> => {
  const { tx, manifest } = args;
  await requireServerVersion(tx);
  await prepareCopySession(tx);
  await lockMigrations(tx, LOCK_WAIT_MS);
  await requireEmpty(tx, manifest);
  await makeTables(tx, manifest);
  await fillTables(pool, args);
  for (const sequence of manifest.sequences) await setSequence(tx, sequence);
  for (const file of pendingMigrations(await readMigrationFiles(), manifest.migrations)) await applyMigration(tx, file);
};

export type RestoreArgs = Omit<BackupArgs, "now"> & {
  /** What `verifyBackupFile` returned for the file. */
  readonly manifest: BackupManifest;
};

/**
 * Puts a backup into an empty database, of any major version from 15 on, and migrates it to this release. One
 * transaction: after a failure the database is as empty as before.
 * @throws AppError BACKUP_INVALID, RESTORE_NOT_EMPTY, DATABASE_TOO_OLD, DATABASE_TOO_NEW, MIGRATION_CHANGED, DISK_FULL,
 * DATABASE_UNREACHABLE, DATABASE_TIMEOUT
 */
export const restoreBackup = async (args: RestoreArgs): Promise<Omit<CopyResult, "bytes">> => {
  const { url, path, manifest, signal, onProgress } = args;
  await runCopySession({
    url,
    applicationName: "nines-restore",
    mode: "read write",
    signal,
    work: (tx, pool) => restoreAll(pool, { tx, manifest, path, onProgress }),
  });
  return { tables: manifest.tables.length, rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0) };
};
