import { readConfigDocument } from "#db/queries/config.ts";
import type { Database } from "./web-context.ts";

const READ_DEADLINE_MS = 2_000;

/** The folder that the page is written to as files; null where none is configured. @throws what the database throws */
export const readStaticSiteDirectory = (database: Database): Promise<string | null> =>
  database.read(async (db) => (await readConfigDocument(db))?.staticSiteDirectory ?? null, {
    deadlineMs: READ_DEADLINE_MS,
  });
