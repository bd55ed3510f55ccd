import type { Snapshot, SnapshotService } from "#lib/contracts/snapshot.ts";
import type { GroupNode } from "#lib/core/status/group-tree.ts";
import { groupTree } from "#lib/core/status/group-tree.ts";

export type ShownService = SnapshotService & {
  readonly group: string | null;
  readonly state: SnapshotService["published"];
};
export type ShownGroup = GroupNode<ShownService>;

/** The services of a snapshot in nested groups. */
export const groupsOf = (
  snapshot: Snapshot,
): { readonly groups: readonly ShownGroup[]; readonly ungrouped: readonly ShownService[] } => {
  const names = new Map(snapshot.groups.map(({ id, name }) => [id, name]));
  return groupTree(
    snapshot.services.map((service) => ({
      ...service,
      group: service.groupId === null ? null : (names.get(service.groupId) ?? null),
      state: service.published,
    })),
  );
};

const servicesBelow = ({ services, groups }: ShownGroup): readonly ShownService[] => [
  ...services,
  ...groups.flatMap(servicesBelow),
];

/** Few services say themselves how they are. */
const MANY = 5;

/** Whether a group's own state is worth a word: something is wrong in it, and not all of it is seen at a glance. */
export const showsState = (group: ShownGroup): boolean => {
  const below = servicesBelow(group);
  const isMeasured = below.some(({ hasData }) => hasData);
  return isMeasured && group.state !== "operational" && (group.groups.length > 0 || below.length >= MANY);
};
