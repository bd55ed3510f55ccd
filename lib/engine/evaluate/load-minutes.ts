import type { Database } from "#db/database.ts";
import { readSliDays } from "#db/queries/sli-days.ts";
import type { SliHour, SliHoursAsk, SliMinuteColumns } from "#db/queries/sli-hours.ts";
import { readSliHours, readSliMinutes } from "#db/queries/sli-hours.ts";
import type { DayBlocks } from "#lib/core/slo/day-pack.ts";
import { appendDay, createDayScratch, unpackDay } from "#lib/core/slo/day-pack.ts";
import type { Counts } from "#lib/core/slo/series.ts";
import { appendHour, countsAt } from "#lib/core/slo/series.ts";
import { deriveAll, setCounts } from "#lib/core/slo/track-minutes.ts";
import type { EpochMinute, EpochMs } from "#lib/core/units.ts";
import { DAY_MS, epochMs, HOUR_MS, minuteOf, startOfMinute } from "#lib/core/units.ts";
import { hourAtOf, hoursBySlo } from "../rollup/slot-hours.ts";
import type { SloTrack } from "./slo-track.ts";

/** Reading the past of many SLOs takes longer than a hot query; faults.md allows a takeover 10 s. */
export const LOAD_DEADLINE_MS = 20_000;
/** SLOs a query: a round of many SLOs must not hold one connection, nor all of its rows, for long. */
const DAYS_BATCH = 500;
const HOURS_BATCH = 200;
/** A gap that is longer is read by the hour like a past that was never read. */
const MOST_TICK_HOURS = 3;

/** A track, and the minute that it is to be known up to. */
export type Load = { readonly track: SloTrack; readonly end: EpochMinute };

const dayAtOf = (at: number): EpochMs => epochMs(Math.floor(at / DAY_MS) * DAY_MS);
const keyOf = (track: SloTrack) => ({ sloId: track.slo.id, version: track.slo.version });
const isEqual = (a: Counts, b: Counts): boolean => a.bad === b.bad && a.total === b.total && a.expected === b.expected;

const batches = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));

const readHours = async (database: Database, asks: readonly SliHoursAsk[]): Promise<Map<string, SliHour[]>> => {
  const hours: SliHour[] = [];
  for (const batch of batches(asks, HOURS_BATCH)) {
    for (const hour of await database.read((db) => readSliHours(db, batch), { deadlineMs: LOAD_DEADLINE_MS })) {
      hours.push(hour);
    }
  }
  hours.sort((a, b) => a.hourAt - b.hourAt);
  return hoursBySlo(hours);
};

/** The oldest hour that a track's series keeps when it is known up to `end`. */
const oldestHourOf = ({ track, end }: Load): EpochMs =>
  epochMs(hourAtOf(end) - (track.minutes.raw.capacityHours - 1) * HOUR_MS);

type Past = { readonly days: (readonly [EpochMs, DayBlocks])[]; readonly asks: SliHoursAsk[] };

/** The packed days of these loads, and which hours have to be read because their day is not packed or not over. */
const readPasts = async (
  database: Database,
  loads: readonly Load[],
  unpacked: Map<string, DayBlocks>,
): Promise<Past[]> => {
  const pasts: Past[] = loads.map(() => ({ days: [], asks: [] }));
  const dayAsks = loads.map((load) => {
    const fromAt = dayAtOf(oldestHourOf(load));
    return { ...keyOf(load.track), fromAt, toAt: dayAtOf(startOfMinute((load.end + 1) as EpochMinute)) };
  });
  const pool = loads[0]?.track.minutes.raw.pool;
  const scratch = createDayScratch();
  const groups = await database.read((db) => readSliDays(db, dayAsks), { deadlineMs: LOAD_DEADLINE_MS });
  groups.sort((a, b) => a.dayAt - b.dayAt);
  for (const { dayAt, counts, members } of groups) {
    const key = counts === null ? "" : Buffer.from(counts.buffer, counts.byteOffset, counts.length).toString("latin1");
    const day = counts === null ? null : (unpacked.get(key) ?? unpackDay(counts, pool, scratch));
    if (day !== null) unpacked.set(key, day);
    const lastMinute = minuteOf(epochMs(dayAt + DAY_MS - 1));
    for (const index of members) {
      const [load, past] = [loads[index], pasts[index]];
      if (load === undefined || past === undefined) continue;
      if (day !== null && lastMinute <= load.end) past.days.push([dayAt, day]);
      else {
        const toAt = epochMs(Math.min(dayAt + DAY_MS - HOUR_MS, hourAtOf(load.end)));
        past.asks.push({ ...keyOf(load.track), fromAt: dayAt, toAt });
      }
    }
  }
  return pasts;
};

const appendPast = ({ track, end }: Load, past: Past, hours: readonly SliHour[]): void => {
  const { raw } = track.minutes;
  let next = 0;
  const appendHoursBefore = (before: number): void => {
    for (let hour = hours[next]; hour !== undefined && hour.hourAt < before; hour = hours[next]) {
      const first = minuteOf(hour.hourAt);
      appendHour(raw, first, hour, Math.min(60, end - first + 1));
      next += 1;
    }
  };
  for (const [dayAt, day] of past.days) {
    appendHoursBefore(dayAt);
    appendDay(raw, minuteOf(dayAt), day);
  }
  appendHoursBefore(Number.POSITIVE_INFINITY);
  deriveAll(track.minutes, end);
  track.loadedThrough = end;
};

/** Reads the whole past of tracks that hold nothing yet: packed days, and hours where a day is not packed. */
const loadPasts = async (database: Database, loads: readonly Load[]): Promise<void> => {
  const unpacked = new Map<string, DayBlocks>();
  for (const batch of batches(loads, DAYS_BATCH)) {
    const pasts = await readPasts(database, batch, unpacked);
    const hours = await readHours(
      database,
      pasts.flatMap((past) => past.asks),
    );
    for (const [index, load] of batch.entries()) {
      appendPast(load, pasts[index] as Past, hours.get(load.track.slo.id) ?? []);
    }
  }
};

/** Sets minutes of one hour that are new to the track, or all of them when the hour changed. Returns whether any differs. */
const setHour = (load: Load, hour: SliHour, isWhole: boolean): boolean => {
  const { track, end } = load;
  const first = minuteOf(hour.hourAt);
  const known = track.loadedThrough ?? -1;
  let isChanged = false;
  for (let index = isWhole ? 0 : Math.max(0, known + 1 - first); index < 60 && first + index <= end; index += 1) {
    const [good, total, expected] = [hour.good[index] ?? 0, hour.total[index] ?? 0, hour.expected[index] ?? 0];
    const [minute, counts] = [(first + index) as EpochMinute, { bad: total - good, total, expected }];
    if (isEqual(countsAt(track.minutes.raw, minute), counts) && minute <= known) continue;
    isChanged = true;
    setCounts(track.minutes, minute, counts, end);
  }
  return isChanged;
};

/**
 * Reads hours again that changed after they were read, for tracks that hold them. Returns the tracks whose counts differ;
 * their minutes after `loadedThrough` are left for `loadTicks`.
 */
export const reloadHours = async (
  database: Database,
  tracks: readonly SloTrack[],
  changedHours: ReadonlySet<EpochMs>,
): Promise<Set<SloTrack>> => {
  const changed = new Set<SloTrack>();
  if (changedHours.size === 0) return changed;
  const loads = tracks.flatMap((track) =>
    track.loadedThrough === null ? [] : [{ track, end: track.loadedThrough } satisfies Load],
  );
  const asks = loads.flatMap((load) =>
    [...changedHours]
      .filter((hourAt) => hourAt >= oldestHourOf(load) && hourAt <= hourAtOf(load.end))
      .map((hourAt) => ({ ...keyOf(load.track), fromAt: hourAt, toAt: hourAt })),
  );
  const hours = await readHours(database, asks);
  for (const load of loads) {
    for (const hour of hours.get(load.track.slo.id) ?? []) {
      if (setHour(load, hour, true)) changed.add(load.track);
    }
  }
  return changed;
};

/** The hours that tracks a few minutes behind are missing; null when it is too many to read them minute by minute. */
const tickHours = (loads: readonly Load[]): { hourAt: EpochMs; first: number; last: number }[] | null => {
  const from = loads.reduce((least, { track }) => Math.min(least, (track.loadedThrough ?? 0) + 1), Number.MAX_VALUE);
  const end = loads.reduce((most, load) => Math.max(most, load.end), 0);
  const hours: { hourAt: EpochMs; first: number; last: number }[] = [];
  for (let minute = from; minute <= end; minute = Math.floor(minute / 60) * 60 + 60) {
    if (hours.length === MOST_TICK_HOURS) return null;
    const hourAt = hourAtOf(minute as EpochMinute);
    const start = minuteOf(hourAt);
    hours.push({ hourAt, first: minute - start, last: Math.min(59, end - start) });
  }
  return hours;
};

/** Minutes of one hour of all SLOs, from `first` on, `width` of them. */
type Tick = { readonly first: EpochMinute; readonly width: number; readonly columns: SliMinuteColumns };

/** Reads the minutes that tracks are missing, when they are a few: all SLOs at once. Null when they are many. */
export const readTicks = async (database: Database, loads: readonly Load[]): Promise<Tick[] | null> => {
  const hours = tickHours(loads);
  if (hours === null) return null;
  const ticks: Tick[] = [];
  for (const ask of hours) {
    const columns = await database.read((db) => readSliMinutes(db, ask), { deadlineMs: LOAD_DEADLINE_MS });
    const first = (minuteOf(ask.hourAt) + ask.first) as EpochMinute;
    ticks.push({ first, width: ask.last - ask.first + 1, columns });
  }
  return ticks;
};

const setTick = (
  { track, end }: Load,
  first: EpochMinute,
  columns: SliMinuteColumns,
  offset: number,
  width: number,
): void => {
  const known = track.loadedThrough ?? -1;
  for (let index = 0; index < width; index += 1) {
    const minute = (first + index) as EpochMinute;
    if (minute <= known || minute > end) continue;
    const total = columns.total[offset + index] ?? 0;
    const bad = total - (columns.good[offset + index] ?? 0);
    setCounts(track.minutes, minute, { bad, total, expected: columns.expected[offset + index] ?? 0 }, end);
  }
};

/** Puts read minutes into the tracks, which are known up to their `end` then, and hands each on while it is at hand. */
export const applyTicks = (
  loads: readonly Load[],
  ticks: readonly Tick[],
  onLoaded: (track: SloTrack) => void = () => undefined,
): void => {
  const rows = ticks.map(({ columns }) => new Map(columns.sloIds.map((id, row) => [id, row])));
  for (const load of loads) {
    const { track, end } = load;
    for (const [index, { first, width, columns }] of ticks.entries()) {
      const row = rows[index]?.get(track.slo.id);
      if (row !== undefined && columns.versions[row] === track.slo.version) {
        setTick(load, first, columns, row * width, width);
      }
    }
    track.loadedThrough = end;
    onLoaded(track);
  }
};

/** Reads the hours since `loadedThrough`. */
const loadSince = async (database: Database, loads: readonly Load[]): Promise<void> => {
  const asks = loads.map(({ track, end }) => ({
    ...keyOf(track),
    fromAt: hourAtOf(((track.loadedThrough ?? 0) + 1) as EpochMinute),
    toAt: hourAtOf(end),
  }));
  const hours = await readHours(database, asks);
  for (const load of loads) {
    for (const hour of hours.get(load.track.slo.id) ?? []) setHour(load, hour, false);
    load.track.loadedThrough = load.end;
  }
};

/** Brings every track to its `end`, and hands each one on once it is there. */
export const loadMinutes = async (
  database: Database,
  loads: readonly Load[],
  onLoaded: (track: SloTrack) => void,
): Promise<void> => {
  const fresh = loads.filter(({ track }) => track.loadedThrough === null);
  const behind = loads.filter(({ track, end }) => track.loadedThrough !== null && track.loadedThrough < end);
  const isThere = loads.filter(({ track, end }) => track.loadedThrough !== null && track.loadedThrough >= end);
  await loadPasts(database, fresh);
  const ticks = behind.length === 0 ? [] : await readTicks(database, behind);
  if (ticks === null) await loadSince(database, behind);
  else applyTicks(behind, ticks, onLoaded);
  for (const { track } of ticks === null ? [...isThere, ...fresh, ...behind] : [...isThere, ...fresh]) onLoaded(track);
};
