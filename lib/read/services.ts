import type { Database } from "#db/database.ts";
import { readActiveProbes, readServices, readSlos } from "#db/queries/config.ts";
import type { ServiceResource } from "#lib/contracts/api.ts";
import { instantText } from "#lib/contracts/api.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { formatDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { paginate } from "./pagination.ts";

/**
 * Services as `/v1` shows them: what is configured from the tables, the state from the published snapshot, so that
 * page and API never disagree. A probe's address is not public and left out.
 */
export const loadServices = (database: Database, snapshot: Snapshot | null): Promise<ServiceResource[]> =>
  database.read(async (db) => {
    const [services, probes, slos] = await Promise.all([readServices(db), readActiveProbes(db, null), readSlos(db)]);
    const states = new Map(snapshot?.services.map((service) => [service.id, service]));
    return services.map((service): ServiceResource => {
      const state = states.get(service.id);
      return {
        id: service.id,
        name: service.name,
        description: service.description,
        group: service.group,
        state: state?.published ?? "unknown",
        measuredState: state?.measured ?? "unknown",
        stateSince: state?.updatedAt ?? null,
        probes: probes
          .filter(({ serviceId }) => serviceId === service.id)
          .map(({ definition }) => ({
            id: definition.id,
            type: definition.type,
            interval: formatDuration(definition.intervalMs),
            locations: [...definition.locations],
          })),
        sloIds: slos.filter(({ serviceId }) => serviceId === service.id).map(({ id }) => id),
        createdAt: instantText(service.createdAt),
        updatedAt: instantText(service.updatedAt),
      };
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
