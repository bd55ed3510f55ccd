import type { EpochMs } from "../units.ts";
import { SECOND_MS } from "../units.ts";
import type { LocalDay } from "./local-days.ts";
import type { PublicServiceState } from "./severity.ts";
import { worstState } from "./severity.ts";

/** A state holds from its instant until the next one's. */
export type StateChange = { readonly since: EpochMs; readonly state: PublicServiceState };

export type DayBar = {
  readonly date: string;
  readonly worst: PublicServiceState;
  /** Seconds in each state that occurred. */
  readonly seconds: Partial<Record<PublicServiceState, number>>;
};

/**
 * What each day was like. `changes` are oldest first; the last one is known to hold until `knownUntil`. Time before the
 * first change was not watched and counts for nothing. A day is as bad as its worst known state; a day without one is
 * unknown.
 */
export const dayBars = (changes: readonly StateChange[], knownUntil: EpochMs, days: readonly LocalDay[]): DayBar[] => {
  let index = 0;
  return days.map((day) => {
    const spentMs = new Map<PublicServiceState, number>();
    while (index + 1 < changes.length && (changes[index + 1] as StateChange).since <= day.from) index += 1;
    for (let at = index; at < changes.length; at += 1) {
      const change = changes[at] as StateChange;
      if (change.since >= day.until) break;
      const from = Math.max(change.since, day.from);
      const until = Math.min(changes[at + 1]?.since ?? knownUntil, day.until, knownUntil);
      if (until > from) spentMs.set(change.state, (spentMs.get(change.state) ?? 0) + (until - from));
    }
    const known = [...spentMs.keys()].filter((state) => state !== "unknown");
    const seconds: DayBar["seconds"] = Object.fromEntries([...spentMs].map(([state, ms]) => [state, ms / SECOND_MS]));
    return { date: day.date, worst: worstState(known) ?? "unknown", seconds };
  });
};
