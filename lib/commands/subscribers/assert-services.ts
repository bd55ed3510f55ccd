import type { Db } from "#db/database.ts";
import { readServices } from "#db/queries/config.ts";
import { AppError } from "#lib/core/errors.ts";

/**
 * Services that a subscriber may follow. Whoever signs up is a stranger, so no id is suggested: it could be of a service that
 * is on no public page. @throws AppError INVALID_REQUEST
 */
export const assertServices = async (db: Db, ids: readonly string[]): Promise<void> => {
  if (ids.length === 0) return;
  const known = new Set((await readServices(db)).map(({ id }) => id));
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) throw new AppError("INVALID_REQUEST", `there is no service "${unknown}"`);
};
