import { calendarWindowAt, instantOfWallTime, parseCalendarDuration, parseWallTime } from "../calendar.ts";
import type { EpochMs } from "../units.ts";

export const STATEMENT_PERIODS = ["month", "quarter"] as const;
export type StatementPeriodKind = (typeof STATEMENT_PERIODS)[number];

/** A month or a quarter of the calendar; `label` is "2026-10" or "2026-Q4". */
export type StatementPeriod = { readonly kind: StatementPeriodKind; readonly label: string };

const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;
const QUARTER = /^(\d{4})-Q([1-4])$/;

/** Reads "2026-10" or "2026-Q4". Null when the text is neither, or lies before 1970. */
export const parseStatementPeriod = (text: string): StatementPeriod | null => {
  const year = Number(text.slice(0, 4));
  if (year < 1970) return null;
  if (MONTH.test(text)) return { kind: "month", label: text };
  return QUARTER.test(text) ? { kind: "quarter", label: text } : null;
};

const firstMonthOf = ({ label }: StatementPeriod): string => {
  const quarter = QUARTER.exec(label)?.[2];
  const year = label.slice(0, 4);
  if (quarter === undefined) return label;
  return `${year}-${String((Number(quarter) - 1) * 3 + 1).padStart(2, "0")}`;
};

/**
 * The bounds of the period on the wall clock of a zone; the end is exclusive. They may lie off whole minutes in old zones.
 * @throws RangeError for an unknown zone.
 */
export const statementBounds = (
  period: StatementPeriod,
  timeZone: string,
): { readonly startsAt: EpochMs; readonly endsAt: EpochMs } => {
  const anchor = parseWallTime(`${firstMonthOf(period)}-01 00:00:00`);
  const duration = parseCalendarDuration(period.kind === "month" ? "1M" : "1Q");
  if (anchor === null || duration === null) throw new RangeError(`no period: ${period.label}`);
  const { startsAt, endsAt } = calendarWindowAt({
    timeZone,
    duration,
    anchor,
    at: instantOfWallTime(timeZone, anchor),
  });
  return { startsAt, endsAt };
};
