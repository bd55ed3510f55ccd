import fc from "fast-check";
import { expect, test } from "vitest";
import type { SliDefinition } from "#lib/core/definitions.ts";
import type { ExclusionSpan } from "#lib/core/slo/exclusions.ts";
import { createBlockPool, sumOver } from "#lib/core/slo/series.ts";
import type { TrackMinutes } from "#lib/core/slo/track-minutes.ts";
import { createTrackMinutes, deriveAll, PARTS_A_SLICE, setCounts, setSpans } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute } from "#lib/core/units.ts";
import { durationMs, MINUTE_MS } from "#lib/core/units.ts";

const BASE = 29_000_000 - (29_000_000 % 1_440);
const at = (index: number): EpochMinute => (BASE + index) as EpochMinute;
const LENGTH = 400;

const slots = { kind: "availability" } as const;
const timeslice = (minutes: number, noData: "ignore" | "good" | "bad", target = "60"): SliDefinition => ({
  kind: "timeslice",
  base: slots,
  sliceMs: durationMs(minutes * MINUTE_MS),
  target,
  noData,
});
const ratioSlices = (minutes: number): SliDefinition => ({
  kind: "ratio_timeslices",
  base: slots,
  sliceMs: durationMs(minutes * MINUTE_MS),
  noData: "ignore",
});

const minutesOf = (sli: SliDefinition) => createTrackMinutes(sli, LENGTH, createBlockPool());
const eventsOf = (minutes: TrackMinutes) => [
  sumOver(minutes.events, at(-1), at(LENGTH)),
  sumOver(minutes.rawEvents, at(-1), at(LENGTH)),
  ...[10, 60, 133, 399].map((end) => sumOver(minutes.events, at(end - 37), at(end))),
];

const counts = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(1))
  .map(([bad, good, missing]) => ({ bad, total: bad + good, expected: bad + good + missing }));
const span = fc
  .tuple(fc.nat(LENGTH), fc.integer({ min: 1, max: 90 }), fc.constantFrom("exclude" as const, "good" as const))
  .map(([from, length, treatment]): ExclusionSpan => ({ from: at(from), until: at(from + length), treatment }));
const sli = fc.constantFrom<SliDefinition>(slots, timeslice(5, "bad"), timeslice(7, "ignore"), ratioSlices(10));
const write = fc.record({ minute: fc.nat(LENGTH - 1), counts });

test("however minutes and exclusions came, what counts is what a fresh start would work out", () => {
  fc.assert(
    fc.property(
      sli,
      fc.array(counts, { minLength: LENGTH, maxLength: LENGTH }),
      fc.array(span, { maxLength: 3 }),
      fc.array(write, { maxLength: 8 }),
      fc.array(span, { maxLength: 2 }),
      (kind, first, early, late, spans) => {
        const through = at(LENGTH - 1);
        const [grown, fresh] = [minutesOf(kind), minutesOf(kind)];
        setSpans(grown, early, null);
        for (const [index, one] of first.entries()) setCounts(grown, at(index), one, at(index));
        for (const one of late) setCounts(grown, at(one.minute), one.counts, through);
        setSpans(grown, spans, through);
        const last = [...first];
        for (const one of late) last[one.minute] = one.counts;
        for (const [index, one] of last.entries()) setCounts(fresh, at(index), one, at(index));
        setSpans(fresh, spans, null);
        deriveAll(fresh, through);
        expect(eventsOf(grown)).toEqual(eventsOf(fresh));
      },
    ),
    { numRuns: 60 },
  );
});

test("revoking an exclusion restores what counted before, and says so only when something changed", () => {
  fc.assert(
    fc.property(sli, fc.array(counts, { minLength: LENGTH, maxLength: LENGTH }), span, (kind, all, one) => {
      const through = at(LENGTH - 1);
      const minutes = minutesOf(kind);
      for (const [index, each] of all.entries()) setCounts(minutes, at(index), each, at(index));
      const before = eventsOf(minutes);
      const isChanged = setSpans(minutes, [one], through);
      if (!isChanged) expect(eventsOf(minutes)).toEqual(before);
      expect(setSpans(minutes, [], through)).toBe(isChanged);
      expect(eventsOf(minutes)).toEqual(before);
    }),
    { numRuns: 60 },
  );
});

const fill = (minutes: TrackMinutes, list: readonly (readonly [number, number, number])[]) => {
  for (const [index, [good, total, expected]] of list.entries()) {
    setCounts(minutes, at(index), { bad: total - good, total, expected }, at(index));
  }
};

test("a slice is bad below its target and good on it, and stands at its last minute", () => {
  const minutes = minutesOf(timeslice(5, "ignore", "60"));
  fill(minutes, [
    ...Array.from({ length: 5 }, (_, index) => [index < 3 ? 1 : 0, 1, 1] as const),
    ...Array.from({ length: 5 }, (_, index) => [index < 2 ? 1 : 0, 1, 1] as const),
    ...Array.from({ length: 4 }, () => [0, 1, 1] as const),
  ]);
  expect(sumOver(minutes.events, at(-1), at(4))).toEqual({ bad: 0, total: 1, expected: 1 });
  expect(sumOver(minutes.events, at(4), at(8))).toEqual({ bad: 0, total: 0, expected: 0 });
  expect(sumOver(minutes.events, at(-1), at(13))).toEqual({ bad: 1, total: 2, expected: 2 });
});

test.each([
  ["ignore", { bad: 0, total: 1, expected: 2 }],
  ["good", { bad: 0, total: 2, expected: 2 }],
  ["bad", { bad: 1, total: 2, expected: 2 }],
] as const)("a slice without data is judged as %s, one in which nothing was expected is none", (noData, expected) => {
  const minutes = minutesOf(timeslice(5, noData));
  fill(minutes, [
    ...Array.from({ length: 5 }, () => [0, 0, 0] as const),
    ...Array.from({ length: 5 }, () => [1, 1, 1] as const),
    ...Array.from({ length: 5 }, () => [0, 0, 1] as const),
  ]);
  expect(sumOver(minutes.events, at(-1), at(14))).toEqual(expected);
});

test("slices of a ratio weigh the same, however many slots they have", () => {
  const minutes = minutesOf(ratioSlices(5));
  fill(minutes, [
    ...Array.from({ length: 5 }, () => [0, 100, 100] as const),
    ...Array.from({ length: 5 }, () => [3, 4, 4] as const),
  ]);
  const { bad, total } = sumOver(minutes.events, at(-1), at(9));
  expect(bad / total).toBe((1 + 0.25) / 2);
  expect(total).toBe(2 * PARTS_A_SLICE);
});
