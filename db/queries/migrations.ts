import type { Db } from "../database.ts";
import type { AppliedMigration, MigrationFile } from "../migration-files.ts";

/** "nine" and "migr" as numbers: whoever migrates holds this pair until its transaction ends. */
const LOCK = { space: 0x6e696e65, subject: 0x6d696772 } as const;

/** PostgreSQL's `server_version_num`: 150004 is 15.4. */
export const readServerVersion = async (db: Db): Promise<number> => {
  const rows = await db<{ version: string }[]>`select current_setting('server_version_num') as version`;
  return Number(rows[0]?.version);
};

/** Waits for other migrations to end; gives up with 55P03 (lock_not_available) after `waitMs`. */
export const lockMigrations = async (tx: Db, waitMs: number): Promise<void> => {
  await tx`select set_config('lock_timeout', ${String(waitMs)}, true)`;
  await tx`select pg_advisory_xact_lock(${LOCK.space}::int, ${LOCK.subject}::int)`;
};

/** Applied migrations in order; none when the database was never migrated. */
export const readAppliedMigrations = async (db: Db): Promise<AppliedMigration[]> => {
  const tables = await db<{ exists: boolean }[]>`select to_regclass('migrations') is not null as exists`;
  if (tables[0]?.exists !== true) return [];
  return db<AppliedMigration[]>`select name, sha256 from migrations order by name`;
};

/** Makes the table that remembers what was applied. Needs the lock of `lockMigrations`. */
export const createMigrationsTable = async (tx: Db): Promise<void> => {
  await tx`
    create table if not exists migrations (
      name       text primary key check (name ~ '^[0-9]{4}_[a-z0-9_]+[.]sql$'),
      sha256     text not null check (sha256 ~ '^[0-9a-f]{64}$'),
      created_at timestamptz not null default now()
    )`;
};

/** Runs one file and remembers it, in the caller's transaction. */
export const applyMigration = async (tx: Db, { name, sql, sha256 }: MigrationFile): Promise<void> => {
  // eslint-disable-next-line no-restricted-syntax -- a migration is a file of this release, never input
  await tx.unsafe(sql);
  await tx`insert into migrations (name, sha256) values (${name}, ${sha256})`;
};
