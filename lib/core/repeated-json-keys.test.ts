import fc from "fast-check";
import { expect, test } from "vitest";
import { repeatedJsonKeys } from "./repeated-json-keys.ts";

test("what JSON.stringify writes has no repeated key, whatever is in it", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (text) => {
      expect(repeatedJsonKeys(text)).toEqual([]);
    }),
  );
});

/** Entries in place of objects, so that a key may come twice. */
type Tree = { readonly entries: readonly (readonly [string, Tree])[] } | { readonly items: readonly Tree[] } | string;
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "grapheme", maxLength: 3 }),
    fc.record({ items: fc.array(tie("tree"), { maxLength: 3 }) }),
    fc.record({
      entries: fc.array(fc.tuple(fc.constantFrom("a", "b", '"', "\\", "é,{"), tie("tree")), { maxLength: 4 }),
    }),
  ),
}));
const written = (one: Tree): string => {
  if (typeof one === "string") return JSON.stringify(one);
  if ("items" in one) return `[${one.items.map(written).join(" , ")}]`;
  return `{ ${one.entries.map(([key, inner]) => `${JSON.stringify(key)} :${written(inner)}`).join(",")}}`;
};
const repeats = (one: Tree, path: readonly string[] = []): string[] => {
  if (typeof one === "string") return [];
  if ("items" in one) return one.items.flatMap((item, index) => repeats(item, [...path, String(index)]));
  const own = one.entries.filter(([key], index) => one.entries.findIndex(([other]) => other === key) < index);
  const inner = one.entries.flatMap(([key, value]) => repeats(value, [...path, key]));
  return [...own.map(([key]) => [...path, key].join(".")), ...inner];
};

test("every repeated key is found at its place and nothing else is, by an oracle that builds the text", () => {
  fc.assert(
    fc.property(tree, (one) => {
      const text = written(one);
      JSON.parse(text);
      expect(new Set(repeatedJsonKeys(text, 10_000))).toEqual(new Set(repeats(one)));
    }),
    { numRuns: 300 },
  );
});

test("two spellings of one key are one key, and no more are told than asked for", () => {
  expect(repeatedJsonKeys('{"a":{"x":1,"\\u0078":2},"b":[{"y":"{\\"y\\":1,","y":0}]}')).toEqual(["a.x", "b.0.y"]);
  expect(repeatedJsonKeys(`{${Array.from({ length: 90 }, (_, n) => `"k${n % 45}":1`).join(",")}}`, 5)).toHaveLength(5);
});
