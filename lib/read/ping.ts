import type { Database } from "#db/database.ts";
import { readConfigVersion } from "#db/queries/config.ts";

/** Asks the database the cheapest real question. @throws AppError DATABASE_TIMEOUT or DATABASE_UNREACHABLE. */
export const pingDatabase = async (database: Database): Promise<void> => {
  await database.read((db) => readConfigVersion(db));
};
