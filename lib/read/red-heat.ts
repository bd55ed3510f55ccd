import type { Histogram } from "#lib/core/histogram.ts";
import { middleOfBucket } from "#lib/core/histogram.ts";

/** Upper ends of the bands of a heat map in milliseconds; what is slower belongs to the last one, which has none. */
const EDGES_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const;

export type HeatBand = { readonly fromMs: number; readonly toMs: number | null };

/** How many good runs of each point took how long. `counts` is by point, then by band, the quickest band first. */
export type Heat = { readonly bands: readonly HeatBand[]; readonly counts: readonly (readonly number[])[] };

const bandOf = (index: number): number => {
  const ms = middleOfBucket(index) / 1_000;
  const place = EDGES_MS.findIndex((edge) => ms < edge);
  return place === -1 ? EDGES_MS.length : place;
};

/** Sorts histograms into bands, and leaves out the bands below and above all that was seen. */
export const heatOf = (histograms: readonly Histogram[]): Heat => {
  const counted = histograms.map((histogram) => {
    const counts = Array.from({ length: EDGES_MS.length + 1 }, () => 0);
    for (const [index, count] of histogram) counts[bandOf(index)] = (counts[bandOf(index)] ?? 0) + count;
    return counts;
  });
  const used = (band: number): boolean => counted.some((counts) => (counts[band] ?? 0) > 0);
  const places = Array.from({ length: EDGES_MS.length + 1 }, (_, band) => band).filter(used);
  const [first, last] = [places[0] ?? 0, (places.at(-1) ?? -1) + 1];
  return {
    bands: Array.from({ length: last - first }, (_, offset) => ({
      fromMs: EDGES_MS[first + offset - 1] ?? 0,
      toMs: EDGES_MS[first + offset] ?? null,
    })),
    counts: counted.map((counts) => counts.slice(first, last)),
  };
};
