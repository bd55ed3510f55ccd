import { describe, expect, test } from "vitest";
import { nextSlotAt } from "#lib/core/schedule.ts";
import { DAY_MS, durationMs, epochMs } from "#lib/core/units.ts";
import type { Beat } from "#probes/timetable.ts";
import { createTimetable } from "#probes/timetable.ts";

const START_MS = 1_800_000_000_000;
const INTERVAL_MS = durationMs(30_000);
const beats = (count: number, intervalMs = INTERVAL_MS): Beat<number>[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `fra p${index}`,
    probeId: `p${index}`,
    intervalMs,
    item: index,
  }));
const at = (ms: number, wallOffset = 0) => ({ wallMs: epochMs(START_MS + ms + wallOffset), monotonicMs: 5_000 + ms });

describe("a timetable", () => {
  test("runs 1,000 probes of 30 s through a day without drift, miss or double, spread over the interval", () => {
    const timetable = createTimetable<number>(() => expect.unreachable("no jump"));
    timetable.update(beats(1_000), at(0));
    const lastSlot = new Map<number, number>();
    const perMs = new Map<number, number>();
    let runs = 0;
    let worstGap = 0;
    for (let ms = timetable.nextDueMs(); ms !== null && ms - 5_000 < DAY_MS; ms = timetable.nextDueMs()) {
      // Plain comparisons: three million expectations would take longer than the day.
      for (const { item, scheduledAt, isMissed } of timetable.takeDue(at(ms - 5_000))) {
        runs += 1;
        if (isMissed) expect.unreachable("a beat was missed");
        const due = START_MS + ms - 5_000;
        worstGap = Math.max(worstGap, Math.abs(due - scheduledAt));
        const before = lastSlot.get(item);
        if (before !== undefined && scheduledAt - before !== INTERVAL_MS) expect.unreachable("a slot was left out");
        lastSlot.set(item, scheduledAt);
        perMs.set(due % INTERVAL_MS, (perMs.get(due % INTERVAL_MS) ?? 0) + 1 / 2_880);
      }
    }
    expect(runs).toBe(1_000 * 2_880);
    expect(worstGap).toBe(0);
    for (const [probe, slot] of lastSlot) {
      expect(nextSlotAt(`p${probe}`, INTERVAL_MS, epochMs(slot))).toBe(slot);
    }
    // Of 30 parts of the interval each gets its share, give or take.
    const perPart = Array.from({ length: 30 }, () => 0);
    for (const [phase, share] of perMs)
      perPart[Math.floor(phase / 1_000)] = (perPart[Math.floor(phase / 1_000)] ?? 0) + share;
    expect(Math.max(...perPart)).toBeLessThan(70);
    expect(Math.min(...perPart)).toBeGreaterThan(10);
  });

  test("keeps the beat of unchanged probes when the set changes, drops removed ones and restarts changed ones", () => {
    const timetable = createTimetable<number>(() => undefined);
    timetable.update(beats(3), at(0));
    const dueOf = (ms: number) => timetable.takeDue(at(ms)).map(({ key, scheduledAt }) => `${key} ${scheduledAt}`);
    const first = dueOf(30_000);
    const [p0, , p2] = beats(3);
    timetable.update(
      [
        { ...(p0 as Beat<number>), item: 99 },
        { ...(p2 as Beat<number>), intervalMs: durationMs(10_000) },
      ],
      at(30_000),
    );
    expect(timetable.size()).toBe(2);
    const second = dueOf(60_000);
    const slots = (lines: string[], key: string) =>
      lines.filter((line) => line.startsWith(key)).map((line) => Number(line.split(" ")[2]));
    expect(slots(second, "fra p0")).toEqual(slots(first, "fra p0").map((slot) => slot + 30_000));
    expect(slots(second, "fra p1")).toEqual([]);
    expect(slots(second, "fra p2")).toHaveLength(3);
  });

  test("names beats that came too late as missed, at most two hours of them, and goes on in step", () => {
    const timetable = createTimetable<number>(() => undefined);
    timetable.update(beats(1), at(0));
    const [first] = timetable.takeDue(at(30_000));
    const late = timetable.takeDue(at(30_000 + 5 * 30_000));
    expect(late.map(({ isMissed }) => isMissed)).toEqual([true, true, true, true, false]);
    expect(late.map(({ scheduledAt }) => scheduledAt - (first?.scheduledAt ?? 0))).toEqual(
      [30, 60, 90, 120, 150].map((s) => s * 1_000),
    );
    const veryLate = timetable.takeDue(at(DAY_MS));
    expect(veryLate).toHaveLength(121);
    expect(new Set(veryLate.map(({ scheduledAt }) => scheduledAt)).size).toBe(121);
  });

  test.each([
    { name: "an hour ahead", jumpMs: 3_600_000 },
    { name: "ten seconds ahead", jumpMs: 10_000 },
    { name: "an hour back", jumpMs: -3_600_000 },
  ])("a wall clock that jumps $name is reported once and changes no beat", ({ jumpMs }) => {
    const jumps: number[] = [];
    const timetable = createTimetable<number>((byMs) => jumps.push(byMs));
    timetable.update(beats(1), at(0));
    const dueMs: number[] = [];
    const slots: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const next = timetable.nextDueMs() ?? 0;
      const [due] = timetable.takeDue(at(next - 5_000, round >= 4 ? jumpMs : 0));
      dueMs.push(next);
      slots.push(due?.scheduledAt ?? 0);
      const wallMs = START_MS + next - 5_000 + (round >= 4 ? jumpMs : 0);
      expect(Math.abs((due?.scheduledAt ?? 0) - wallMs)).toBeLessThanOrEqual(15_000);
    }
    expect(jumps).toEqual([jumpMs]);
    expect(new Set(dueMs.slice(1).map((ms, index) => ms - (dueMs[index] ?? 0)))).toEqual(new Set([30_000]));
    for (const slot of slots) expect(nextSlotAt("p0", INTERVAL_MS, epochMs(slot))).toBe(slot);
  });

  test("a stagger moves when a beat is due, not its slot, and keeps its distance", () => {
    const timetable = createTimetable<number>(() => undefined);
    const [beat] = beats(1) as [Beat<number>];
    timetable.update([{ ...beat, staggerMs: 750 }], at(0));
    const slot = nextSlotAt("p0", INTERVAL_MS, epochMs(START_MS));
    for (let round = 0; round < 5; round += 1) {
      const dueMs = timetable.nextDueMs() ?? 0;
      expect(dueMs - 5_000).toBe(slot - START_MS + round * INTERVAL_MS + 750);
      expect(timetable.takeDue(at(dueMs - 5_000))).toMatchObject([{ scheduledAt: slot + round * INTERVAL_MS }]);
    }
  });

  test("a stagger that changes moves the beat that comes next and runs no slot twice", () => {
    const timetable = createTimetable<number>(() => undefined);
    const [beat] = beats(1) as [Beat<number>];
    const slot = nextSlotAt("p0", INTERVAL_MS, epochMs(START_MS)) - START_MS;
    timetable.update([beat], at(0));
    expect(timetable.takeDue(at(slot))).toHaveLength(1);
    timetable.update([{ ...beat, staggerMs: 500 }], at(slot + 100));
    expect(timetable.takeDue(at(slot + INTERVAL_MS + 499))).toEqual([]);
    expect(timetable.takeDue(at(slot + INTERVAL_MS + 500))).toMatchObject([
      { scheduledAt: START_MS + slot + INTERVAL_MS, isMissed: false },
    ]);
    expect(timetable.size()).toBe(1);
  });

  test("a new beat runs a slot of the last moment that its stagger lets it run in time, if it was in force then", () => {
    const [beat] = beats(1) as [Beat<number>];
    const slot = nextSlotAt("p0", INTERVAL_MS, epochMs(START_MS)) - START_MS;
    const firstSlot = (notBefore: number): number => {
      const timetable = createTimetable<number>(() => undefined);
      timetable.update([{ ...beat, staggerMs: 500 }], at(slot + 400), epochMs(START_MS + notBefore));
      return (timetable.takeDue(at(slot + INTERVAL_MS + 500))[0]?.scheduledAt ?? 0) - START_MS;
    };
    expect(firstSlot(slot - 10)).toBe(slot);
    expect(firstSlot(slot + 10)).toBe(slot + INTERVAL_MS);
  });

  test("a wall clock that goes back by less than half a minute never names a slot twice", () => {
    const timetable = createTimetable<number>(() => undefined);
    timetable.update(beats(1, durationMs(5_000)), at(0));
    const slots: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const next = timetable.nextDueMs() ?? 0;
      slots.push(
        ...timetable.takeDue(at(next - 5_000, round >= 5 ? -20_000 : 0)).map(({ scheduledAt }) => scheduledAt),
      );
    }
    expect(new Set(slots).size).toBe(slots.length);
  });
});
