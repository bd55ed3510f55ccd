import fc from "fast-check";
import { expect, test } from "vitest";
import type { GroupedService, GroupNode } from "./group-tree.ts";
import { groupNames, groupTree } from "./group-tree.ts";
import type { StateTree } from "./rollup.ts";
import { overallState, rollUp, shownState } from "./rollup.ts";
import type { Impact, MeasuredServiceState } from "./severity.ts";
import { publishedState, STATES_BY_SEVERITY, severityOf } from "./severity.ts";

const state = fc.constantFrom(...STATES_BY_SEVERITY);
const measured = fc.constantFrom<MeasuredServiceState>(
  "operational",
  "degraded_performance",
  "partial_outage",
  "major_outage",
  "unknown",
);
const impacts = fc.array(fc.constantFrom<Impact>("none", "minor", "major", "critical"), { maxLength: 4 });
const tree = fc.letrec<{ tree: StateTree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    state.map((one) => ({ state: one })),
    fc.array(tie("tree"), { maxLength: 4 }).map((parts) => ({ parts })),
  ),
})).tree;

const leavesOf = (node: StateTree): readonly (typeof STATES_BY_SEVERITY)[number][] =>
  "state" in node ? [node.state] : node.parts.flatMap(leavesOf);

test("a tree is as bad as its worst service, however it is nested and ordered", () => {
  fc.assert(
    fc.property(tree, (node) => {
      const leaves = leavesOf(node);
      const rolled = rollUp(node);
      expect(rolled === null).toBe(leaves.length === 0);
      if (rolled === null) return;
      expect(leaves).toContain(rolled);
      expect(leaves.every((leaf) => severityOf(leaf) <= severityOf(rolled))).toBe(true);
      expect(overallState([...leaves].reverse())).toBe(rolled);
    }),
  );
  expect(overallState([])).toBe("unknown");
});

test("maintenance on one service never hides what happens to another", () => {
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 4 }), measured, impacts, (others, own, ownImpacts) => {
      const worked = { state: shownState({ measured: own, impacts: ownImpacts, isInMaintenance: true }) };
      const without = rollUp({ parts: others });
      if (without === null) return;
      const page = rollUp({ parts: [...others, worked] }) ?? "operational";
      expect(severityOf(page)).toBeGreaterThanOrEqual(severityOf(without));
    }),
  );
});

test("maintenance takes the place of what is measured, and an open incident still counts", () => {
  fc.assert(
    fc.property(measured, impacts, (own, open) => {
      const shown = shownState({ measured: own, impacts: open, isInMaintenance: true });
      const told = publishedState("operational", open);
      expect(shown).toBe(told === "operational" ? "under_maintenance" : told);
      expect(shownState({ measured: own, impacts: open, isInMaintenance: false })).toBe(publishedState(own, open));
    }),
  );
});

const service = fc.record({
  id: fc.uuid(),
  group: fc.option(
    fc.array(fc.constantFrom("Shop", "Pay", "Find"), { minLength: 1, maxLength: 4 }).map((names) => names.join(" / ")),
    { nil: null },
  ),
  state,
});
const within = <Service extends GroupedService>(group: GroupNode<Service>): readonly Service[] => [
  ...group.services,
  ...group.groups.flatMap(within),
];

test("every service stands exactly once in the tree, below the groups that it names, and groups are as bad as what is below", () => {
  fc.assert(
    fc.property(fc.array(service, { maxLength: 12 }), (services) => {
      const { groups, ungrouped } = groupTree(services);
      const shown = [...ungrouped, ...groups.flatMap(within)];
      expect(shown.map(({ id }) => id).sort()).toEqual(services.map(({ id }) => id).sort());
      const check = (group: (typeof groups)[number], names: readonly string[]): void => {
        const path = [...names, group.name];
        expect(group.depth).toBe(path.length);
        expect(group.path).toBe(path.join(" / "));
        for (const one of group.services) expect(groupNames(one.group ?? "")).toEqual(path);
        expect(group.state).toBe(overallState(within(group).map((one) => one.state)));
        for (const inner of group.groups) check(inner, path);
      };
      for (const group of groups) check(group, []);
    }),
  );
});

test("a slash without spaces is part of a name", () => {
  expect(groupNames("TCP/IP")).toEqual(["TCP/IP"]);
  expect(groupNames(" Shop  /  TCP/IP ")).toEqual(["Shop", "TCP/IP"]);
});
