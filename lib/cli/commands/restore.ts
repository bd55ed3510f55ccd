import { resolve } from "node:path";
import { verifyBackupFile } from "#db/backup/backup-file.ts";
import { restoreBackup } from "#db/backup/restore-backup.ts";
import { copyProgress, parseFileArguments, withBackupUrl } from "#lib/cli/backup-target.ts";
import type { Command } from "#lib/cli/command.ts";
import { readEnvironment } from "#lib/config/env.ts";

export const command: Command = {
  summary: "put a backup into an empty database",
  usage: `Usage: nines restore FILE [--json]

The database must be empty: a new one behind DATABASE_URL, or a new data folder (NINES_DATA_DIR) for the embedded one.
The file is read to its end and checked before anything is done; a restore that fails leaves the database empty.
A backup of an older release is brought up to this one. Start with the NINES_SECRET_KEY of the backup.`,
  run: async (context) => {
    const { path, isJson } = parseFileArguments("restore", context.args);
    // Before a server is started or a folder made for it.
    const manifest = await verifyBackupFile(path);
    const progress = copyProgress(context, isJson);
    const dataFolder = async (): Promise<string> => resolve(readEnvironment(context.env).dataDir);
    const { tables, rows } = await withBackupUrl(context, dataFolder, (url) =>
      restoreBackup({ url, path, manifest, signal: context.signal, onProgress: progress.note }),
    ).finally(progress.end);
    context.stdout.write(
      isJson
        ? `${JSON.stringify({ ok: true, file: path, tables, rows })}\n`
        : `restored ${rows.toLocaleString("en")} rows of ${tables} tables from ${path}\n`,
    );
    return 0;
  },
};
