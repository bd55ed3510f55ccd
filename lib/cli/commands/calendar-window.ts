import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { Command, ExitCode } from "#lib/cli/command.ts";
import { calendarWindowAt, isTimeZone, parseCalendarDuration, parseWallTime } from "#lib/core/calendar.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs, MINUTE_MS } from "#lib/core/units.ts";

const USAGE = "nines calendar-window < rows.json";

/** What makes a row wrong, and how it should read. */
const refuse = (context: z.RefinementCtx, message: string): never => {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
};

const fieldText = z.string({ error: ({ input }) => (input === undefined ? "is missing" : "must be text") });

const Row = z.looseObject({
  timeZone: fieldText.refine(isTimeZone, { error: "is no IANA time zone such as Asia/Seoul" }),
  duration: fieldText.transform(
    (value, context) =>
      parseCalendarDuration(value) ?? refuse(context, "must be a count and m, h, d, w, M, Q or Y, such as 1M"),
  ),
  startTime: fieldText.transform(
    (value, context) => parseWallTime(value) ?? refuse(context, "must be a local time such as 2025-01-31 00:00:00"),
  ),
  instant: z.iso
    .datetime({ offset: true, error: "must be an ISO 8601 instant such as 2026-02-10T12:00:00Z" })
    .transform((value) => epochMs(Date.parse(value))),
});

const Rows = z.array(z.record(z.string(), z.unknown(), { error: "must be an object" }), {
  error: "a JSON array of rows is due",
});

const instantText = (at: EpochMs): string => new Date(at).toISOString().replace(".000Z", "Z");

const answerRow = (row: Record<string, unknown>, index: number): Record<string, unknown> => {
  const parsed = Row.safeParse(row);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new RangeError(`row ${index}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not valid"}`);
  }
  const { timeZone, duration, startTime, instant } = parsed.data;
  const window = calendarWindowAt({ timeZone, duration, anchor: startTime, at: instant });
  return {
    ...row,
    index: window.index,
    window_start: instantText(window.startsAt),
    window_end: instantText(window.endsAt),
    length_minutes: (window.endsAt - window.startsAt) / MINUTE_MS,
  };
};

/**
 * Adds index, window_start, window_end and length_minutes to each row of a JSON array; other fields stay.
 * @throws RangeError with a message for people.
 */
export const answerRows = (input: string): Record<string, unknown>[] => {
  let json: unknown;
  try {
    json = JSON.parse(input);
  } catch (error) {
    throw new RangeError(`standard input is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const rows = Rows.safeParse(json);
  if (!rows.success) {
    const [issue] = rows.error.issues;
    const place = issue?.path.length ? `row ${issue.path.join(".")}: ` : "";
    throw new RangeError(`${place}${issue?.message ?? "not valid"}`);
  }
  return rows.data.map(answerRow);
};

export const command: Command = {
  summary: "tell the bounds of calendar windows around instants, from rows on standard input",
  usage: `Usage: ${USAGE}\n\nReads a JSON array of {timeZone, duration, startTime, instant}.\nDurations are a count and m, h (lengths of time), d, w, M, Q or Y (counted on the zone's calendar).`,
  run: async ({ args, stdin, stdout, stderr }): Promise<ExitCode> => {
    try {
      parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
      stdout.write(`${JSON.stringify(answerRows(await text(stdin)))}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      stderr.write(`calendar-window: ${error.message}\nusage: ${USAGE}\n`);
      return 2;
    }
  },
};
