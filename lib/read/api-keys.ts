import type { Database } from "#db/database.ts";
import { readApiKeys } from "#db/queries/api-keys.ts";
import type { ApiKeyResource } from "#lib/contracts/api-keys.ts";
import { keyResource } from "#lib/contracts/api-keys.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

/** One page of the keys, the newest first. */
export const listKeys = async <Query extends MemoryQuery>(
  database: Database,
  query: Query,
  now: EpochMs,
): Promise<PageFor<Query, ApiKeyResource>> => {
  const keys = await database.read(readApiKeys);
  return listInMemory(
    keys.map((key) => keyResource(key, now)),
    query,
    { kind: "keys", textsOf: ({ id, name }) => [id, name], createdAtOf: ({ createdAt }) => createdAt },
  );
};
