import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { ServiceResource } from "./api.ts";
import { instantText } from "./api.ts";

/** What is known of a service, as `serviceResource` needs it. Instants are milliseconds since the epoch. */
export type ServiceFacts = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly group: string | null;
  readonly managedBy?: "file" | "ui";
  readonly createdAt: number;
  readonly updatedAt: number;
};

export type ServiceStateFacts = Pick<ServiceResource, "state" | "measuredState" | "stateSince">;

/** The one way to make a ServiceResource: `/v1/services` and `component.status_changed` agree because both come from here. */
export const serviceResource = (
  service: ServiceFacts,
  state: ServiceStateFacts,
  definitions: readonly ProbeDefinition[],
  sloIds: readonly string[],
): ServiceResource => ({
  id: service.id,
  name: service.name,
  description: service.description,
  group: service.group,
  state: state.state,
  measuredState: state.measuredState,
  stateSince: state.stateSince,
  // A probe's address is not public and left out.
  probes: definitions.map(({ id, type, intervalMs, locations }) => ({
    id,
    type,
    interval: formatDuration(intervalMs),
    locations: [...locations],
  })),
  sloIds: [...sloIds],
  ...(service.managedBy === undefined ? {} : { managedBy: service.managedBy }),
  createdAt: instantText(service.createdAt),
  updatedAt: instantText(service.updatedAt),
});
