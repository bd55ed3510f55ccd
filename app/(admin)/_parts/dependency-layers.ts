import { dependentsOf } from "#lib/core/alerting/inhibition-preview.ts";
import { dependenciesOf } from "#lib/core/alerting/suppression.ts";
import type { DependsOn } from "#lib/read/service-dashboard.ts";

type Relation = "self" | "needs" | "needsThrough" | "needed" | "neededThrough";

/** A service around another one: how it stands to it, and how many steps away; negative: it needs the other. */
export type Neighbour = { readonly id: string; readonly relation: Relation; readonly level: number };

/** The longest way from `from` to `to` along `next`, so that what needs something always stands left of it. */
const stepsBetween = (
  from: string,
  to: string,
  next: (id: string) => readonly string[],
  seen: readonly string[] = [],
): number =>
  next(from).reduce((longest, id) => {
    if (seen.includes(id)) return longest;
    if (id === to) return Math.max(longest, 1);
    const rest = stepsBetween(id, to, next, [...seen, from]);
    return rest === 0 ? longest : Math.max(longest, rest + 1);
  }, 0);

/** A service with everything that it needs and everything that needs it, from left to right. */
export const neighboursOf = (serviceId: string, dependsOn: DependsOn): Neighbour[] => {
  const needs = (id: string): readonly string[] => dependsOn.get(id) ?? [];
  const below = [...dependenciesOf(serviceId, dependsOn)].map(
    (id): Neighbour => ({
      id,
      relation: needs(serviceId).includes(id) ? "needs" : "needsThrough",
      level: stepsBetween(serviceId, id, needs),
    }),
  );
  const above = [...dependentsOf(serviceId, dependsOn)].map(
    (id): Neighbour => ({
      id,
      relation: needs(id).includes(serviceId) ? "needed" : "neededThrough",
      level: -stepsBetween(id, serviceId, needs),
    }),
  );
  const self: Neighbour = { id: serviceId, relation: "self", level: 0 };
  return [...above, self, ...below].sort((a, b) => a.level - b.level || (a.id < b.id ? -1 : 1));
};
