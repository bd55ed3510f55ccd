import type { Database } from "#db/database.ts";
import type { KeyTerms } from "#db/queries/rate-limits.ts";
import { readKeyTerms } from "#db/queries/rate-limits.ts";

export type { KeyTerms };

/** The version and tier of a key; null when there is no such key. */
export const loadKeyTerms = (database: Database, keyId: string): Promise<KeyTerms | null> =>
  database.read((db) => readKeyTerms(db, keyId));
