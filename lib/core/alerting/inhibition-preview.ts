import type { AlertSeverity } from "../definitions.ts";
import { epochMs } from "../units.ts";
import type { FiringAlert } from "./suppression.ts";
import { dependenciesOf, suppressionOf } from "./suppression.ts";

/** An alert that may fire: a pair of an SLO. */
export type PossibleAlert = Omit<FiringAlert, "id">;
/** An alert that nobody would be told of, and by which severity of the failing service it is kept back. */
export type Inhibited = { readonly alert: PossibleAlert; readonly by: readonly AlertSeverity[] };

const SEVERITIES: readonly AlertSeverity[] = ["page", "ticket"];

/** Every service that cannot work without this one, directly or through others. */
export const dependentsOf = (
  serviceId: string,
  dependsOn: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> =>
  new Set([...dependsOn.keys()].filter((id) => id !== serviceId && dependenciesOf(id, dependsOn).has(serviceId)));

/**
 * Which alerts would be inhibited while a service fails: each alert is judged by `suppressionOf`, as the engine does, beside
 * an alert of the service, once as a page and once as a ticket. Those that nothing inhibits are left out.
 */
export const inhibitedIfFails = (
  serviceId: string,
  possible: readonly PossibleAlert[],
  dependsOn: ReadonlyMap<string, readonly string[]>,
): Inhibited[] => {
  const world = { silences: [], dependsOn, at: epochMs(0) };
  const isInhibited = (alert: FiringAlert, severity: AlertSeverity): boolean => {
    const cause: FiringAlert = { id: "cause", sloId: null, serviceId, pairId: "cause", severity };
    return suppressionOf(alert, { ...world, firing: [cause, alert] }).inhibitedBy.includes(cause.id);
  };
  return possible.flatMap((alert) => {
    const by = SEVERITIES.filter((severity) => isInhibited({ ...alert, id: "alert" }, severity));
    return by.length === 0 ? [] : [{ alert, by }];
  });
};
