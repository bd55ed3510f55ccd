import { Cron } from "croner";
import type { HeartbeatSchedule } from "#lib/core/definitions.ts";
import type { BeatSchedule } from "#lib/core/heartbeat/judge-beat.ts";
import { epochMs, SECOND_MS } from "#lib/core/units.ts";

/** A schedule of beats that can be asked when one was due. Local times that a change of clocks skips are moved, as cron does. */
export const beatScheduleOf = (schedule: HeartbeatSchedule): BeatSchedule => {
  if (schedule.kind === "interval") return schedule;
  const cron = new Cron(schedule.expression, { paused: true, timezone: schedule.timeZone });
  return {
    kind: "cron",
    lastDueAt: (at) => {
      // The library gives what lies before a whole second; an instant itself counts as due.
      const [last] = cron.previousRuns(1, new Date((Math.floor(at / SECOND_MS) + 1) * SECOND_MS));
      return last === undefined ? null : epochMs(last.getTime());
    },
  };
};
