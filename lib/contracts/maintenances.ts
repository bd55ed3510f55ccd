import { z } from "zod";
import { formatDuration } from "#lib/core/duration.ts";
import type { DurationMs } from "#lib/core/units.ts";
import { DurationText, Identifier, Instant } from "./values.ts";

export const MaintenanceImpact = z.enum(["none", "minor", "major", "critical"]);
export const MaintenanceState = z.enum(["scheduled", "in_progress", "completed", "canceled"]);

const OccurrenceResource = z
  .strictObject({
    startsAt: Instant,
    endsAt: Instant,
    exclusionIds: z.array(Identifier).meta({ description: "One for each service" }),
  })
  .meta({ id: "MaintenanceOccurrence" });

export const MaintenanceResource = z
  .strictObject({
    id: Identifier,
    title: z.string(),
    body: z.string().meta({ description: "Plain text for the page, may be empty" }),
    impact: MaintenanceImpact,
    reminders: z.array(DurationText).meta({ description: "How long before each start people are reminded" }),
    serviceIds: z.array(Identifier),
    state: MaintenanceState,
    startsAt: Instant.meta({ description: "Of the first occurrence" }),
    duration: DurationText,
    rrule: z.string().nullable().meta({ description: "RFC 5545; null happens once", example: "FREQ=WEEKLY;BYDAY=SU" }),
    timeZone: z.string().meta({ description: "IANA name; the rule is worked out on its wall clock" }),
    announcedAt: Instant,
    occurrences: z.array(OccurrenceResource).meta({
      description: "Of the last 30 days and the 35 to come, at most 100; later ones are added as time goes by",
    }),
    author: z.string(),
    createdAt: Instant,
    canceledAt: Instant.nullable(),
    canceledBy: z.string().nullable(),
    cancelReason: z.string().nullable(),
  })
  .meta({ id: "Maintenance", description: "Planned work, once or by a rule, whose time is excluded from budgets" });
export type MaintenanceResource = z.infer<typeof MaintenanceResource>;

/** The stored facts of a maintenance. Instants are milliseconds since the epoch. */
export type MaintenanceFacts = {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly impact: MaintenanceResource["impact"];
  /** Minutes. */
  readonly reminders: readonly number[];
  readonly serviceIds: readonly string[];
  readonly startsAt: number;
  readonly durationMs: DurationMs;
  readonly rrule: string | null;
  readonly timeZone: string;
  readonly announcedAt: number;
  readonly author: string;
  readonly createdAt: number;
  readonly canceledAt: number | null;
  readonly canceledBy: string | null;
  readonly cancelReason: string | null;
};
export type OccurrenceFacts = {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly exclusionId: string;
};

const MOST_OCCURRENCES = 100;
const iso = (at: number): string => new Date(at).toISOString();

/** Rows of one occurrence, a service each, become one entry. */
const occurrencesOf = (rows: readonly OccurrenceFacts[]): MaintenanceResource["occurrences"] => {
  const byStart = new Map<number, { startsAt: string; endsAt: string; exclusionIds: string[] }>();
  for (const row of rows) {
    const known = byStart.get(row.startsAt);
    if (known !== undefined) known.exclusionIds.push(row.exclusionId);
    else
      byStart.set(row.startsAt, {
        startsAt: iso(row.startsAt),
        endsAt: iso(row.endsAt),
        exclusionIds: [row.exclusionId],
      });
  }
  return [...byStart.values()].slice(0, MOST_OCCURRENCES);
};

const stateAt = (
  { canceledAt }: MaintenanceFacts,
  rows: readonly OccurrenceFacts[],
  now: number,
): MaintenanceResource["state"] => {
  if (canceledAt !== null) return "canceled";
  if (rows.some(({ startsAt, endsAt }) => startsAt <= now && endsAt > now)) return "in_progress";
  return rows.some(({ startsAt }) => startsAt > now) ? "scheduled" : "completed";
};

/** The one way to make a MaintenanceResource; `rows` are its stored occurrences in order. */
export const maintenanceResource = (
  facts: MaintenanceFacts,
  rows: readonly OccurrenceFacts[],
  now: number,
): MaintenanceResource => ({
  id: facts.id,
  title: facts.title,
  body: facts.body,
  impact: facts.impact,
  reminders: facts.reminders.map((minutes) => formatDuration((minutes * 60_000) as DurationMs)),
  serviceIds: [...facts.serviceIds],
  state: stateAt(facts, rows, now),
  startsAt: iso(facts.startsAt),
  duration: formatDuration(facts.durationMs),
  rrule: facts.rrule,
  timeZone: facts.timeZone,
  announcedAt: iso(facts.announcedAt),
  occurrences: occurrencesOf(rows),
  author: facts.author,
  createdAt: iso(facts.createdAt),
  canceledAt: facts.canceledAt === null ? null : iso(facts.canceledAt),
  canceledBy: facts.canceledBy,
  cancelReason: facts.cancelReason,
});
