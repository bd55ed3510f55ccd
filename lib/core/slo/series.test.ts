import fc from "fast-check";
import { expect, test } from "vitest";
import type { EpochMinute } from "../units.ts";
import type { Counts } from "./series.ts";
import { appendHour, createSeries, NO_COUNTS, setMinute, sumOver } from "./series.ts";

const at = (minute: number) => minute as EpochMinute;
const BASE = 29_000_000;

const counts = fc
  .record({ bad: fc.nat(50), good: fc.nat(50), missing: fc.nat(5) })
  .map(({ bad, good, missing }): Counts => ({ bad, total: bad + good, expected: bad + good + missing }));
const writes = fc.array(fc.record({ minute: fc.nat(900), counts }), { minLength: 1, maxLength: 120 });

const bruteForce = (byMinute: ReadonlyMap<number, Counts>, from: number, to: number): Counts => {
  let sum = NO_COUNTS;
  for (const [minute, one] of byMinute) {
    if (minute <= from || minute > to) continue;
    sum = { bad: sum.bad + one.bad, total: sum.total + one.total, expected: sum.expected + one.expected };
  }
  return sum;
};

test("any window equals the sum of its minutes, after any order of writes and corrections", () => {
  fc.assert(
    fc.property(writes, fc.nat(1_000), fc.nat(1_000), (list, a, b) => {
      const series = createSeries(1_000);
      const byMinute = new Map<number, Counts>();
      for (const write of list) {
        expect(setMinute(series, at(BASE + write.minute), write.counts)).toBe(true);
        byMinute.set(BASE + write.minute, write.counts);
      }
      const [from, to] = [BASE + Math.min(a, b) - 50, BASE + Math.max(a, b)];
      expect(sumOver(series, at(from), at(to))).toEqual(bruteForce(byMinute, from, to));
    }),
  );
});

test("splitting a window changes no sum", () => {
  fc.assert(
    fc.property(writes, fc.tuple(fc.nat(900), fc.nat(900), fc.nat(900)), (list, cuts) => {
      const series = createSeries(1_000);
      for (const write of list) setMinute(series, at(BASE + write.minute), write.counts);
      const [a = 0, b = 0, c = 0] = [...cuts].sort((x, y) => x - y);
      const whole = sumOver(series, at(BASE + a), at(BASE + c));
      const left = sumOver(series, at(BASE + a), at(BASE + b));
      const right = sumOver(series, at(BASE + b), at(BASE + c));
      expect(whole.bad).toBe(left.bad + right.bad);
      expect(whole.total).toBe(left.total + right.total);
      expect(whole.expected).toBe(left.expected + right.expected);
    }),
  );
});

test("the same minutes in any order give the same sums", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ minute: fc.nat(900), counts }), { selector: (write) => write.minute }),
      fc.nat(900),
      (list, to) => {
        const [forward, backward] = [createSeries(1_000), createSeries(1_000)];
        for (const write of list) setMinute(forward, at(BASE + write.minute), write.counts);
        for (const write of [...list].reverse()) setMinute(backward, at(BASE + write.minute), write.counts);
        expect(sumOver(forward, at(BASE - 1), at(BASE + to))).toEqual(sumOver(backward, at(BASE - 1), at(BASE + to)));
      },
    ),
  );
});

test("old hours leave the ring and the remaining windows stay exact", () => {
  const series = createSeries(120);
  const one: Counts = { bad: 1, total: 2, expected: 2 };
  for (let minute = 0; minute < 5_000; minute += 1) setMinute(series, at(BASE + minute), one);
  const { firstHour = 0, lastHour = 0 } = series.range ?? {};
  expect(lastHour - firstHour + 1).toBe(series.capacityHours);
  expect(sumOver(series, at(BASE + 4_999 - 120), at(BASE + 4_999))).toEqual({ bad: 120, total: 240, expected: 240 });
  expect(setMinute(series, at(BASE), one)).toBe(false);
});

test("whole hours give the same sums as minute by minute", () => {
  const hour = fc.array(counts, { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(fc.array(hour, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 60 }), (hours, count) => {
      const [byMinute, byHour] = [createSeries(200), createSeries(200)];
      const start = BASE - (BASE % 60);
      for (const [index, one] of hours.entries()) {
        const first = at(start + index * 60);
        const taken = index === hours.length - 1 ? count : 60;
        for (let i = 0; i < taken; i += 1) setMinute(byMinute, at(first + i), one[i] ?? NO_COUNTS);
        const of = (pick: (minute: Counts) => number) => one.map(pick);
        const arrays = { good: of((m) => m.total - m.bad), total: of((m) => m.total), expected: of((m) => m.expected) };
        expect(appendHour(byHour, first, arrays, taken)).toBe(true);
        expect(appendHour(byHour, first, arrays, taken)).toBe(false);
      }
      expect(byHour.firstMinute).toBe(byMinute.firstMinute);
      for (const minutes of [1, 7, 60, 90, 240]) {
        const end = at(start + hours.length * 60 - 61 + count);
        expect(sumOver(byHour, at(end - minutes), end)).toEqual(sumOver(byMinute, at(end - minutes), end));
      }
    }),
  );
});

test("a jump past everything retained starts anew", () => {
  const series = createSeries(60);
  setMinute(series, at(BASE), { bad: 5, total: 5, expected: 5 });
  setMinute(series, at(BASE + 100_000), { bad: 1, total: 1, expected: 1 });
  expect(sumOver(series, at(BASE - 1), at(BASE + 100_000))).toEqual({ bad: 1, total: 1, expected: 1 });
});

test("hours that look alike share one block", () => {
  const series = createSeries(28 * 1_440);
  for (let minute = 0; minute < 28 * 1_440; minute += 1) {
    setMinute(series, at(BASE - (BASE % 60) + minute), { bad: 0, total: 2, expected: 2 });
  }
  expect(new Set(series.blocks).size).toBeLessThanOrEqual(4);
});
