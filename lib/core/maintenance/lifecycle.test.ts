import fc from "fast-check";
import { expect, test } from "vitest";
import type { EpochMs } from "../units.ts";
import { addMs, epochMs, MINUTE_MS } from "../units.ts";
import { dueReminder, dueStates, mayBecome, RUN_STATES, stateAt } from "./lifecycle.ts";

const START = epochMs(1_000 * MINUTE_MS);
const run = (state: (typeof RUN_STATES)[number]) => ({ state, startsAt: START, endsAt: addMs(START, 60 * MINUTE_MS) });

test("however often and however late the clock is looked at, each step is taken once and in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -120, max: 240 }), { maxLength: 20 }), (minutes) => {
      let current = run("scheduled");
      const taken: string[] = [];
      for (const at of [...minutes].sort((a, b) => a - b).concat(300)) {
        for (const state of dueStates(current, addMs(START, at * MINUTE_MS))) {
          current = { ...current, state };
          taken.push(state);
        }
      }
      expect(taken).toEqual(["in_progress", "completed"]);
    }),
  );
});

test("what is over or canceled stays so, at every instant", () => {
  for (const state of ["completed", "canceled"] as const)
    for (const at of [-1, 0, 30, 60, 61]) expect(stateAt(run(state), addMs(START, at * MINUTE_MS))).toBe(state);
  expect(RUN_STATES.filter((to) => mayBecome("canceled", to))).toEqual([]);
  expect(RUN_STATES.filter((to) => mayBecome("scheduled", to))).toEqual(["scheduled", "in_progress"]);
});

test("each reminder is due once, the longest first, and none that was due before people were told of the work", () => {
  const sentOver = (toldAt: EpochMs, looks: readonly number[]): number[] => {
    let sent: number | null = null;
    const all: number[] = [];
    for (const before of looks) {
      const now = addMs(START, -before * MINUTE_MS);
      const due = dueReminder({ run: run("scheduled"), reminders: [10, 60, 30], sent, toldAt, now });
      if (due === null) continue;
      sent = due;
      all.push(due);
    }
    return all;
  };
  const early = addMs(START, -500 * MINUTE_MS);
  expect(sentOver(early, [100, 60, 59, 30, 29, 11, 10, 5, 0, -5])).toEqual([60, 30, 10]);
  expect(sentOver(early, [100, 20, 5])).toEqual([30, 10]);
  expect(sentOver(addMs(START, -40 * MINUTE_MS), [39, 30, 10])).toEqual([30, 10]);
});
