import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Pool, Tx } from "../connection.ts";
import { requireServerVersion } from "../migrate.ts";
import type { StoredTable } from "../queries/backup.ts";
import {
  prepareCopySession,
  readIdentityColumns,
  readReferences,
  readSequence,
  readStoredTables,
} from "../queries/backup.ts";
import { readAppliedMigrations, readServerVersion } from "../queries/migrations.ts";
import { listPartitions } from "../queries/partitions.ts";
import type { BackupWriter } from "./backup-file.ts";
import { writeBackupFile } from "./backup-file.ts";
import { copyOut } from "./copy.ts";
import type { BackupManifest, BackupPart, BackupSequence, BackupTable } from "./manifest.ts";
import { FORMAT, FORMAT_VERSION, MANIFEST_NAME, sha256Of } from "./manifest.ts";
import { runCopySession } from "./session.ts";
import { sortTables } from "./sort-tables.ts";

/** How far a backup or a restore is. */
export type CopyProgress = (progress: { readonly table: string; readonly rows: number }) => void;

export type CopyResult = { readonly tables: number; readonly rows: number; readonly bytes: number };

/** The migrations table is not copied: a restore makes it by migrating. */
export const MIGRATIONS_TABLE = "migrations";
const PART_BYTES = 4_194_304;
const PROGRESS_EVERY = 10_000;

/** COPY writes a line feed within a value as two other characters, so every one ends a row. */
const countLines = (chunk: Buffer): number => {
  let count = 0;
  for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count += 1;
  return count;
};

const backUpTable = async (
  pool: Pool,
  args: { tx: Tx; table: StoredTable; writer: BackupWriter; onProgress: CopyProgress },
): Promise<BackupTable> => {
  const { tx, table, writer, onProgress } = args;
  const parts: BackupPart[] = [];
  let chunks: Buffer[] = [];
  let size = 0;
  let rows = 0;
  const flush = async (): Promise<void> => {
    if (size === 0) return;
    const bytes = Buffer.concat(chunks, size);
    const name = `tables/${table.name}/${String(parts.length + 1).padStart(6, "0")}.copy`;
    chunks = [];
    size = 0;
    parts.push({ name, bytes: bytes.length, sha256: sha256Of(bytes) });
    await writer.add({ name, bytes });
  };
  const onRows = (chunk: Buffer): Promise<void> | undefined => {
    chunks.push(chunk);
    size += chunk.length;
    const before = rows;
    rows += countLines(chunk);
    if (Math.floor(rows / PROGRESS_EVERY) > Math.floor(before / PROGRESS_EVERY))
      onProgress({ table: table.name, rows });
    return size >= PART_BYTES ? flush() : undefined;
  };
  await copyOut(pool, { tx, table: table.name, columns: table.columns, onRows });
  await flush();
  onProgress({ table: table.name, rows });
  return { name: table.name, columns: table.columns, rows, parts };
};

const readSequences = async (tx: Tx): Promise<BackupSequence[]> => {
  const sequences: BackupSequence[] = [];
  for (const { table, column, sequence } of await readIdentityColumns(tx)) {
    sequences.push({ table, column, ...(await readSequence(tx, sequence)) });
  }
  return sequences;
};

const backUpAll = async (
  pool: Pool,
  args: { tx: Tx; writer: BackupWriter; now: EpochMs; onProgress: CopyProgress },
): Promise<BackupManifest> => {
  const { tx, writer, now, onProgress } = args;
  await requireServerVersion(tx);
  await prepareCopySession(tx);
  const migrations = await readAppliedMigrations(tx);
  if (migrations.length === 0) throw new AppError("NOT_FOUND", "the database holds no data of Nines");
  const stored = sortTables(await readStoredTables(tx), await readReferences(tx));
  const tables: BackupTable[] = [];
  for (const table of stored) {
    if (table.name !== MIGRATIONS_TABLE) tables.push(await backUpTable(pool, { tx, table, writer, onProgress }));
  }
  const manifest: BackupManifest = {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    createdAt: new Date(now).toISOString(),
    serverVersion: await readServerVersion(tx),
    migrations: migrations.map(({ name, sha256 }) => ({ name, sha256 })),
    partitions: (await listPartitions(tx)).map(({ name }) => name),
    tables,
    sequences: await readSequences(tx),
  };
  await writer.add({ name: MANIFEST_NAME, bytes: Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`) });
  return manifest;
};

export type BackupArgs = {
  readonly url: string;
  readonly path: string;
  readonly now: EpochMs;
  readonly signal: AbortSignal;
  readonly onProgress: CopyProgress;
};

/**
 * Writes everything in a database to one file, as it was at one instant; the service may go on meanwhile. What is
 * encrypted in the database stays so: without NINES_SECRET_KEY the secrets in the file are of no use.
 * @throws AppError CONFLICT (the file exists), NOT_FOUND, DISK_FULL, PERMISSION_DENIED, DATABASE_UNREACHABLE, DATABASE_TIMEOUT
 */
export const writeBackup = async ({ url, path, now, signal, onProgress }: BackupArgs): Promise<CopyResult> => {
  const done: { manifest?: BackupManifest } = {};
  const bytes = await writeBackupFile(path, async (writer) => {
    done.manifest = await runCopySession({
      url,
      applicationName: "nines-backup",
      mode: "isolation level repeatable read read only",
      signal,
      work: (tx, pool) => backUpAll(pool, { tx, writer, now, onProgress }),
    });
  });
  const tables = done.manifest?.tables ?? [];
  return { tables: tables.length, rows: tables.reduce((sum, table) => sum + table.rows, 0), bytes };
};
