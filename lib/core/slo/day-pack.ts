import type { EpochMinute } from "../units.ts";
import type { BlockPool, Counts, HourBlock, MinuteSeries } from "./series.ts";
import { createBlockPool, findShared, hashOf, isCompact, share } from "./series.ts";

const HOUR = 60;
const DAY_HOURS = 24;
export const DAY_MINUTES = DAY_HOURS * HOUR;
const FIELDS = 3;

/** Counts of the 1,440 minutes of a day; a missing element counts nothing. */
export type DayMinutes = {
  readonly good: ArrayLike<number>;
  readonly total: ArrayLike<number>;
  readonly expected: ArrayLike<number>;
};

/** The 24 hours of a day as running sums, in the form that `MinuteSeries` keeps. Shared between SLOs and never written to. */
export type DayBlocks = {
  readonly blocks: readonly HourBlock[];
  /** The first minute of the day with anything in it; null when there is none. */
  readonly firstMinute: number | null;
};

/** Whole numbers from 0, seven bits a byte, the lowest first. */
const writeNumber = (bytes: number[], value: number): void => {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
};

/** Signed numbers as 0, -1, 1, -2, 2 ... */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const unzigzag = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);

/**
 * Packs a day as runs of equal minutes: length, total, bad, and expected less total. A healthy day takes a few bytes.
 * A pure function of the counts: the same day gives the same bytes everywhere.
 */
export const packDay = ({ good, total, expected }: DayMinutes): Uint8Array => {
  const bytes: number[] = [];
  const at = (list: ArrayLike<number>, index: number): number => list[index] ?? 0;
  let start = 0;
  for (let index = 1; index <= DAY_MINUTES; index += 1) {
    const isSame =
      index < DAY_MINUTES &&
      at(good, index) === at(good, start) &&
      at(total, index) === at(total, start) &&
      at(expected, index) === at(expected, start);
    if (isSame) continue;
    writeNumber(bytes, index - start);
    writeNumber(bytes, at(total, start));
    writeNumber(bytes, at(total, start) - at(good, start));
    writeNumber(bytes, zigzag(at(expected, start) - at(total, start)));
    start = index;
  }
  return Uint8Array.from(bytes);
};

/** Reads one number; `place` moves on. @throws RangeError when the bytes end too early. */
const readNumber = (bytes: Uint8Array, place: { index: number }): number => {
  let [value, scale] = [0, 1];
  for (;;) {
    const byte = bytes[place.index];
    if (byte === undefined) throw new RangeError("a packed day ends too early");
    place.index += 1;
    value += (byte % 128) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
};

const BLOCK = HOUR * FIELDS;

type Run = { readonly length: number; readonly bad: number; readonly total: number; readonly expected: number };

/** @throws RangeError when the bytes end too early. */
const readRun = (bytes: Uint8Array, place: { index: number }): Run => {
  const length = readNumber(bytes, place);
  const total = readNumber(bytes, place);
  const bad = readNumber(bytes, place);
  return { length, bad, total, expected: total + unzigzag(readNumber(bytes, place)) };
};

/** What a packed day counts in all, without unpacking its minutes. @throws RangeError when the bytes end too early. */
export const countsOfDay = (bytes: Uint8Array): Counts => {
  const place = { index: 0 };
  let [bad, total, expected] = [0, 0, 0];
  while (place.index < bytes.length) {
    const run = readRun(bytes, place);
    bad += run.bad * run.length;
    total += run.total * run.length;
    expected += run.expected * run.length;
  }
  return { bad, total, expected };
};

/** Adds a run of equal minutes from `first` on to the running sums of its hours. */
const addRun = (sums: Float64Array, first: number, { length, bad, total, expected }: Run): void => {
  for (let minute = first; minute < first + length; minute += 1) {
    // Hours follow each other, so a minute's place in the day is its place in its hour's block.
    const at = minute * FIELDS;
    const isFirst = minute % HOUR === 0;
    sums[at] = bad + (isFirst ? 0 : (sums[at - 3] as number));
    sums[at + 1] = total + (isFirst ? 0 : (sums[at - 2] as number));
    sums[at + 2] = expected + (isFirst ? 0 : (sums[at - 1] as number));
  }
};

/** Writes the running sums of a whole day into `sums`, hour by hour. Returns the first minute with anything in it. */
const unpackSums = (bytes: Uint8Array, sums: Float64Array): number | null => {
  const place = { index: 0 };
  let minute = 0;
  let firstMinute: number | null = null;
  while (place.index < bytes.length) {
    const run = readRun(bytes, place);
    if (firstMinute === null && run.total + run.expected > 0) firstMinute = minute;
    if (minute + run.length > DAY_MINUTES) throw new RangeError("a packed day is longer than a day");
    addRun(sums, minute, run);
    minute += run.length;
  }
  if (minute !== DAY_MINUTES) throw new RangeError("a packed day is shorter than a day");
  return firstMinute;
};

/** Room to unpack a day in. What was in it before does not matter, so that many days may use the same. */
export const createDayScratch = (): Float64Array => new Float64Array(DAY_HOURS * BLOCK);

/**
 * The inverse of `packDay`, as running sums by the hour. Hours that look like others in `pool` are shared with them; the
 * rest lie in one piece of memory, since a piece an hour would cost as much again.
 * @throws RangeError when the bytes are no packed day.
 */
export const unpackDay = (
  bytes: Uint8Array,
  pool: BlockPool = createBlockPool(),
  scratch: Float64Array = createDayScratch(),
): DayBlocks => {
  const firstMinute = unpackSums(bytes, scratch);
  const hours = Array.from({ length: DAY_HOURS }, (_, hour) => {
    const block = scratch.subarray(hour * BLOCK, (hour + 1) * BLOCK);
    const hash = hashOf(block);
    return { block, hash, known: findShared(pool, hash, block) };
  });
  const own = hours.filter(({ known }) => known === null);
  const isSmall = own.every(({ block }) => isCompact(block));
  const memory = isSmall ? new Uint16Array(own.length * BLOCK) : new Float64Array(own.length * BLOCK);
  let next = 0;
  const blocks = hours.map(({ block, hash, known }): HourBlock => {
    // An hour before this one may have looked the same.
    const twin = known ?? findShared(pool, hash, block);
    if (twin !== null) return twin;
    const place = memory.subarray(next * BLOCK, (next + 1) * BLOCK);
    next += 1;
    place.set(block);
    share(pool, hash, place);
    return place;
  });
  return { blocks, firstMinute };
};

const NOTHING: HourBlock = new Float64Array(BLOCK);

const appendBlock = (series: MinuteSeries, hour: number, block: HourBlock): void => {
  const { capacityHours, blocks, before, range } = series;
  const placeOf = (at: number): number => (at % capacityHours) * FIELDS;
  if (range === null || hour - range.lastHour >= capacityHours) {
    before.fill(0, placeOf(hour), placeOf(hour) + FIELDS);
    series.range = { firstHour: hour, lastHour: hour };
  } else {
    const end = (HOUR - 1) * FIELDS;
    for (let next = range.lastHour + 1; next <= hour; next += 1) {
      const last = blocks[(next - 1) % capacityHours] ?? NOTHING;
      const [from, to] = [placeOf(next - 1), placeOf(next)];
      before[to] = (before[from] as number) + (last[end] as number);
      before[to + 1] = (before[from + 1] as number) + (last[end + 1] as number);
      before[to + 2] = (before[from + 2] as number) + (last[end + 2] as number);
      blocks[next % capacityHours] = NOTHING;
    }
    range.firstHour = Math.max(range.firstHour, hour - capacityHours + 1);
    range.lastHour = hour;
  }
  blocks[hour % capacityHours] = block;
  series.isLastOwned = false;
};

/**
 * Appends a whole day that is newer than all others, by pointing at its hours. `firstOfDay` is its first minute.
 * False, and nothing done, when the series holds that day or later ones already.
 */
export const appendDay = (series: MinuteSeries, firstOfDay: EpochMinute, day: DayBlocks): boolean => {
  const firstHour = Math.floor(firstOfDay / HOUR);
  if (series.range !== null && firstHour <= series.range.lastHour) return false;
  for (const [index, block] of day.blocks.entries()) appendBlock(series, firstHour + index, block);
  if (series.firstMinute === null && day.firstMinute !== null) {
    series.firstMinute = (firstOfDay + day.firstMinute) as EpochMinute;
  }
  return true;
};
