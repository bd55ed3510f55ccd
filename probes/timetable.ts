import { nextSlotAt } from "#lib/core/schedule.ts";
import type { DurationMs, EpochMs } from "#lib/core/units.ts";
import { addMs, durationMs, epochMs } from "#lib/core/units.ts";
import { createHeap } from "./heap.ts";

/** Both clocks read at one moment. */
export type TimePoint = { readonly wallMs: EpochMs; readonly monotonicMs: number };

export type Beat<Item> = {
  /** Unique; a beat keeps its place over `update` as long as key and interval stay. */
  readonly key: string;
  readonly probeId: string;
  readonly intervalMs: DurationMs;
  /** How long after its slot the beat is due; less than the interval. Left out: at once. */
  readonly staggerMs?: number;
  readonly item: Item;
};

export type Due<Item> = {
  readonly item: Item;
  readonly key: string;
  readonly scheduledAt: EpochMs;
  /** The next beat is due as well: this one can no longer be run in its own time. */
  readonly isMissed: boolean;
};

export type Timetable<Item> = {
  /** New beats begin with the first slot from `now` on, or from `notBefore` on when its stagger lets that be in time. */
  readonly update: (beats: readonly Beat<Item>[], now: TimePoint, notBefore?: EpochMs) => void;
  readonly takeDue: (now: TimePoint) => readonly Due<Item>[];
  /** On the monotonic clock; null when there are no beats. */
  readonly nextDueMs: () => number | null;
  /** When this beat is due next, on the monotonic clock; null when there is none of this key. */
  readonly dueOf: (key: string) => number | null;
  readonly size: () => number;
};

type Entry<Item> = { beat: Beat<Item>; dueMs: number; scheduledAt: EpochMs; isRemoved: boolean };

const staggerOfBeat = ({ staggerMs = 0 }: Beat<unknown>): number => staggerMs;

const JUMP_MS = 1_000;
/** Runs may be stored at most a minute in the future: half of that may be kept after the wall clock went back. */
const MAX_AHEAD_MS = 30_000;
const MAX_MISSED_BEATS = 120;

/** What to add to the monotonic clock to get the wall clock; it changes, and is reported, only when that one jumps. */
const createWallFollower = (onWallJump: (byMs: number) => void) => {
  let followed: number | null = null;
  return ({ wallMs, monotonicMs }: TimePoint): number => {
    const offset = wallMs - monotonicMs;
    followed ??= offset;
    if (Math.abs(offset - followed) > JUMP_MS) {
      onWallJump(offset - followed);
      followed = offset;
    }
    return followed;
  };
};

/** The slot that a beat is due for. It is the one counted so far, unless the wall clock has gone elsewhere. */
const nameBeat = ({ beat, dueMs, scheduledAt }: Entry<unknown>, wallMinusMonotonic: number): EpochMs => {
  const wallMs = dueMs - staggerOfBeat(beat) + wallMinusMonotonic;
  if (Math.abs(wallMs - scheduledAt) <= beat.intervalMs / 2) return scheduledAt;
  if (scheduledAt > wallMs && scheduledAt - wallMs <= MAX_AHEAD_MS) return scheduledAt;
  return nextSlotAt(beat.probeId, beat.intervalMs, epochMs(Math.ceil(wallMs - beat.intervalMs / 2)));
};

const advance = (entry: Entry<unknown>, beats: number): void => {
  const ms = beats * entry.beat.intervalMs;
  entry.dueMs += ms;
  entry.scheduledAt = addMs(entry.scheduledAt, ms);
};

/**
 * When each beat is due. Slots are named by the wall clock (`schedule.ts`), the beat itself is counted on the monotonic
 * one: `due + interval`, whatever a run took and whatever becomes of the wall clock. After a jump of that clock beats
 * go on in step, and each is named by the slot nearest to its new time, never twice the same within half a minute.
 */
export const createTimetable = <Item>(onWallJump: (byMs: number) => void): Timetable<Item> => {
  const heap = createHeap<Entry<Item>>((a, b) => a.dueMs - b.dueMs);
  const entries = new Map<string, Entry<Item>>();
  const followWallClock = createWallFollower(onWallJump);

  const put = (entry: Entry<Item>): void => {
    entries.set(entry.beat.key, entry);
    heap.push(entry);
  };

  const add = (beat: Beat<Item>, now: TimePoint, notBefore: EpochMs): void => {
    const offset = followWallClock(now);
    const wallMs = now.monotonicMs + offset;
    const from = Math.ceil(Math.min(wallMs, Math.max(wallMs - staggerOfBeat(beat), notBefore)));
    const scheduledAt = nextSlotAt(beat.probeId, beat.intervalMs, epochMs(from));
    put({ beat, scheduledAt, dueMs: scheduledAt - offset + staggerOfBeat(beat), isRemoved: false });
  };

  /** A new stagger moves what is due. The heap does not see that, so an entry of its own takes over. */
  const change = (known: Entry<Item>, beat: Beat<Item>): void => {
    const byMs = staggerOfBeat(beat) - staggerOfBeat(known.beat);
    known.beat = beat;
    if (byMs === 0) return;
    known.isRemoved = true;
    put({ ...known, dueMs: known.dueMs + byMs, isRemoved: false });
  };

  const update = (beats: readonly Beat<Item>[], now: TimePoint, notBefore: EpochMs = now.wallMs): void => {
    const wanted = new Set(beats.map(({ key }) => key));
    for (const [key, entry] of entries) {
      if (wanted.has(key)) continue;
      entry.isRemoved = true;
      entries.delete(key);
    }
    for (const beat of beats) {
      const known = entries.get(beat.key);
      const isSame = known?.beat.intervalMs === beat.intervalMs && known.beat.probeId === beat.probeId;
      if (known !== undefined && !isSame) known.isRemoved = true;
      if (known !== undefined && isSame) change(known, beat);
      else add({ ...beat, intervalMs: durationMs(beat.intervalMs) }, now, notBefore);
    }
  };

  const takeDue = (now: TimePoint): readonly Due<Item>[] => {
    const offset = followWallClock(now);
    const due: Due<Item>[] = [];
    for (let entry = heap.peek(); entry !== undefined && entry.dueMs <= now.monotonicMs; entry = heap.peek()) {
      heap.pop();
      if (entry.isRemoved) continue;
      const behind = Math.floor((now.monotonicMs - entry.dueMs) / entry.beat.intervalMs);
      if (behind > MAX_MISSED_BEATS) advance(entry, behind - MAX_MISSED_BEATS);
      entry.scheduledAt = nameBeat(entry, offset);
      const { key, item } = entry.beat;
      due.push({ key, item, scheduledAt: entry.scheduledAt, isMissed: behind >= 1 });
      advance(entry, 1);
      heap.push(entry);
    }
    return due;
  };

  const nextDueMs = (): number | null => {
    for (let entry = heap.peek(); entry?.isRemoved === true; entry = heap.peek()) heap.pop();
    return heap.peek()?.dueMs ?? null;
  };

  return { update, takeDue, nextDueMs, dueOf: (key) => entries.get(key)?.dueMs ?? null, size: () => entries.size };
};
