import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Database } from "#db/database.ts";
import { openDatabase } from "#db/database.ts";
import { findRunningEmbedded } from "#db/embedded/index.ts";
import type { CommandContext } from "#lib/cli/command.ts";
import { DEMO_FOLDER } from "#lib/cli/start/settings.ts";
import { readEnvironment } from "#lib/config/env.ts";
import { AppError } from "#lib/core/errors.ts";

/** The data folders that a start from here may use: the real one first, then the demonstration's. */
const dataFolders = (env: CommandContext["env"]): readonly string[] => {
  const dataDir = resolve(readEnvironment(env).dataDir);
  return [dataDir, join(dataDir, DEMO_FOLDER)];
};

/** The data folder of the service that runs from here, or of its last run. */
export const currentDataFolder = async (env: CommandContext["env"]): Promise<string> => {
  const folders = dataFolders(env);
  for (const folder of folders) if ((await findRunningEmbedded(folder)) !== null) return folder;
  return folders.find((folder) => existsSync(join(folder, "postgres"))) ?? (folders[0] as string);
};

/** The address of the database of the running service: DATABASE_URL, or the embedded server of the data folder. */
export const findDatabaseUrl = async (env: CommandContext["env"]): Promise<string> => {
  const { databaseUrl } = readEnvironment(env);
  if (databaseUrl !== null) return databaseUrl;
  const folders = dataFolders(env);
  for (const folder of folders) {
    const url = await findRunningEmbedded(folder);
    if (url !== null) return url;
  }
  throw new AppError(
    "DATABASE_UNREACHABLE",
    `no service runs with its data in ${folders[0]}. Start it with "npm start" in the same folder, or set NINES_DATA_DIR or DATABASE_URL as it was started with.`,
  );
};

/** Opens the database of the running service for one command and closes it afterwards. */
export const withDatabase = async <T>(
  context: CommandContext,
  work: (database: Database) => Promise<T>,
): Promise<T> => {
  const database = openDatabase({
    url: await findDatabaseUrl(context.env),
    applicationName: "nines-cli",
    maxConnections: 2,
  });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
};
