import type { StateTree } from "./rollup.ts";
import { rollUp } from "./rollup.ts";
import type { PublicServiceState } from "./severity.ts";

/** Stands between the names of nested groups: "Shop / Payments" is the group Payments within Shop. */
const SEPARATOR = /\s+\/\s+/;

export type GroupedService = { readonly id: string; readonly group: string | null; readonly state: PublicServiceState };

export type GroupNode<Service extends GroupedService> = {
  /** All names from the top, joined as they are written in the configuration. */
  readonly path: string;
  /** The last of them. */
  readonly name: string;
  /** From 1. */
  readonly depth: number;
  readonly state: PublicServiceState;
  readonly services: readonly Service[];
  readonly groups: readonly GroupNode<Service>[];
};

type Draft<Service extends GroupedService> = {
  path: string;
  name: string;
  depth: number;
  services: Service[];
  groups: Draft<Service>[];
};

const statesOf = <Service extends GroupedService>({ services, groups }: Draft<Service>): StateTree => ({
  parts: [...services.map(({ state }) => ({ state })), ...groups.map(statesOf)],
});

const finish = <Service extends GroupedService>(draft: Draft<Service>): GroupNode<Service> => ({
  ...draft,
  // A group exists because a service lies somewhere below it, so that there is a worst one.
  state: rollUp(statesOf(draft)) ?? "unknown",
  groups: draft.groups.map(finish),
});

/** The names of a group from the top: "Shop / Payments" is ["Shop", "Payments"]. */
export const groupNames = (group: string): readonly string[] =>
  group
    .trim()
    .split(SEPARATOR)
    .filter((name) => name !== "");

/**
 * Services in nested groups. Groups stand in the order of their first service, a group's own services before its groups;
 * every service appears exactly once. `ungrouped` are those without a group.
 */
export const groupTree = <Service extends GroupedService>(
  services: readonly Service[],
): { readonly groups: readonly GroupNode<Service>[]; readonly ungrouped: readonly Service[] } => {
  const top: Draft<Service> = { path: "", name: "", depth: 0, services: [], groups: [] };
  const within = (parent: Draft<Service>, name: string): Draft<Service> => {
    const known = parent.groups.find((group) => group.name === name);
    if (known !== undefined) return known;
    const path = parent.depth === 0 ? name : `${parent.path} / ${name}`;
    const made: Draft<Service> = { path, name, depth: parent.depth + 1, services: [], groups: [] };
    parent.groups.push(made);
    return made;
  };
  for (const service of services)
    groupNames(service.group ?? "")
      .reduce(within, top)
      .services.push(service);
  return { groups: top.groups.map(finish), ungrouped: top.services };
};
