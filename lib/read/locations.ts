import type { Database } from "#db/database.ts";
import { readLocationList } from "#db/queries/static-lists.ts";
import type { LocationResource } from "#lib/contracts/locations.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";
import type { OffsetListed } from "./sorting.ts";
import { isFound, offsetListed, sortedBy, sortedKind } from "./sorting.ts";

type LocationQuery = Paging & {
  readonly q?: string | undefined;
  readonly sort?: readonly SortKey[] | undefined;
  readonly offset?: number | undefined;
};

/** One page of the locations, in the order of the file or as `sort` says; by count with `offset`. */
export const listLocations = async (
  database: Database,
  query: LocationQuery,
): Promise<Listed<LocationResource> | OffsetListed<LocationResource>> => {
  const { q, sort, offset, limit } = query;
  const found = (await database.read(readLocationList))
    .filter(({ id, name }) => isFound(q, id, name))
    .map((row) => ({ ...row, managedBy: "file" as const }));
  const sorted = sortedBy(found, sort);
  if (offset === undefined) return paginate(sortedKind("locations", sort), sorted, query);
  return offsetListed(sorted.slice(offset, offset + limit), { total: sorted.length, limit, offset });
};
