import type { EpochMinute } from "../units.ts";

/** Exact sums. `bad` and `total` count decided slots; `expected` is how many should have been decided, 0 when unknown. */
export type Counts = { readonly bad: number; readonly total: number; readonly expected: number };

export const NO_COUNTS: Counts = { bad: 0, total: 0, expected: 0 };

const HOUR = 60;
const FIELDS = 3;

/**
 * Running sums inside one hour: `[minute * 3 + field]` counts all minutes of the hour up to and with that one. Blocks that
 * do not change any more are kept in 16 bits where they fit, which is nearly always so.
 */
export type HourBlock = Float64Array | Uint16Array;

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
  /** Ring of sums of all retained hours before this one: three fields an hour, side by side in the processor's cache. */
  readonly before: Float64Array;
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

/** An empty pool of blocks, for series that are to share equal hours. */
export const createBlockPool = (): BlockPool => new Map();

/** @param retainMinutes the longest window that will be asked for; somewhat more is kept. */
export const createSeries = (retainMinutes: number, pool: BlockPool = createBlockPool()): MinuteSeries => {
  const capacityHours = Math.ceil(retainMinutes / HOUR) + 2;
  return {
    capacityHours,
    pool,
    blocks: new Array<HourBlock>(capacityHours).fill(EMPTY_BLOCK),
    before: new Float64Array(capacityHours * FIELDS),
    range: null,
    isLastOwned: false,
    firstMinute: null,
  };
};

/** A number that blocks that look alike have in common: all bad counts, and every tenth of the others. */
export const hashOf = (block: HourBlock): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < block.length; i += FIELDS) hash = Math.imul(hash ^ (block[i] as number), 0x01000193);
  for (let i = 10 * FIELDS - 2; i < block.length; i += 10 * FIELDS) {
    hash = Math.imul(hash ^ (block[i] as number), 0x01000193);
    hash = Math.imul(hash ^ (block[i + 1] as number), 0x01000193);
  }
  return hash;
};

const isSame = (a: HourBlock, b: HourBlock): boolean => {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
};

const MOST_IN_16_BITS = 65_535;

/** Whether the running sums of an hour fit into 16 bits: the last ones are the largest. */
export const isCompact = (block: ArrayLike<number>): boolean =>
  [1, 2, 3].every((back) => (block[HOUR * FIELDS - back] ?? 0) <= MOST_IN_16_BITS);

/** A shared block that looks like this one, whose `hashOf` is `hash`; null when there is none. */
export const findShared = (pool: BlockPool, hash: number, block: HourBlock): HourBlock | null =>
  pool.get(hash)?.find((candidate) => isSame(candidate, block)) ?? null;

/** Offers a block that will not change any more to others. */
export const share = (pool: BlockPool, hash: number, block: HourBlock): void => {
  if (pool.size >= POOL_LIMIT) pool.clear();
  const candidates = pool.get(hash);
  if (candidates === undefined) pool.set(hash, [block]);
  else candidates.push(block);
};

const shared = (pool: BlockPool, block: HourBlock): HourBlock => {
  const hash = hashOf(block);
  const known = findShared(pool, hash, block);
  if (known !== null) return known;
  const kept = isCompact(block) ? Uint16Array.from(block) : block;
  share(pool, hash, kept);
  return kept;
};

const hourOf = (minute: number): number => Math.floor(minute / HOUR);
const blockAt = (series: MinuteSeries, hour: number): HourBlock =>
  series.blocks[hour % series.capacityHours] ?? EMPTY_BLOCK;
type Field = 0 | 1 | 2;
const FIELD_LIST: readonly Field[] = [0, 1, 2];

/** Where the sums before an hour stand. */
const placeOf = (series: MinuteSeries, hour: number): number => (hour % series.capacityHours) * FIELDS;

/** Sums before `hour` follow from the hour before it. */
const carryInto = (series: MinuteSeries, hour: number): void => {
  const block = blockAt(series, hour - 1);
  const [from, to] = [placeOf(series, hour - 1), placeOf(series, hour)];
  const last = (HOUR - 1) * FIELDS;
  for (const field of FIELD_LIST) {
    series.before[to + field] = (series.before[from + field] ?? 0) + (block[last + field] ?? 0);
  }
};

const clearBefore = (series: MinuteSeries, hour: number): void => {
  const place = placeOf(series, hour);
  series.before.fill(0, place, place + FIELDS);
};

const startAt = (series: MinuteSeries, hour: number): void => {
  series.range = { firstHour: hour, lastHour: hour };
  series.blocks[hour % series.capacityHours] = EMPTY_BLOCK;
  clearBefore(series, hour);
  series.isLastOwned = false;
};

/** Makes room for an hour before the first one, while the ring has some. False when it is too old. */
const reachBackTo = (series: MinuteSeries, hour: number): boolean => {
  const range = series.range;
  if (range === null || hour >= range.firstHour) return true;
  if (range.lastHour - hour >= series.capacityHours) return false;
  for (let earlier = hour; earlier < range.firstHour; earlier += 1) {
    series.blocks[earlier % series.capacityHours] = EMPTY_BLOCK;
    clearBefore(series, earlier);
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
  for (let i = minuteOfHour * FIELDS; i < HOUR * FIELDS; i += FIELDS) {
    block[i] = (block[i] as number) + delta.bad;
    block[i + 1] = (block[i + 1] as number) + delta.total;
    block[i + 2] = (block[i + 2] as number) + delta.expected;
  }
};

/** Adds a correction to the sums before all hours after the one that was corrected. */
const addAfter = (series: MinuteSeries, hour: number, lastHour: number, delta: Counts): void => {
  const { before } = series;
  for (let later = hour + 1; later <= lastHour; later += 1) {
    const place = placeOf(series, later);
    before[place] = (before[place] as number) + delta.bad;
    before[place + 1] = (before[place + 1] as number) + delta.total;
    before[place + 2] = (before[place + 2] as number) + delta.expected;
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
  // A copy is as wide as can be: what is added may not fit into 16 bits.
  const block = isLast && series.isLastOwned ? blockAt(series, hour) : Float64Array.from(blockAt(series, hour));
  addFrom(block, minute - hour * HOUR, delta);
  series.blocks[hour % series.capacityHours] = isLast ? block : shared(series.pool, block);
  if (isLast) series.isLastOwned = true;
  addAfter(series, hour, lastHour, delta);
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
    block.set([bad, total, expected], i * FIELDS);
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
  const { before } = series;
  const [highPlace, lowPlace] = [placeOf(series, highHour), placeOf(series, lowHour)];
  const [highIndex, lowIndex] = [highMinute * FIELDS, lowMinute * FIELDS];
  const difference = (field: Field): number =>
    (before[highPlace + field] as number) -
    (before[lowPlace + field] as number) +
    (highBlock[highIndex + field] as number) -
    (lowBlock[lowIndex + field] as number);
  return { bad: difference(0), total: difference(1), expected: difference(2) };
};

/** `sumOver(…).bad` alone: what a tick asks first, of every SLO. */
export const badOver = (series: MinuteSeries, from: EpochMinute, to: EpochMinute): number => {
  const range = series.range;
  if (range === null) return 0;
  const high = Math.min(to, range.lastHour * HOUR + HOUR - 1);
  const low = Math.max(from, range.firstHour * HOUR - 1);
  if (high <= low) return 0;
  const highHour = hourOf(high);
  const lowHour = Math.max(hourOf(low), range.firstHour);
  const lowBlock = low < range.firstHour * HOUR ? EMPTY_BLOCK : blockAt(series, lowHour);
  const { before } = series;
  return (
    (before[placeOf(series, highHour)] as number) -
    (before[placeOf(series, lowHour)] as number) +
    (blockAt(series, highHour)[(high - highHour * HOUR) * FIELDS] as number) -
    (lowBlock[Math.max(low - lowHour * HOUR, 0) * FIELDS] as number)
  );
};
