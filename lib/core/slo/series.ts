import type { EpochMinute } from "../units.ts";

/** Exact sums. `bad` and `total` count decided slots; `expected` is how many should have been decided, 0 when unknown. */
export type Counts = { readonly bad: number; readonly total: number; readonly expected: number };

export const NO_COUNTS: Counts = { bad: 0, total: 0, expected: 0 };

const HOUR = 60;
const FIELDS = 3;

/** Running sums inside one hour: `[field * 60 + minute]` counts all minutes of the hour up to and with that one. */
type HourBlock = Float64Array;

/**
 * The newest minutes of one SLO. Each hour has running sums of its minutes, and the sums of all hours before it, so a
 * window of any length is the difference of two look-ups. Hours that look alike share one block, which keeps a healthy
 * SLO small. Minutes without data count nothing.
 */
export type MinuteSeries = {
  readonly capacityHours: number;
  readonly pool: BlockPool;
  /** Ring by `hour % capacityHours`. */
  readonly blocks: HourBlock[];
  /** Ring of sums of all retained hours before this one, by field. */
  readonly before: readonly [Float64Array, Float64Array, Float64Array];
  /** The oldest and newest retained hour; null before the first minute. */
  range: { firstHour: number; lastHour: number } | null;
  /** The newest hour's own block while it still changes. */
  isLastOwned: boolean;
  /** The first minute that ever had an expected or decided slot. */
  firstMinute: EpochMinute | null;
};

/** Blocks shared between hours and between SLOs. Dropping it costs memory, never correctness. */
export type BlockPool = Map<number, HourBlock[]>;

const POOL_LIMIT = 4_096;
const EMPTY_BLOCK: HourBlock = new Float64Array(HOUR * FIELDS);

export const createBlockPool = (): BlockPool => new Map();

/** @param retainMinutes the longest window that will be asked for; somewhat more is kept. */
export const createSeries = (retainMinutes: number, pool: BlockPool = createBlockPool()): MinuteSeries => {
  const capacityHours = Math.ceil(retainMinutes / HOUR) + 2;
  return {
    capacityHours,
    pool,
    blocks: new Array<HourBlock>(capacityHours).fill(EMPTY_BLOCK),
    before: [new Float64Array(capacityHours), new Float64Array(capacityHours), new Float64Array(capacityHours)],
    range: null,
    isLastOwned: false,
    firstMinute: null,
  };
};

const hashOf = (block: HourBlock): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < block.length; i += 1) hash = Math.imul(hash ^ (block[i] as number), 0x01000193);
  return hash;
};

const isSame = (a: HourBlock, b: HourBlock): boolean => {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
};

const shared = (pool: BlockPool, block: HourBlock): HourBlock => {
  const hash = hashOf(block);
  const candidates = pool.get(hash);
  const known = candidates?.find((candidate) => isSame(candidate, block));
  if (known !== undefined) return known;
  if (pool.size >= POOL_LIMIT) pool.clear();
  if (candidates === undefined) pool.set(hash, [block]);
  else candidates.push(block);
  return block;
};

const hourOf = (minute: number): number => Math.floor(minute / HOUR);
const blockAt = (series: MinuteSeries, hour: number): HourBlock =>
  series.blocks[hour % series.capacityHours] ?? EMPTY_BLOCK;
const beforeAt = (series: MinuteSeries, field: 0 | 1 | 2, hour: number): number =>
  series.before[field][hour % series.capacityHours] ?? 0;

/** Sums before `hour` follow from the hour before it. */
const carryInto = (series: MinuteSeries, hour: number): void => {
  const block = blockAt(series, hour - 1);
  for (const field of [0, 1, 2] as const) {
    series.before[field][hour % series.capacityHours] =
      beforeAt(series, field, hour - 1) + (block[field * HOUR + HOUR - 1] ?? 0);
  }
};

const startAt = (series: MinuteSeries, hour: number): void => {
  series.range = { firstHour: hour, lastHour: hour };
  series.blocks[hour % series.capacityHours] = EMPTY_BLOCK;
  for (const field of [0, 1, 2] as const) series.before[field][hour % series.capacityHours] = 0;
  series.isLastOwned = false;
};

/** Makes room for an hour before the first one, while the ring has some. False when it is too old. */
const reachBackTo = (series: MinuteSeries, hour: number): boolean => {
  const range = series.range;
  if (range === null || hour >= range.firstHour) return true;
  if (range.lastHour - hour >= series.capacityHours) return false;
  for (let earlier = hour; earlier < range.firstHour; earlier += 1) {
    series.blocks[earlier % series.capacityHours] = EMPTY_BLOCK;
    for (const field of [0, 1, 2] as const) series.before[field][earlier % series.capacityHours] = 0;
  }
  series.range = { firstHour: hour, lastHour: range.lastHour };
  return true;
};

/** Makes `hour` the newest one; hours in between count nothing, hours that leave the ring are forgotten. */
const advanceTo = (series: MinuteSeries, hour: number): void => {
  const range = series.range;
  if (range === null || hour - range.lastHour >= series.capacityHours) return startAt(series, hour);
  if (hour <= range.lastHour) return;
  const last = range.lastHour % series.capacityHours;
  if (series.isLastOwned) series.blocks[last] = shared(series.pool, series.blocks[last] as HourBlock);
  for (let next = range.lastHour + 1; next <= hour; next += 1) {
    carryInto(series, next);
    series.blocks[next % series.capacityHours] = EMPTY_BLOCK;
  }
  series.isLastOwned = false;
  series.range = { firstHour: Math.max(range.firstHour, hour - series.capacityHours + 1), lastHour: hour };
};

const addFrom = (block: HourBlock, minuteOfHour: number, delta: Counts): void => {
  for (let i = minuteOfHour; i < HOUR; i += 1) {
    block[i] = (block[i] as number) + delta.bad;
    block[HOUR + i] = (block[HOUR + i] as number) + delta.total;
    block[2 * HOUR + i] = (block[2 * HOUR + i] as number) + delta.expected;
  }
};

/** What one retained minute counts. */
export const countsAt = (series: MinuteSeries, minute: EpochMinute): Counts =>
  sumOver(series, (minute - 1) as EpochMinute, minute);

/**
 * Sets what a minute counts: a new one, or a correction of an old one, which changes only the sums that contain it.
 * False when the minute is older than what is retained.
 */
export const setMinute = (series: MinuteSeries, minute: EpochMinute, counts: Counts): boolean => {
  const hour = hourOf(minute);
  if (!reachBackTo(series, hour)) return false;
  advanceTo(series, hour);
  if ((counts.total > 0 || counts.expected > 0) && (series.firstMinute === null || minute < series.firstMinute)) {
    series.firstMinute = minute;
  }
  const old = countsAt(series, minute);
  const delta: Counts = {
    bad: counts.bad - old.bad,
    total: counts.total - old.total,
    expected: counts.expected - old.expected,
  };
  if (delta.bad === 0 && delta.total === 0 && delta.expected === 0) return true;
  const lastHour = series.range?.lastHour ?? hour;
  const isLast = hour === lastHour;
  const block = isLast && series.isLastOwned ? blockAt(series, hour) : blockAt(series, hour).slice();
  addFrom(block, minute - hour * HOUR, delta);
  series.blocks[hour % series.capacityHours] = isLast ? block : shared(series.pool, block);
  if (isLast) series.isLastOwned = true;
  const [bad, total, expected] = series.before;
  for (let later = hour + 1; later <= lastHour; later += 1) {
    const at = later % series.capacityHours;
    bad[at] = (bad[at] as number) + delta.bad;
    total[at] = (total[at] as number) + delta.total;
    expected[at] = (expected[at] as number) + delta.expected;
  }
  return true;
};

/**
 * Sets the first `count` minutes of an hour that is newer than all others, at a fraction of the cost of minute by minute.
 * False, and nothing done, when the hour is not newer: then its minutes are corrections.
 */
export const appendHour = (
  series: MinuteSeries,
  firstMinute: EpochMinute,
  minutes: {
    readonly good: ArrayLike<number>;
    readonly total: ArrayLike<number>;
    readonly expected: ArrayLike<number>;
  },
  count: number,
): boolean => {
  const hour = hourOf(firstMinute);
  if (series.range !== null && hour <= series.range.lastHour) return false;
  advanceTo(series, hour);
  const block = new Float64Array(HOUR * FIELDS);
  let [bad, total, expected] = [0, 0, 0];
  for (let i = 0; i < HOUR; i += 1) {
    if (i < count) {
      bad += (minutes.total[i] ?? 0) - (minutes.good[i] ?? 0);
      total += minutes.total[i] ?? 0;
      expected += minutes.expected[i] ?? 0;
      if (series.firstMinute === null && total + expected > 0) series.firstMinute = (firstMinute + i) as EpochMinute;
    }
    block[i] = bad;
    block[HOUR + i] = total;
    block[2 * HOUR + i] = expected;
  }
  series.blocks[hour % series.capacityHours] = block;
  series.isLastOwned = true;
  return true;
};

/** The sums of the half-open window `(from, to]`, in constant time. Minutes outside of what is retained count nothing. */
export const sumOver = (series: MinuteSeries, from: EpochMinute, to: EpochMinute): Counts => {
  const range = series.range;
  if (range === null) return NO_COUNTS;
  const high = Math.min(to, range.lastHour * HOUR + HOUR - 1);
  const low = Math.max(from, range.firstHour * HOUR - 1);
  if (high <= low) return NO_COUNTS;
  const highHour = hourOf(high);
  const highBlock = blockAt(series, highHour);
  const highMinute = high - highHour * HOUR;
  // Nothing is retained before the first hour, so its sums begin there.
  const lowHour = Math.max(hourOf(low), range.firstHour);
  const lowBlock = low < range.firstHour * HOUR ? EMPTY_BLOCK : blockAt(series, lowHour);
  const lowMinute = Math.max(low - lowHour * HOUR, 0);
  const difference = (field: 0 | 1 | 2): number =>
    beforeAt(series, field, highHour) -
    beforeAt(series, field, lowHour) +
    (highBlock[field * HOUR + highMinute] as number) -
    (lowBlock[field * HOUR + lowMinute] as number);
  return { bad: difference(0), total: difference(1), expected: difference(2) };
};

/** The newest retained minute's hour end, for tests and metrics: how many hours are held. */
export const retainedHours = (series: MinuteSeries): number =>
  series.range === null ? 0 : series.range.lastHour - series.range.firstHour + 1;
