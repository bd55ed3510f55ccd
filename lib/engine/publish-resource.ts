import type { ServiceState } from "#db/queries/service-states.ts";
import type { ServiceResource } from "#lib/contracts/api.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { WatchedService } from "./publish-watch.ts";

/** The service as `/v1/services` shows it, in a state that begins now: the data of `component.status_changed`. */
export const serviceInState = (service: WatchedService, state: ServiceState): ServiceResource => ({
  id: service.row.id,
  name: service.row.name,
  description: service.row.description,
  group: service.row.group,
  state: state.published,
  measuredState: state.measured,
  stateSince: new Date(state.since).toISOString(),
  probes: service.probes.map(({ definition }) => ({
    id: definition.id,
    type: definition.type,
    interval: formatDuration(definition.intervalMs),
    locations: [...definition.locations],
  })),
  sloIds: service.slos.map((slo) => slo.id),
  createdAt: new Date(service.row.createdAt).toISOString(),
  updatedAt: new Date(service.row.updatedAt).toISOString(),
});
