import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { epochMs } from "#lib/core/units.ts";
import { newId } from "./ids.ts";

const instant = fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 });

test("an id is its prefix and a UUID of version 7 and variant 10 without dashes, with the time in front", () => {
  fc.assert(
    fc.property(instant, (now) => {
      const id = newId("evt", epochMs(now), randomBytes);
      expect(id).toMatch(/^evt_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    }),
  );
  const at = epochMs(5_000_000_000_000);
  expect(Number.parseInt(newId("dlv", at, randomBytes).slice(4, 16), 16)).toBe(at);
});

test("ids sort in the order of their making, many in one millisecond and over small steps back of the clock", () => {
  let now = 5_100_000_000_000;
  let last = newId("alt", epochMs(now), randomBytes);
  for (let count = 0; count < 20_000; count += 1) {
    if (count % 5_000 === 0) now += count % 2 === 0 ? 7 : -3;
    const id = newId("alt", epochMs(now), randomBytes);
    expect(id > last).toBe(true);
    last = id;
  }
});

test("the same bytes at the same time still give another id", () => {
  const zeros = (size: number) => new Uint8Array(size);
  const now = epochMs(5_200_000_000_000);
  const ids = new Set(Array.from({ length: 10_000 }, () => newId("inc", now, zeros)));
  expect(ids.size).toBe(10_000);
});
