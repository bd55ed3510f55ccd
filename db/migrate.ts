import { AppError } from "#lib/core/errors.ts";
import type { Db } from "./database.ts";
import { openDatabase } from "./database.ts";
import type { MigrationFile } from "./migration-files.ts";
import { MIGRATIONS_FOLDER, pendingMigrations, readMigrationFiles } from "./migration-files.ts";
import {
  applyMigration,
  createMigrationsTable,
  lockMigrations,
  readAppliedMigrations,
  readServerVersion,
} from "./queries/migrations.ts";

const OLDEST_SERVER = 150_000;
/** Long enough for another instance to finish its migrations. */
const LOCK_WAIT_MS = 60_000;
const FILE_DEADLINE_MS = 30 * 60_000;

export type MigrateArgs = { readonly url: string; readonly folder?: string; readonly lockWaitMs?: number };

/** @throws AppError DATABASE_TOO_OLD for a server older than PostgreSQL 15. */
export const requireServerVersion = async (db: Db): Promise<void> => {
  const version = await readServerVersion(db);
  if (version >= OLDEST_SERVER) return;
  throw new AppError(
    "DATABASE_TOO_OLD",
    `the server is PostgreSQL ${Math.floor(version / 10_000)}; Nines needs 15 or newer`,
  );
};

/** Applies `file` unless another instance did so while we waited. Returns whether it was us. */
const applyOnce = async (
  tx: Db,
  { file, files, lockWaitMs }: { file: MigrationFile; files: readonly MigrationFile[]; lockWaitMs: number },
): Promise<boolean> => {
  try {
    await lockMigrations(tx, lockWaitMs);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "55P03") throw error;
    throw new AppError(
      "DATABASE_TIMEOUT",
      `another instance has been migrating for ${lockWaitMs} ms; try again when it is done`,
      { cause: error },
    );
  }
  await createMigrationsTable(tx);
  if (!pendingMigrations(files, await readAppliedMigrations(tx)).includes(file)) return false;
  await applyMigration(tx, file);
  return true;
};

/**
 * Brings a database to the newest migration. Each file is one transaction under an advisory lock, so that any number of
 * instances may start at once and one that is killed halfway leaves nothing half done. Returns the names it applied.
 * @throws AppError DATABASE_TOO_OLD, DATABASE_TOO_NEW, MIGRATION_CHANGED, DATABASE_UNREACHABLE, DATABASE_TIMEOUT, DISK_FULL
 */
export const migrate = async ({
  url,
  folder = MIGRATIONS_FOLDER,
  lockWaitMs = LOCK_WAIT_MS,
}: MigrateArgs): Promise<{ applied: string[] }> => {
  const files = await readMigrationFiles(folder);
  const database = openDatabase({ url, applicationName: "nines-migrate", maxConnections: 1 });
  const applied: string[] = [];
  try {
    const pending = await database.read(async (db) => {
      await requireServerVersion(db);
      return pendingMigrations(files, await readAppliedMigrations(db));
    });
    for (const file of pending) {
      const isOurs = await database.transaction((tx) => applyOnce(tx, { file, files, lockWaitMs }), {
        deadlineMs: FILE_DEADLINE_MS,
      });
      if (isOurs) applied.push(file.name);
    }
    return { applied };
  } finally {
    await database.close();
  }
};
