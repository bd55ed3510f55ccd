import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CopyProgress } from "#db/backup/write-backup.ts";
import { findRunningEmbedded, startEmbedded } from "#db/embedded/index.ts";
import type { CommandContext } from "#lib/cli/command.ts";
import { readEnvironment } from "#lib/config/env.ts";
import { AppError } from "#lib/core/errors.ts";
import { createLogger } from "#lib/runtime/logger.ts";

/** `FILE [--json]`. @throws AppError USAGE */
export const parseFileArguments = (name: string, args: readonly string[]): { path: string; isJson: boolean } => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: "boolean", default: false } },
      allowPositionals: true,
      strict: true,
    });
    const file = positionals[0];
    if (file === undefined || positionals.length > 1) throw new Error("one file name is due");
    return { path: resolve(file), isJson: values.json };
  } catch (error) {
    throw new AppError("USAGE", `nines ${name}: ${(error as Error).message}`, { cause: error });
  }
};

/**
 * Calls `work` with the address of the database: DATABASE_URL, else the embedded server of the data folder, which is
 * started for the time of the work unless it runs.
 */
export const withBackupUrl = async <T>(
  { env }: CommandContext,
  findDataFolder: (env: CommandContext["env"]) => Promise<string>,
  work: (url: string) => Promise<T>,
): Promise<T> => {
  const { databaseUrl, logLevel } = readEnvironment(env);
  if (databaseUrl !== null) return work(databaseUrl);
  const dataDir = await findDataFolder(env);
  const running = await findRunningEmbedded(dataDir);
  if (running !== null) return work(running);
  const server = await startEmbedded({ dataDir, log: createLogger({ service: "nines", level: logLevel ?? "warn" }) });
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
};

/** One line on a terminal that says how far the copy is; silent elsewhere. */
export const copyProgress = ({ stderr }: CommandContext, isJson: boolean): { note: CopyProgress; end: () => void } => {
  const isShown = !isJson && (stderr as { isTTY?: boolean }).isTTY === true;
  if (!isShown) return { note: () => undefined, end: () => undefined };
  return {
    note: ({ table, rows }) => void stderr.write(`\r\u001b[K  ${table}: ${rows.toLocaleString("en")} rows`),
    end: () => void stderr.write("\r\u001b[K"),
  };
};

/** `12.3 MB`: decimal units. */
export const formatBytes = (bytes: number): string => {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
};
