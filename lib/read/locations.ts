import type { Database } from "#db/database.ts";
import { readLocationList } from "#db/queries/static-lists.ts";
import type { LocationResource } from "#lib/contracts/locations.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

/** One page of the locations, in the order of the file or as `sort` says; by count with `offset`. */
export const listLocations = async (
  database: Database,
  query: MemoryQuery,
): Promise<PageFor<MemoryQuery, LocationResource>> => {
  const rows = await database.read(readLocationList);
  const all = rows.map((row): LocationResource => ({ ...row, managedBy: "file" }));
  return listInMemory(all, query, { kind: "locations", textsOf: ({ id, name }) => [id, name] });
};
