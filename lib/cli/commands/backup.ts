import { writeBackup } from "#db/backup/write-backup.ts";
import { hasEmbedded } from "#db/embedded/index.ts";
import { copyProgress, formatBytes, parseFileArguments, withBackupUrl } from "#lib/cli/backup-target.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { currentDataFolder } from "#lib/cli/open-database.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";

/** The data folder in use. A backup of nothing would only make an empty server. */
const findData = async (env: CommandContext["env"]): Promise<string> => {
  const dataDir = await currentDataFolder(env);
  if (hasEmbedded(dataDir)) return dataDir;
  throw new AppError(
    "NOT_FOUND",
    `${dataDir} holds no database. Set NINES_DATA_DIR or DATABASE_URL as the service was started with.`,
  );
};

export const command: Command = {
  summary: "write the whole database to one file, while the service runs or not",
  usage: `Usage: nines backup FILE [--json]

Writes everything (runs, buckets, SLOs, alerts, events, deliveries, incidents, configuration) as it is at one instant.
Secrets stay encrypted: keep NINES_SECRET_KEY, or the key file of the data folder, in another safe place.
Uses DATABASE_URL when it is set, else the embedded database of NINES_DATA_DIR.`,
  run: async (context) => {
    const { path, isJson } = parseFileArguments("backup", context.args);
    const progress = copyProgress(context, isJson);
    const result = await withBackupUrl(context, findData, (url) =>
      writeBackup({ url, path, now: systemClock.now(), signal: context.signal, onProgress: progress.note }),
    ).finally(progress.end);
    const { tables, rows, bytes } = result;
    context.stdout.write(
      isJson
        ? `${JSON.stringify({ ok: true, file: path, tables, rows, bytes })}\n`
        : `${path}: ${rows.toLocaleString("en")} rows of ${tables} tables, ${formatBytes(bytes)}\n`,
    );
    return 0;
  },
};
