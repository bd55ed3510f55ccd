import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EpochMinute } from "../units.ts";
import { changedMinutes, countHour } from "./count-minutes.ts";
import { hoursOf, planPoll } from "./plan-poll.ts";
import { readRangeAnswer } from "./read-answer.ts";

const minute = (value: number): EpochMinute => value as EpochMinute;
const HOUR = minute(29_000_040);
const fractions = fc.array(
  fc.tuple(fc.double({ min: 0, max: 1e4, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
  {
    minLength: 1,
    maxLength: 60,
  },
);
const hourOf = (rows: readonly (readonly [number, number])[], last = rows.length) =>
  countHour({
    first: HOUR,
    last: minute(HOUR + last - 1),
    total: new Map(rows.map(([total], index) => [minute(HOUR + index), total])),
    good: new Map(rows.map(([total, share], index) => [minute(HOUR + index), total * share])),
    carry: 0,
  });
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

describe("counting minutes", () => {
  test("whole numbers add up to the fractions within half an event of each kind, and good never passes total", () => {
    fc.assert(
      fc.property(fractions, (rows) => {
        const { minutes, clamped } = hourOf(rows);
        const good = sum(rows.map(([total, share]) => total * share));
        expect(clamped).toBe(0);
        expect(Math.abs(sum(minutes.map((each) => each.good)) - good)).toBeLessThanOrEqual(0.5 + 1e-3);
        const bad = sum(minutes.map((each) => each.total - each.good));
        expect(Math.abs(bad - (sum(rows.map(([total]) => total)) - good))).toBeLessThanOrEqual(0.5 + 1e-3);
        expect(minutes.every((each) => each.good >= 0 && each.good <= each.total && Number.isInteger(each.total))).toBe(
          true,
        );
      }),
    );
  });

  test("a shorter question gives the same numbers for the minutes that it covers", () => {
    fc.assert(
      fc.property(fractions, fc.integer({ min: 1, max: 60 }), (rows, cut) => {
        const length = Math.min(cut, rows.length);
        expect(hourOf(rows, length).minutes).toEqual(hourOf(rows).minutes.slice(0, length));
      }),
    );
  });

  test("a minute without a sample expects what the one before counted, and takes back nothing", () => {
    const { minutes } = countHour({ first: HOUR, last: minute(HOUR + 1), good: new Map(), total: new Map(), carry: 7 });
    expect(minutes.map(({ total, expected }) => [total, expected])).toEqual([
      [0, 7],
      [0, 7],
    ]);
    expect(changedMinutes(minutes, () => ({ good: 3, total: 5, expected: 5 }))).toEqual([]);
    expect(changedMinutes(minutes, () => ({ good: 0, total: 0, expected: 0 }))).toHaveLength(2);
  });
});

describe("planning questions", () => {
  test("every minute from the oldest to the newest is asked for, none twice but the last five", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6_000 }), fc.integer({ min: 1, max: 4_000 }), (back, away) => {
        const oldest = minute(HOUR - back);
        let polled = null as Parameters<typeof planPoll>[0]["polled"];
        const asked = new Set<number>();
        for (const newest of [HOUR, HOUR + away]) {
          for (let guard = 0; ; guard += 1) {
            const step = planPoll({ polled, newest: minute(newest), oldest });
            if (step === null) break;
            expect(guard).toBeLessThan(20);
            expect(step.first % 60).toBe(0);
            expect(step.last - step.first).toBeLessThan(1_440);
            expect(sum(hoursOf(step).map(([first, last]) => last - first + 1))).toBe(step.last - step.first + 1);
            for (let at: number = step.first; at <= step.last; at += 1) asked.add(at);
            polled = step.next;
          }
        }
        for (let at: number = oldest; at <= HOUR + away; at += 1) expect(asked.has(at)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

test("whatever a server answers is read without an error", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (document, result) => {
      expect(["values", "fault"]).toContain(readRangeAnswer(document).kind);
      const matrix = { status: "success", data: { resultType: "matrix", result } };
      expect(["values", "fault"]).toContain(readRangeAnswer(matrix).kind);
    }),
  );
});
