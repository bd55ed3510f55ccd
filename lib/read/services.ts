import type { Database, Db } from "#db/database.ts";
import type { ServiceRow } from "#db/queries/config.ts";
import { readActiveProbes, readServices, readSlos } from "#db/queries/config.ts";
import type { ListFilter } from "#db/queries/static-lists.ts";
import { countServices, readServicePage, serviceColumns } from "#db/queries/static-lists.ts";
import type { ServiceResource } from "#lib/contracts/api.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { serviceResource } from "#lib/contracts/service-resource.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import type { OffsetListed } from "./sorting.ts";
import { keysetListed, offsetListed, sortedKind } from "./sorting.ts";

/**
 * Services as `/v1` shows them: what is configured from the tables, the state from the published snapshot, so that
 * page and API never disagree.
 */
const resourcesOf = async (
  db: Db,
  services: readonly ServiceRow[],
  snapshot: Snapshot | null,
): Promise<ServiceResource[]> => {
  if (services.length === 0) return [];
  const [probes, slos] = await Promise.all([readActiveProbes(db, null), readSlos(db)]);
  const states = new Map(snapshot?.services.map((service) => [service.id, service]));
  return services.map((service): ServiceResource => {
    const shown = states.get(service.id);
    const isOwn = ({ serviceId }: { readonly serviceId: string }): boolean => serviceId === service.id;
    return serviceResource(
      service,
      {
        state: shown?.published ?? "unknown",
        measuredState: shown?.measured ?? "unknown",
        stateSince: shown?.updatedAt ?? null,
      },
      probes.filter(isOwn).map(({ definition }) => definition),
      slos.filter(isOwn).map(({ id }) => id),
    );
  });
};

/** All services in the order of the public page. */
export const loadServices = (database: Pick<Database, "read">, snapshot: Snapshot | null): Promise<ServiceResource[]> =>
  database.read(async (db) => resourcesOf(db, await readServices(db), snapshot));

type ServiceQuery = Paging &
  ListFilter & { readonly sort?: readonly SortKey[] | undefined; readonly offset?: number | undefined };

/** One page of the list, in the order of the public page or as `sort` says; by count with `offset`. @throws AppError INVALID_REQUEST */
export const listServices = (
  database: Database,
  snapshot: Snapshot | null,
  query: ServiceQuery,
): Promise<Listed<ServiceResource> | OffsetListed<ServiceResource>> =>
  database.read(async (db) => {
    const { sort, offset, limit } = query;
    const columns = serviceColumns(db, sort);
    if (offset !== undefined) {
      const page = { after: null, before: null, limit, offset };
      const rows = await readServicePage(db, { filter: query, columns, page });
      const total = await countServices(db, query);
      return offsetListed(await resourcesOf(db, rows, snapshot), { total, limit, offset });
    }
    return keysetListed(
      {
        kind: sortedKind("services", sort),
        paging: query,
        columns,
        read: (page) => readServicePage(db, { filter: query, columns, page }),
      },
      (rows) => resourcesOf(db, rows, snapshot),
    );
  });

/** @throws AppError NOT_FOUND */
export const getService = async (
  database: Pick<Database, "read">,
  snapshot: Snapshot | null,
  id: string,
): Promise<ServiceResource> => {
  const service = (await loadServices(database, snapshot)).find((candidate) => candidate.id === id);
  if (service === undefined) throw new AppError("NOT_FOUND", "there is no service with this id");
  return service;
};
