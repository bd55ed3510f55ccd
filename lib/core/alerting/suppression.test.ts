import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { epochMs } from "../units.ts";
import type { FiringAlert, Silence } from "./suppression.ts";
import { dependenciesOf, isSuppressed, matches, suppressionOf } from "./suppression.ts";

const alert = (changes: Partial<FiringAlert> = {}): FiringAlert => ({
  id: "alt_1",
  sloId: "shop-availability",
  serviceId: "shop",
  pairId: "page_1h_5m",
  severity: "page",
  ...changes,
});
const silence = (changes: Partial<Silence> = {}): Silence => ({
  id: "sil_1",
  serviceIds: [],
  sloIds: [],
  pairs: [],
  severities: [],
  startsAt: epochMs(1_000),
  endsAt: epochMs(2_000),
  ...changes,
});
const NOTHING = { firing: [], silences: [], dependsOn: new Map<string, string[]>(), at: epochMs(1_500) };

describe("silences", () => {
  test.each([
    { name: "its service", changes: { serviceIds: ["mail", "shop"] }, expected: true },
    { name: "another service", changes: { serviceIds: ["mail"] }, expected: false },
    { name: "its SLO", changes: { sloIds: ["shop-availability"] }, expected: true },
    {
      name: "its pair and severity",
      changes: { pairs: ["page_1h_5m"], severities: ["page" as const] },
      expected: true,
    },
    {
      name: "its service but another severity",
      changes: { serviceIds: ["shop"], severities: ["ticket" as const] },
      expected: false,
    },
  ])("one that names $name", ({ changes, expected }) => {
    expect(matches(silence(changes), alert())).toBe(expected);
  });

  test("one that names SLOs takes no alert on a threshold", () => {
    expect(matches(silence({ sloIds: ["x"] }), alert({ sloId: null }))).toBe(false);
    expect(matches(silence({ serviceIds: ["shop"] }), alert({ sloId: null }))).toBe(true);
  });

  test("hold from their start until just before their end", () => {
    const at = (ms: number) =>
      suppressionOf(alert(), { ...NOTHING, silences: [silence({ serviceIds: ["shop"] })], at: epochMs(ms) });
    expect([999, 1_000, 1_999, 2_000].map((ms) => isSuppressed(at(ms)))).toEqual([false, true, true, false]);
  });
});

describe("inhibition", () => {
  const below = alert({ id: "alt_db", serviceId: "db", sloId: "db-availability" });
  const dependsOn = new Map([
    ["shop", ["api"]],
    ["api", ["db"]],
  ]);

  test("an alert of what a service depends on, also through others, keeps its own back and is named", () => {
    const world = { ...NOTHING, firing: [alert(), below], dependsOn };
    expect(suppressionOf(alert(), world).inhibitedBy).toEqual(["alt_db"]);
    expect(isSuppressed(suppressionOf(below, world))).toBe(false);
  });

  test("a ticket below hides no page above", () => {
    const ticket = { ...below, severity: "ticket" as const };
    const world = { ...NOTHING, firing: [alert(), ticket], dependsOn };
    expect(suppressionOf(alert(), world).inhibitedBy).toEqual([]);
    expect(suppressionOf(alert({ severity: "ticket" }), world).inhibitedBy).toEqual(["alt_db"]);
  });

  test("whatever the graph, a service never depends on itself, and more edges never mean fewer dependencies", () => {
    const ids = fc.constantFrom("a", "b", "c", "d", "e");
    const edges = fc.array(fc.tuple(ids, ids), { maxLength: 12 });
    const graphOf = (list: readonly (readonly [string, string])[]) => {
      const graph = new Map<string, string[]>();
      for (const [from, to] of list) graph.set(from, [...(graph.get(from) ?? []), to]);
      return graph;
    };
    fc.assert(
      fc.property(edges, fc.tuple(ids, ids), ids, (list, edge, service) => {
        const before = dependenciesOf(service, graphOf(list));
        const after = dependenciesOf(service, graphOf([...list, edge]));
        expect(before.has(service)).toBe(false);
        for (const id of before) expect(after.has(id)).toBe(true);
      }),
    );
  });
});

describe("muting", () => {
  test("a page mutes tickets of its own SLO only", () => {
    const page = alert({ id: "alt_p" });
    const ticket = alert({ id: "alt_t", severity: "ticket", pairId: "ticket_1d_2h" });
    const world = { ...NOTHING, firing: [page, ticket] };
    expect(suppressionOf(ticket, world).mutedBy).toEqual(["alt_p"]);
    expect(suppressionOf(page, world).mutedBy).toEqual([]);
    expect(suppressionOf({ ...ticket, sloId: "other" }, world).mutedBy).toEqual([]);
    expect(suppressionOf({ ...ticket, sloId: null }, world).mutedBy).toEqual([]);
  });
});
