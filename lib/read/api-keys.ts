import type { Database } from "#db/database.ts";
import { readApiKeys } from "#db/queries/api-keys.ts";
import type { ApiKeyResource } from "#lib/contracts/api-keys.ts";
import { keyResource } from "#lib/contracts/api-keys.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";

/** One page of the keys, the newest first. */
export const listKeys = async (database: Database, paging: Paging, now: EpochMs): Promise<Listed<ApiKeyResource>> => {
  const keys = await database.read(readApiKeys);
  return paginate(
    "keys",
    keys.map((key) => keyResource(key, now)),
    paging,
  );
};
