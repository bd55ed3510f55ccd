import { instantOfWallTime } from "#lib/core/calendar.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { textOf } from "./settings-query.ts";
import type { SearchParams } from "./view.ts";

const DAY = /^\d{4}-\d\d-\d\d$/;

/** What of the audit log an address asks for, as the form has it. Days begin in the reader's zone. */
export type AuditAsked = {
  readonly actor: string | undefined;
  readonly action: string | undefined;
  readonly subject: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
};

const dayOf = (search: SearchParams, name: string): string | undefined => {
  const text = textOf(search, name);
  return text !== undefined && DAY.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
};

export const auditAsked = (search: SearchParams): AuditAsked => ({
  actor: textOf(search, "actor"),
  action: textOf(search, "action"),
  subject: textOf(search, "subject"),
  from: dayOf(search, "from"),
  to: dayOf(search, "to"),
});

/** The beginning of a day on the clocks of a zone. */
const beginOf = (day: string | undefined, timeZone: string): EpochMs | undefined =>
  day === undefined ? undefined : instantOfWallTime(timeZone, Date.parse(`${day}T00:00:00Z`));

/** The same as the API takes it. */
export const auditFilter = ({ actor, action, subject, from, to }: AuditAsked, timeZone: string) => ({
  actor,
  action,
  subject,
  from: beginOf(from, timeZone),
  to: beginOf(to, timeZone),
});

/** Address of the file with the rows that the page shows, all pages of them. */
export const auditExport = (asked: AuditAsked, timeZone: string, format: "ndjson" | "csv"): string => {
  const { from, to, ...exact } = auditFilter(asked, timeZone);
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(exact)) if (value !== undefined) query.set(name, value);
  if (from !== undefined) query.set("from", new Date(from).toISOString());
  if (to !== undefined) query.set("to", new Date(to).toISOString());
  return `/admin/api/v1/audit/export?${query.toString()}`;
};
