import type { ServiceState } from "#db/queries/service-states.ts";
import type { ServiceResource } from "#lib/contracts/api.ts";
import { instantText } from "#lib/contracts/api.ts";
import { serviceResource } from "#lib/contracts/service-resource.ts";
import type { WatchedService } from "./watch.ts";

/** The service as `/v1/services` shows it, in a state that begins now: the data of `component.status_changed`. */
export const serviceInState = (service: WatchedService, state: ServiceState): ServiceResource =>
  serviceResource(
    service.row,
    { state: state.published, measuredState: state.measured, stateSince: instantText(state.since) },
    service.probes.map(({ definition }) => definition),
    service.slos.map(({ id }) => id),
  );
