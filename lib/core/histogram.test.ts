import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketIndexOf,
  decodeHistogram,
  encodeHistogram,
  histogramOf,
  mergeHistograms,
  middleOfBucket,
  NO_DURATIONS,
  quantilesOf,
  sizeOfHistogram,
} from "./histogram.ts";

const LARGEST_US = 2 ** 31 - 1;
const MOST_OFF = 0.02;
/** Spread over all magnitudes, as real durations are, and not only over the largest. */
const duration = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([bits, share]) => Math.min(LARGEST_US, Math.floor(2 ** bits * (1 + share)) - 1));
const durations = fc.array(duration, { maxLength: 300 });
const entries = (histogram: ReadonlyMap<number, number>) => [...histogram].sort(([a], [b]) => a - b);
const exactQuantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;

describe("a histogram of durations", () => {
  test("has every quantile within 2 % of the exact one", () => {
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), shares, (values, unsorted) => {
        const asked = [...unsorted, 0.5, 0.95, 0.99].sort((a, b) => a - b);
        const sorted = [...values].sort((a, b) => a - b);
        const seen = quantilesOf(histogramOf(values), asked);
        for (const [place, share] of asked.entries()) {
          const exact = exactQuantile(sorted, share);
          expect(Math.abs((seen[place] as number) - exact)).toBeLessThanOrEqual(exact * MOST_OFF);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("merges in any order and grouping to the same, and an empty one changes nothing", () => {
    fc.assert(
      fc.property(durations, durations, durations, (a, b, c) => {
        const [x, y, z] = [histogramOf(a), histogramOf(b), histogramOf(c)];
        const whole = entries(histogramOf([...a, ...b, ...c]));
        expect(entries(mergeHistograms([mergeHistograms([x, y]), z]))).toEqual(whole);
        expect(entries(mergeHistograms([x, mergeHistograms([z, y])]))).toEqual(whole);
        expect(entries(mergeHistograms([x, NO_DURATIONS]))).toEqual(entries(x));
        expect(sizeOfHistogram(x)).toBe(a.length);
      }),
    );
  });

  test("is the same after it was written and read", () => {
    fc.assert(
      fc.property(durations, (values) => {
        const histogram = histogramOf(values);
        expect(entries(decodeHistogram(encodeHistogram(histogram)))).toEqual(entries(histogram));
      }),
    );
  });

  test("never gives a smaller index to a larger value, and knows the middle of each bucket", () => {
    fc.assert(
      fc.property(duration, duration, (a, b) => {
        if (a <= b) expect(bucketIndexOf(a)).toBeLessThanOrEqual(bucketIndexOf(b));
        expect(bucketIndexOf(Math.floor(middleOfBucket(bucketIndexOf(a))))).toBe(bucketIndexOf(a));
      }),
    );
    expect([0, 1, 63, 64, 65, 66, LARGEST_US, LARGEST_US + 5, -3].map(bucketIndexOf)).toEqual([
      0, 1, 63, 64, 64, 65, 863, 863, 0,
    ]);
  });

  test("takes few bytes: an hour of a probe of 30 s that varies by a fifth", () => {
    const values = Array.from({ length: 120 }, (_, index) => 90_000 + ((index * 7_919) % 20_000));
    expect(encodeHistogram(histogramOf(values)).length).toBeLessThanOrEqual(48);
  });

  test("without any duration has no quantile, and broken bytes are refused", () => {
    expect(quantilesOf(NO_DURATIONS, [0.5, 0.99])).toEqual([null, null]);
    expect(() => decodeHistogram(Uint8Array.of(9))).toThrow(RangeError);
    expect(() => decodeHistogram(Uint8Array.of(1, 0x85))).toThrow("ends early");
    expect(() => decodeHistogram(new Uint8Array())).toThrow(RangeError);
  });
});
