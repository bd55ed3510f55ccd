import fc from "fast-check";
import { expect, test } from "vitest";
import type { PossibleAlert } from "./inhibition-preview.ts";
import { dependentsOf, inhibitedIfFails } from "./inhibition-preview.ts";

const DEPENDS_ON = new Map([
  ["shop", ["payments"]],
  ["payments", ["database"]],
  ["docs", ["cdn"]],
]);
const alertOf = (serviceId: string, severity: "page" | "ticket"): PossibleAlert => ({
  sloId: `${serviceId}-availability`,
  serviceId,
  pairId: `${severity}_pair`,
  severity,
});

test("what depends on a service through others is inhibited; what does not, and the service itself, are not", () => {
  const possible = ["shop", "payments", "database", "docs"].map((id) => alertOf(id, "page"));
  const found = inhibitedIfFails("database", possible, DEPENDS_ON);
  expect(found.map(({ alert, by }) => [alert.serviceId, by])).toEqual([
    ["shop", ["page"]],
    ["payments", ["page"]],
  ]);
  expect([...dependentsOf("database", DEPENDS_ON)]).toEqual(["shop", "payments"]);
});

test("a ticket of the failing service hides tickets only", () => {
  const possible = [alertOf("shop", "page"), alertOf("shop", "ticket")];
  expect(inhibitedIfFails("payments", possible, DEPENDS_ON).map(({ by }) => by)).toEqual([
    ["page"],
    ["page", "ticket"],
  ]);
});

test("exactly the alerts of dependents are inhibited by a page, whatever depends on what", () => {
  const ids = ["a", "b", "c", "d"];
  const edges = fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)), { maxLength: 8 });
  fc.assert(
    fc.property(edges, fc.constantFrom(...ids), (pairs, failing) => {
      const dependsOn = new Map(ids.map((id) => [id, pairs.filter(([from]) => from === id).map(([, to]) => to)]));
      const possible = ids.map((id) => alertOf(id, "page"));
      const found = inhibitedIfFails(failing, possible, dependsOn).map(({ alert }) => alert.serviceId);
      expect(found).toEqual(ids.filter((id) => dependentsOf(failing, dependsOn).has(id)));
    }),
  );
});
