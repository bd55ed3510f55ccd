import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCursor, encodeCursor, pageOf, paginate, placeInTime } from "./pagination.ts";

test.each([
  { name: "of another list", cursor: encodeCursor("alerts", 1, "a") },
  { name: "with an instant that no row has", cursor: encodeCursor("list", 1e300, "a") },
  { name: "with a part of a millisecond", cursor: encodeCursor("list", 0.5, "a") },
  { name: "with an id that no row can have", cursor: encodeCursor("list", 1, "a\0b") },
  { name: "without an id", cursor: encodeCursor("list", 1) },
  { name: "that is none", cursor: "%%%" },
])("a cursor $name is refused before it reaches the database", ({ cursor }) => {
  expect(() => placeInTime("list", cursor)).toThrow("the cursor does not belong to this list");
});

test("no list takes a cursor with a NUL, whatever its places are", () => {
  expect(() => decodeCursor("list", encodeCursor("list", "dlv_\0"))).toThrow("does not belong");
  expect(decodeCursor("list", encodeCursor("list", "dlv_1", 2))).toEqual(["dlv_1", 2]);
});

test("going on and back through rows that are read page by page gives what the list in memory gives", () => {
  const rows = fc
    .integer({ min: 0, max: 12 })
    .map((count) => Array.from({ length: count }, (_, i) => ({ id: `r${i}` })));
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 5 }), fc.nat({ max: 11 }), fc.boolean(), (all, limit, at, isBack) => {
      const index = Math.min(at, all.length - 1);
      const cursor = index < 0 ? undefined : encodeCursor("list", `r${index}`, index);
      const from = cursor === undefined || isBack ? 0 : index + 1;
      const isBefore = cursor !== undefined && isBack;
      const found = isBefore ? all.slice(Math.max(0, index - limit - 1), index) : all.slice(from, from + limit + 1);
      const place = { after: isBefore ? null : (cursor ?? null), before: isBefore ? cursor : null };
      const cursorOf = (row: { id: string }): string => encodeCursor("list", row.id, all.indexOf(row));
      const page = pageOf(found, { limit, ...place }, { cursorOf, resourceOf: (row) => row });
      const inMemory = paginate("list", all, { limit, ...(isBefore ? { before: cursor } : { after: cursor }) });
      expect(page.data).toEqual(inMemory.data);
      // A page without rows has no place to go on from.
      if (page.data.length > 0) expect(page).toEqual(inMemory);
    }),
  );
});
