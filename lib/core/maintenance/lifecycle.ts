import type { EpochMs } from "../units.ts";
import { addMs, MINUTE_MS } from "../units.ts";

export const RUN_STATES = ["scheduled", "in_progress", "verifying", "completed", "canceled"] as const;
/** What became of an occurrence. */
export type RunState = (typeof RUN_STATES)[number];

export type RunTimes = { readonly state: RunState; readonly startsAt: EpochMs; readonly endsAt: EpochMs };

/** Steps that are due by the clock, in order: work that nobody watched begins and ends in one look. */
export const dueStates = ({ state, startsAt, endsAt }: RunTimes, now: EpochMs): ("in_progress" | "completed")[] => {
  const isOver = endsAt <= now;
  if (state === "scheduled" && startsAt <= now) return isOver ? ["in_progress", "completed"] : ["in_progress"];
  return (state === "in_progress" || state === "verifying") && isOver ? ["completed"] : [];
};

/** The state as it is at an instant, before a leader has written it down. */
export const stateAt = (run: RunTimes, now: EpochMs): RunState => dueStates(run, now).at(-1) ?? run.state;

/**
 * The reminder, in minutes before the start, that is due now: the shortest one whose time has come. Those whose time was over
 * before people were told of the work are not made up for.
 */
export const dueReminder = (args: {
  readonly run: RunTimes;
  /** Minutes before the start. */
  readonly reminders: readonly number[];
  /** The shortest that was sent; null: none. */
  readonly sent: number | null;
  readonly toldAt: EpochMs;
  readonly now: EpochMs;
}): number | null => {
  const { run, reminders, sent, toldAt, now } = args;
  if (run.state !== "scheduled" || run.startsAt <= now) return null;
  const due = reminders.filter((minutes) => {
    const at = addMs(run.startsAt, -minutes * MINUTE_MS);
    return at <= now && at > toldAt && (sent === null || minutes < sent);
  });
  return due.length === 0 ? null : Math.min(...due);
};

/** States that a person may put an occurrence into, by the one it is in. */
const BY_HAND: Readonly<Record<RunState, readonly RunState[]>> = {
  scheduled: ["scheduled", "in_progress"],
  in_progress: ["in_progress", "verifying", "completed"],
  verifying: ["verifying", "in_progress", "completed"],
  completed: ["completed"],
  canceled: [],
};

/** Whether a person may take an occurrence from one state to another. */
export const mayBecome = (from: RunState, to: RunState): boolean => BY_HAND[from].includes(to);
