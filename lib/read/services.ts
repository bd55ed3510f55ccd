import type { Database } from "#db/database.ts";
import { readActiveProbes, readServices, readSlos } from "#db/queries/config.ts";
import type { ServiceResource } from "#lib/contracts/api.ts";
import { serviceResource } from "#lib/contracts/service-resource.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";

/**
 * Services as `/v1` shows them: what is configured from the tables, the state from the published snapshot, so that
 * page and API never disagree.
 */
export const loadServices = (database: Database, snapshot: Snapshot | null): Promise<ServiceResource[]> =>
  database.read(async (db) => {
    const [services, probes, slos] = await Promise.all([readServices(db), readActiveProbes(db, null), readSlos(db)]);
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
  });

/** One page of the list, in the order of the public page. */
export const listServices = async (
  database: Database,
  snapshot: Snapshot | null,
  paging: Paging,
): Promise<Listed<ServiceResource>> => paginate("services", await loadServices(database, snapshot), paging);

/** @throws AppError NOT_FOUND */
export const getService = async (
  database: Database,
  snapshot: Snapshot | null,
  id: string,
): Promise<ServiceResource> => {
  const service = (await loadServices(database, snapshot)).find((candidate) => candidate.id === id);
  if (service === undefined) throw new AppError("NOT_FOUND", "there is no service with this id");
  return service;
};
