import type { Outcome, Run } from "../outcome.ts";
import { unmeasured } from "../outcome.ts";
import { nextSlotAt } from "../schedule.ts";
import type { DurationMs, EpochMs } from "../units.ts";
import { addMs } from "../units.ts";
import type { HearingSpan } from "./hearing.ts";
import type { BeatVerdict, BeatWatch } from "./judge-beat.ts";
import { judgeBeat } from "./judge-beat.ts";
import type { Heard, Ping } from "./ping.ts";
import { hear, inOrder } from "./ping.ts";

const LONGEST_WORDS = 300;
const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** "1h 1m", at most two units. */
const span = (ms: number): string => {
  const parts: string[] = [];
  let left = Math.round(ms);
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? "0s" : parts.join(" ");
};

const instant = (at: EpochMs): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

const reported = ({ exitCode, message }: Ping): string => {
  const what = exitCode === null ? "reported as failed" : `reported exit code ${exitCode}`;
  const words = message?.trim().slice(0, LONGEST_WORDS) ?? "";
  return words === "" ? what : `${what}: ${words}`;
};

const missing = (watch: BeatWatch, dueAt: EpochMs, last: Ping | null): string => {
  const { schedule, graceMs } = watch;
  const within =
    schedule.kind === "interval"
      ? span(schedule.everyMs + graceMs)
      : `${span(graceMs)} of ${instant(dueAt)}, when one was due`;
  return `no ping within ${within}; ${last === null ? "none has come yet" : `the last one came at ${instant(last.at)}`}`;
};

const outcome = (name: Outcome["class"], detail: string | null, ping: Ping | null): Outcome => {
  const silent = unmeasured(name, detail);
  return { ...silent, durationUs: ping?.durationUs ?? silent.durationUs };
};

/** What a run of a heartbeat says; null when there is nothing to say yet. A missing beat is a deadline that passed. */
const outcomeOfBeat = (watch: BeatWatch, verdict: BeatVerdict): Outcome | null => {
  switch (verdict.kind) {
    case "undue":
      return null;
    case "good":
      return outcome("ok", null, verdict.ping);
    case "reported":
      return outcome("bad_status", reported(verdict.ping), verdict.ping);
    case "unfinished":
      return outcome("timeout", `began at ${instant(verdict.start.at)}, not ended within ${span(watch.graceMs)}`, null);
    case "missing":
      return outcome("timeout", missing(watch, verdict.dueAt, verdict.last), null);
    case "unheard": {
      const when = `${instant(verdict.from)} and ${instant(verdict.until)}`;
      return outcome("internal_error", `pings could not be received all the time between ${when}`, null);
    }
  }
};

export type Beats = {
  readonly probeId: string;
  readonly locationId: string;
  readonly intervalMs: DurationMs;
  readonly watch: BeatWatch;
  /** What was heard before the first of `pings`. */
  readonly heard: Heard;
  /** Later pings, in any order. */
  readonly pings: readonly Ping[];
  readonly hearing: readonly HearingSpan[];
};

/**
 * The runs of a heartbeat at its slots in [from, until): each slot one, from the first on at which there is something to
 * say. A slot knows the pings up to its instant only, so that it does not matter when, or how often, it is looked at.
 */
export const runsDue = (beats: Beats, from: EpochMs, until: EpochMs): Run[] => {
  const { probeId, locationId, intervalMs, watch, hearing } = beats;
  const pings = inOrder(beats.pings);
  const runs: Run[] = [];
  let { heard } = beats;
  let next = 0;
  for (let at = nextSlotAt(probeId, intervalMs, from); at < until; at = addMs(at, intervalMs)) {
    for (let ping = pings[next]; ping !== undefined && ping.at <= at; ping = pings[next]) {
      heard = hear(heard, ping);
      next += 1;
    }
    const seen = outcomeOfBeat(watch, judgeBeat(watch, heard, hearing, at));
    if (seen !== null) runs.push({ probeId, locationId, scheduledAt: at, startedAt: at, traceId: null, outcome: seen });
  }
  return runs;
};
