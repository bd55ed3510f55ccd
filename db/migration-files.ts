import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "#lib/core/errors.ts";

/** The migrations of this release. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL("./migrations", import.meta.url));

export type MigrationFile = { readonly name: string; readonly sql: string; readonly sha256: string };
export type AppliedMigration = { readonly name: string; readonly sha256: string };

const NAME = /^\d{4}_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/;

/**
 * Reads the numbered files of a folder in order. Line endings do not count: a checkout may have changed them.
 * @throws AppError INTERNAL when a name is not `0001_what_it_does.sql` or a number is missing or used twice.
 */
export const readMigrationFiles = async (folder: string = MIGRATIONS_FOLDER): Promise<MigrationFile[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name, index) => {
      if (!NAME.test(name) || Number(name.slice(0, 4)) !== index + 1) {
        const wanted = String(index + 1).padStart(4, "0");
        throw new AppError("INTERNAL", `the migration ${name} should be named ${wanted}_what_it_does.sql`);
      }
      const sql = (await readFile(join(folder, name), "utf8")).replaceAll("\r\n", "\n");
      return { name, sql, sha256: createHash("sha256").update(sql).digest("hex") };
    }),
  );
};

/**
 * The files that are still to be applied, in order.
 * @throws AppError DATABASE_TOO_NEW when the database knows migrations beyond the newest file, MIGRATION_CHANGED when an
 * applied one differs from its file or has none.
 */
export const pendingMigrations = (
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): MigrationFile[] => {
  const newest = files.at(-1)?.name ?? "";
  const beyond = applied.find(({ name }) => name.slice(0, 4) > newest.slice(0, 4));
  if (beyond !== undefined) {
    throw new AppError(
      "DATABASE_TOO_NEW",
      `the database has ${beyond.name}, this release ends with ${newest}. Start the newer release or restore a backup.`,
    );
  }
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { name, sha256 } of applied) {
    const file = byName.get(name);
    if (file?.sha256 === sha256) continue;
    const how = file === undefined ? "has no file in this release" : "differs from the file of this release";
    throw new AppError(
      "MIGRATION_CHANGED",
      `${name} was applied to the database and ${how}. Start an unchanged release.`,
    );
  }
  const done = new Set(applied.map(({ name }) => name));
  return files.filter(({ name }) => !done.has(name));
};
