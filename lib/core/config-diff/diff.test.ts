import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldChanges } from "./diff.ts";

const plain = fc.jsonValue({ maxDepth: 3 });

test("equal values differ nowhere, whatever the order of their keys", () => {
  expect(fieldChanges({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toEqual([]);
  fc.assert(fc.property(plain, (value) => fieldChanges(value, structuredClone(value)).length === 0));
});

test("what differs one way differs the other way at the same fields, with both sides exchanged", () => {
  const inOrder = (changes: readonly { path: string }[]) => changes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  fc.assert(
    fc.property(plain, plain, (a, b) => {
      const back = fieldChanges(b, a).map(({ path, from, to }) => ({ path, from: to, to: from }));
      expect(inOrder(fieldChanges(a, b))).toEqual(inOrder(back));
      expect(fieldChanges({ in: a }, { in: b }).length === 0).toBe(fieldChanges(a, b).length === 0);
    }),
  );
});

test("each field is told by its path", () => {
  const before = { url: "https://a.example", headers: { accept: "x" }, locations: ["fra"], steps: [{ id: "a" }] };
  const after = { url: "https://b.example", headers: {}, locations: ["fra", "sel"], steps: [{ id: "b" }] };
  expect(fieldChanges(before, after)).toEqual([
    { path: "url", from: "https://a.example", to: "https://b.example" },
    { path: "headers.accept", from: "x", to: undefined },
    { path: "locations", from: ["fra"], to: ["fra", "sel"] },
    { path: "steps[0].id", from: "a", to: "b" },
  ]);
});
