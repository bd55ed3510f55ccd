import type { Database } from "#db/database.ts";
import type { EndpointRow } from "#db/queries/endpoints.ts";
import { readEndpoint, readEndpoints } from "#db/queries/endpoints.ts";
import type { EndpointResource } from "#lib/contracts/endpoints.ts";
import { AppError } from "#lib/core/errors.ts";
import type { MemoryQuery, PageFor } from "./memory-list.ts";
import { listInMemory } from "./memory-list.ts";

/** Opens what may be shown of an endpoint; the key to do so is the caller's. */
type Show = (row: EndpointRow) => EndpointResource;

const rowValue = (row: EndpointRow, field: string): unknown => row[field as keyof EndpointRow];

/** One page of the endpoints in use in the order of their ids unless `sort` says another. @throws AppError INVALID_REQUEST */
export const listEndpoints = async (
  database: Database,
  query: MemoryQuery,
  show: Show,
): Promise<PageFor<MemoryQuery, EndpointResource>> => {
  const page = listInMemory(await database.read(readEndpoints), query, {
    kind: "endpoints",
    textsOf: ({ id, type, description }) => [id, type, description],
    createdAtOf: ({ createdAt }) => createdAt.getTime(),
    sortValueOf: (row, field) =>
      field === "createdAt" || field === "updatedAt" ? row[field].getTime() : rowValue(row, field),
  });
  return { ...page, data: page.data.map(show) };
};

/** @throws AppError NOT_FOUND */
export const getEndpoint = async (database: Database, id: string, show: Show): Promise<EndpointResource> => {
  const row = await database.read((db) => readEndpoint(db, id));
  if (row === null) throw new AppError("NOT_FOUND", "there is no endpoint with this id");
  return show(row);
};
