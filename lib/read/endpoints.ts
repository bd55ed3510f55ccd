import type { Database } from "#db/database.ts";
import type { EndpointRow } from "#db/queries/endpoints.ts";
import { readEndpoint, readEndpoints } from "#db/queries/endpoints.ts";
import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";

/** Opens what may be shown of an endpoint; the key to do so is the caller's. */
type Show = (row: EndpointRow) => EndpointResource;

/** One page of the endpoints in use in the order of their ids. */
export const listEndpoints = async (
  database: Database,
  query: Paging,
  show: Show,
): Promise<Listed<EndpointResource>> => {
  const page = paginate("endpoints", await database.read(readEndpoints), query);
  return { ...page, data: page.data.map(show) };
};

/** @throws AppError NOT_FOUND */
export const getEndpoint = async (database: Database, id: string, show: Show): Promise<EndpointResource> => {
  const row = await database.read((db) => readEndpoint(db, id));
  if (row === null) throw new AppError("NOT_FOUND", "there is no endpoint with this id");
  return show(row);
};
