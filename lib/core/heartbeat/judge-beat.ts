import type { DurationMs, EpochMs } from "../units.ts";
import { addMs, epochMs } from "../units.ts";
import type { HearingSpan } from "./hearing.ts";
import { couldHear } from "./hearing.ts";
import type { Heard, Ping } from "./ping.ts";

/** When beats are due. Cron expressions are read outside: `lastDueAt` gives the last instant at or before `at`. */
export type BeatSchedule =
  | { readonly kind: "interval"; readonly everyMs: DurationMs }
  | { readonly kind: "cron"; readonly lastDueAt: (at: EpochMs) => EpochMs | null };

export type BeatWatch = {
  readonly schedule: BeatSchedule;
  readonly graceMs: DurationMs;
  /** When this definition came into force: what was due before was never asked for. */
  readonly since: EpochMs;
};

export type BeatVerdict =
  /** No beat was due yet and none has come: nothing to say. */
  | { readonly kind: "undue" }
  | { readonly kind: "good"; readonly ping: Ping }
  | { readonly kind: "reported"; readonly ping: Ping }
  /** Work began and has not ended within the grace. */
  | { readonly kind: "unfinished"; readonly start: Ping }
  | { readonly kind: "missing"; readonly dueAt: EpochMs; readonly last: Ping | null }
  /** A beat may have come to a closed door of ours. */
  | { readonly kind: "unheard"; readonly from: EpochMs; readonly until: EpochMs };

/** A beat that is due, and from when on a ping counts as this one: clocks of senders differ a little. */
type DueBeat = { readonly at: EpochMs; readonly opensAt: EpochMs };

/**
 * The last beat whose grace is over at an instant; null when none was due yet. By the interval, beats are due from the
 * last ping on (before the first: from the beginning of the watch), as senders count them; by cron, at its instants.
 * A ping counts from half way between two due instants on, and at most the grace early.
 */
const lastDue = ({ schedule, graceMs, since }: BeatWatch, anchor: EpochMs | null, at: EpochMs): DueBeat | null => {
  const until = addMs(at, -graceMs);
  if (schedule.kind === "interval") {
    const { everyMs } = schedule;
    const from = anchor ?? since;
    const count = Math.floor((until - from) / everyMs);
    if (count < 1) return null;
    const due = addMs(from, count * everyMs);
    return { at: due, opensAt: addMs(due, -Math.min(graceMs, everyMs / 2)) };
  }
  const due = schedule.lastDueAt(until);
  if (due === null) return null;
  const before = schedule.lastDueAt(epochMs(due - 1));
  const gapMs = before === null ? graceMs * 2 : due - before;
  return { at: due, opensAt: epochMs(Math.floor(due - Math.min(graceMs, gapMs / 2))) };
};

const unheardOr = (
  verdict: BeatVerdict,
  hearing: readonly HearingSpan[],
  span: { from: EpochMs; until: EpochMs },
): BeatVerdict => (couldHear(hearing, span.from, span.until) ? verdict : { kind: "unheard", ...span });

/**
 * How a heartbeat stands at an instant, given what was heard until then. A last word that is fresh enough decides; a
 * beat that is missing is bad, unless pings could not be received while it was expected: our deafness is nobody's
 * silence.
 */
export const judgeBeat = (
  watch: BeatWatch,
  heard: Heard,
  hearing: readonly HearingSpan[],
  at: EpochMs,
): BeatVerdict => {
  const { verdict, start } = heard;
  if (start !== null && at > start.at + watch.graceMs) {
    const until = addMs(start.at, watch.graceMs);
    return unheardOr({ kind: "unfinished", start }, hearing, { from: start.at, until });
  }
  const due = lastDue(watch, verdict?.at ?? null, at);
  if (verdict !== null && (due === null || verdict.at >= due.opensAt)) {
    return { kind: verdict.kind === "ok" ? "good" : "reported", ping: verdict };
  }
  if (due === null || due.at <= watch.since) return { kind: "undue" };
  const span = { from: due.opensAt, until: addMs(due.at, watch.graceMs) };
  return unheardOr({ kind: "missing", dueAt: due.at, last: verdict }, hearing, span);
};
