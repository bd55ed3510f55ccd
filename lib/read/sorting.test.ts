import fc from "fast-check";
import { expect, test } from "vitest";
import { sortedBy } from "./sorting.ts";

const row = fc.record({
  name: fc.constantFrom("a", "b", "c"),
  left: fc.option(fc.integer({ min: -3, max: 3 }), { nil: null }),
});
const sort = (isDescending: boolean) => [
  { field: "left", isDescending },
  { field: "name", isDescending: false },
];

test("up and down by the first key, what is not known last both ways, then by the second key", () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), fc.boolean(), (rows, isDescending) => {
      const sorted = sortedBy(rows, sort(isDescending));
      expect(sorted).toHaveLength(rows.length);
      for (const [n, after] of sorted.slice(1).entries()) {
        const before = sorted[n] ?? after;
        if (before.left === after.left) expect(before.name <= after.name).toBe(true);
        else if (after.left !== null)
          expect(before.left !== null && before.left > after.left).toBe(before.left !== null && isDescending);
        expect(before.left === null && after.left !== null).toBe(false);
      }
    }),
  );
});

test("without an order the list is as it was", () => {
  const rows = [{ name: "b" }, { name: "a" }];
  expect(sortedBy(rows, undefined)).toBe(rows);
});
