import fc from "fast-check";
import { expect, test } from "vitest";
import { histogramOf, NO_DURATIONS } from "#lib/core/histogram.ts";
import { heatOf } from "./red-heat.ts";

test("no run is lost or counted twice, and no band outside what was seen is shown", () => {
  const durations = fc.array(fc.integer({ min: 0, max: 60_000_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(durations, { maxLength: 6 }), (points) => {
      const { bands, counts } = heatOf(points.map(histogramOf));
      expect(counts.map((point) => point.reduce((sum, count) => sum + count, 0))).toEqual(
        points.map((one) => one.length),
      );
      const used = (band: number) => counts.some((point) => (point[band] ?? 0) > 0);
      if (bands.length > 0) expect([used(0), used(bands.length - 1)]).toEqual([true, true]);
    }),
  );
});

test("bands go from a round number to the next, and the slowest has no end", () => {
  const { bands, counts } = heatOf([histogramOf([3_000, 30_000]), NO_DURATIONS, histogramOf([20_000_000])]);
  expect(bands[0]).toEqual({ fromMs: 2, toMs: 5 });
  expect(bands.at(-1)).toEqual({ fromMs: 10_000, toMs: null });
  expect(counts[1]).toEqual(bands.map(() => 0));
});

test("nothing seen is no band at all", () => {
  expect(heatOf([NO_DURATIONS])).toEqual({ bands: [], counts: [[]] });
});
