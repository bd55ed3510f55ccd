/**
 * How often each duration was seen, by the index of its bucket. Durations below 64 us have a bucket each; above, every
 * octave is cut into 32 equal parts, so a bucket is at most 1/32 of its lower bound wide and its middle at most 1/64
 * (1.6 %) off. Whole numbers only: the same value gets the same index in every process and in SQL (`duration_bucket`).
 * The idea is that of HdrHistogram and DDSketch.
 */
export type Histogram = ReadonlyMap<number, number>;

const PARTS_BITS = 5;
/** Below this each value has its own bucket. */
const EXACT_BELOW = 2 ** (PARTS_BITS + 1);
const LARGEST_US = 2 ** 31 - 1;
const VERSION = 1;

export const NO_DURATIONS: Histogram = new Map<number, number>();

/** The index of the bucket of a duration in whole microseconds; what is outside 0 … 2^31 - 1 counts as the nearest end. */
export const bucketIndexOf = (durationUs: number): number => {
  const value = Math.min(Math.max(Math.round(durationUs), 0), LARGEST_US);
  if (value < EXACT_BELOW) return value;
  const shift = 31 - Math.clz32(value) - PARTS_BITS;
  return shift * 2 ** PARTS_BITS + (value >> shift);
};

/** The middle of a bucket in microseconds. */
export const middleOfBucket = (index: number): number => {
  if (index < EXACT_BELOW) return index;
  const shift = (index >> PARTS_BITS) - 1;
  const lower = (index - shift * 2 ** PARTS_BITS) * 2 ** shift;
  return lower + (2 ** shift - 1) / 2;
};

/** Adds one duration to a histogram that is being built. */
export const addDuration = (counts: Map<number, number>, durationUs: number): void => {
  const index = bucketIndexOf(durationUs);
  counts.set(index, (counts.get(index) ?? 0) + 1);
};

/** The histogram of durations in microseconds. */
export const histogramOf = (durationsUs: readonly number[]): Histogram => {
  const counts = new Map<number, number>();
  for (const value of durationsUs) addDuration(counts, value);
  return counts;
};

/** Adds histograms up: associative and commutative, the empty one changes nothing. */
export const mergeHistograms = (histograms: Iterable<Histogram>): Histogram => {
  const counts = new Map<number, number>();
  for (const one of histograms) for (const [index, count] of one) counts.set(index, (counts.get(index) ?? 0) + count);
  return counts;
};

/** How many durations it holds. */
export const sizeOfHistogram = (histogram: Histogram): number => {
  let size = 0;
  for (const count of histogram.values()) size += count;
  return size;
};

/**
 * Quantiles in microseconds by the nearest rank, as SQL's `percentile_disc` has them: the smallest value with at least
 * `share` of all at or below it. At most 1.6 % (below 64 us: not at all) off the exact one. Null when nothing was seen.
 * `shares` are within 0 … 1, ascending.
 */
export const quantilesOf = (histogram: Histogram, shares: readonly number[]): (number | null)[] => {
  const size = sizeOfHistogram(histogram);
  if (size === 0) return shares.map(() => null);
  const sorted = [...histogram].sort(([a], [b]) => a - b);
  let place = 0;
  let seen = sorted[0]?.[1] ?? 0;
  return shares.map((share) => {
    const rank = Math.max(1, Math.ceil(share * size));
    while (seen < rank && place < sorted.length - 1) {
      place += 1;
      seen += sorted[place]?.[1] ?? 0;
    }
    return middleOfBucket(sorted[place]?.[0] ?? 0);
  });
};

/** The same of values as they are, ascending: exact. */
export const quantilesOfSorted = (values: readonly number[], shares: readonly number[]): (number | null)[] =>
  shares.map((share) => values[Math.max(1, Math.ceil(share * values.length)) - 1] ?? null);

const pushVarint = (bytes: number[], value: number): void => {
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) + 0x80);
    left = Math.floor(left / 0x80);
  }
  bytes.push(left);
};

/** About two bytes a bucket in use: a version, then for each bucket in order the step from the one before and its count. */
export const encodeHistogram = (histogram: Histogram): Uint8Array => {
  const bytes = [VERSION];
  let before = 0;
  for (const [index, count] of [...histogram].sort(([a], [b]) => a - b)) {
    pushVarint(bytes, index - before);
    pushVarint(bytes, count);
    before = index;
  }
  return Uint8Array.from(bytes);
};

/** @throws RangeError when the bytes are not what `encodeHistogram` writes. */
export const decodeHistogram = (bytes: Uint8Array): Histogram => {
  if (bytes[0] !== VERSION) throw new RangeError(`a histogram of version ${bytes[0]} cannot be read`);
  const counts = new Map<number, number>();
  let at = 1;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = bytes[at];
      if (byte === undefined) throw new RangeError("a histogram ends early");
      at += 1;
      value += (byte % 0x80) * factor;
      if (byte < 0x80) return value;
    }
  };
  let index = 0;
  while (at < bytes.length) {
    index += readVarint();
    counts.set(index, readVarint());
  }
  return counts;
};
