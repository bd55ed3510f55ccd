import fc from "fast-check";
import { expect, test } from "vitest";
import type { EpochMinute } from "../units.ts";
import { appendDay, DAY_MINUTES, packDay, unpackDay } from "./day-pack.ts";
import { appendHour, createSeries, setMinute, sumOver } from "./series.ts";

const FIRST = (20_000 * DAY_MINUTES) as EpochMinute;
const at = (index: number): EpochMinute => (FIRST + index) as EpochMinute;

type Minute = { good: number; total: number; expected: number };
const minutes = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 400 }),
      total: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2_000_000_000 })),
      badShare: fc.constantFrom(0, 0, 0.5, 1),
      expected: fc.integer({ min: 0, max: 300 }),
    }),
    { maxLength: 12 },
  )
  .map((runs) => {
    const day: Minute[] = runs.flatMap(({ length, total, badShare, expected }) =>
      Array.from({ length }, () => ({ good: total - Math.floor(total * badShare), total, expected })),
    );
    return Array.from({ length: DAY_MINUTES }, (_, index) => day[index] ?? { good: 0, total: 0, expected: 0 });
  });
const columns = (day: readonly Minute[]) => ({
  good: day.map((one) => one.good),
  total: day.map((one) => one.total),
  expected: day.map((one) => one.expected),
});

test("a packed day counts the same as its minutes, in any window", () => {
  fc.assert(
    fc.property(
      fc.array(minutes, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(3 * DAY_MINUTES), fc.nat(3 * DAY_MINUTES)), { maxLength: 10 }),
      (days, windows) => {
        const [packed, single] = [createSeries(3 * DAY_MINUTES), createSeries(3 * DAY_MINUTES)];
        for (const [index, day] of days.entries()) {
          const first = at(index * DAY_MINUTES);
          expect(appendDay(packed, first, unpackDay(packDay(columns(day))))).toBe(true);
          expect(appendDay(packed, first, unpackDay(packDay(columns(day))))).toBe(false);
          for (let hour = 0; hour < 24; hour += 1) {
            const part = columns(day.slice(hour * 60, hour * 60 + 60));
            appendHour(single, at(index * DAY_MINUTES + hour * 60), part, 60);
          }
        }
        expect(packed.firstMinute).toBe(single.firstMinute);
        for (const [from, to] of windows) {
          expect(sumOver(packed, at(from - 1), at(to))).toEqual(sumOver(single, at(from - 1), at(to)));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test("correcting a minute of a shared day leaves the other SLOs alone", () => {
  const total = new Array<number>(DAY_MINUTES).fill(2);
  const day = unpackDay(packDay({ good: total, total, expected: total }));
  const [one, other] = [createSeries(DAY_MINUTES), createSeries(DAY_MINUTES)];
  appendDay(one, FIRST, day);
  appendDay(other, FIRST, day);
  setMinute(one, at(DAY_MINUTES - 1), { bad: 1, total: 2, expected: 2 });
  setMinute(one, at(3), { bad: 2, total: 2, expected: 2 });
  const all = [at(-1), at(DAY_MINUTES - 1)] as const;
  expect(sumOver(one, ...all)).toEqual({ bad: 3, total: 2_880, expected: 2_880 });
  expect(sumOver(other, ...all)).toEqual({ bad: 0, total: 2_880, expected: 2_880 });
});

test("days that were not there count nothing, and a healthy day takes few bytes", () => {
  const total = new Array<number>(DAY_MINUTES).fill(2);
  const bytes = packDay({ good: total, total, expected: total });
  expect(bytes.length).toBeLessThan(8);
  const series = createSeries(4 * DAY_MINUTES);
  appendDay(series, FIRST, unpackDay(bytes));
  appendDay(series, at(2 * DAY_MINUTES), unpackDay(bytes));
  expect(sumOver(series, at(-1), at(3 * DAY_MINUTES - 1)).total).toBe(2 * 2_880);
  expect(sumOver(series, at(DAY_MINUTES - 1), at(2 * DAY_MINUTES - 1)).total).toBe(0);
});

test("bytes that are no packed day are refused", () => {
  expect(() => unpackDay(Uint8Array.of(1, 2))).toThrow(RangeError);
  expect(() => unpackDay(Uint8Array.of(200, 200, 1, 0, 0, 0))).toThrow(RangeError);
});
