import type { Database } from "#db/database.ts";
import type { SpentTokens } from "#db/queries/rate-limits.ts";
import { spendTokens } from "#db/queries/rate-limits.ts";

export type { SpentTokens };

/** Tells the other web instances what was spent here; returns what is left of each bucket, below 0 when all overdrew it. */
export const settleRateLimits = (
  database: Database,
  spent: readonly SpentTokens[],
): Promise<ReadonlyMap<string, number>> => database.transaction((tx) => spendTokens(tx, spent));
