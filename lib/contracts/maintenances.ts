import { z } from "zod";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";
import type { MaintenanceMessages, MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import type { RunState } from "#lib/core/maintenance/lifecycle.ts";
import { RUN_STATES, stateAt } from "#lib/core/maintenance/lifecycle.ts";
import type { DurationMs, EpochMs } from "#lib/core/units.ts";
import { DurationText, Identifier, Instant } from "./values.ts";

export const MaintenanceImpact = z.enum(["none", "minor", "major", "critical"]);
export const MaintenanceState = z.enum(RUN_STATES);
const MaintenanceLanguage = z.enum(LANGUAGES);

const OccurrenceResource = z
  .strictObject({
    startsAt: Instant,
    endsAt: Instant,
    plannedFor: Instant.meta({ description: "When it was first meant to begin; names it in requests" }),
    state: MaintenanceState,
    sequence: z.number().int().nonnegative().meta({ description: "Grows with every change of it" }),
    exclusionIds: z.array(Identifier).meta({ description: "One for each service" }),
  })
  .meta({ id: "MaintenanceOccurrence" });

const UpdateResource = z
  .strictObject({
    id: Identifier,
    plannedFor: Instant.meta({ description: "Of the occurrence that it is about" }),
    status: MaintenanceState,
    message: z.string().meta({ description: "Plain text" }),
    author: z.string(),
    createdAt: Instant,
    translations: z.partialRecord(MaintenanceLanguage, z.strictObject({ message: z.string() })),
  })
  .meta({ id: "MaintenanceUpdate" });

export const MaintenanceResource = z
  .strictObject({
    id: Identifier,
    title: z.string(),
    body: z.string().meta({ description: "Plain text for the page, may be empty" }),
    translations: z
      .partialRecord(MaintenanceLanguage, z.strictObject({ title: z.string().optional(), body: z.string().optional() }))
      .meta({ description: "Texts in other languages; what is left out is shown as it is" }),
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
    updates: z
      .array(UpdateResource)
      .meta({ description: "What was said of its occurrences, newest first, at most 50" }),
    occurrence: OccurrenceResource.optional().meta({ description: "In events: the one that it is about" }),
    sequence: z.number().int().nonnegative().meta({ description: "Grows with every change" }),
    managedBy: z
      .enum(["file", "ui"])
      .optional()
      .meta({ description: "`file`: it stands in the configuration; its words and its cancellation belong there" }),
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
  readonly fileId: string | null;
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
  readonly sequence: number;
  readonly translations: MaintenanceTexts;
};
export type OccurrenceFacts = { readonly plannedFor: number; readonly exclusionId: string };
export type RunFacts = {
  readonly plannedFor: number;
  readonly state: RunState;
  readonly startsAt: EpochMs;
  readonly endsAt: EpochMs;
  readonly sequence: number;
};
export type UpdateFacts = {
  readonly id: string;
  readonly plannedFor: number;
  readonly status: RunState;
  readonly body: string;
  readonly author: string;
  readonly createdAt: number;
  readonly translations: MaintenanceMessages;
};

const MOST_OCCURRENCES = 100;
const MOST_UPDATES = 50;
const iso = (at: number): string => new Date(at).toISOString();

type Occurrence = MaintenanceResource["occurrences"][number];

const occurrenceOf = (run: RunFacts, rows: readonly OccurrenceFacts[], now: EpochMs): Occurrence => ({
  startsAt: iso(run.startsAt),
  endsAt: iso(run.endsAt),
  plannedFor: iso(run.plannedFor),
  state: stateAt(run, now),
  sequence: run.sequence,
  exclusionIds: rows.filter(({ plannedFor }) => plannedFor === run.plannedFor).map(({ exclusionId }) => exclusionId),
});

/** What is under way says more than what is to come, and that more than what is over. */
const stateOf = ({ canceledAt }: MaintenanceFacts, occurrences: readonly Occurrence[]): RunState => {
  if (canceledAt !== null) return "canceled";
  const has = (state: RunState): boolean => occurrences.some((one) => one.state === state);
  return (["in_progress", "verifying", "scheduled"] as const).find(has) ?? "completed";
};

export type MaintenanceParts = {
  /** Its occurrences in order. */
  readonly runs: readonly RunFacts[];
  /** Their exclusions, a row for each service. */
  readonly rows: readonly OccurrenceFacts[];
  /** Newest first. */
  readonly updates: readonly UpdateFacts[];
  /** Which of them the resource is about, for events. */
  readonly about?: number | undefined;
};

/** The one way to make a MaintenanceResource. */
export const maintenanceResource = (
  facts: MaintenanceFacts,
  { runs, rows, updates, about }: MaintenanceParts,
  now: EpochMs,
): MaintenanceResource => {
  const occurrences = runs.map((run) => occurrenceOf(run, rows, now));
  const occurrence = occurrences.find(({ plannedFor }) => about !== undefined && plannedFor === iso(about));
  return {
    id: facts.id,
    title: facts.title,
    body: facts.body,
    translations: facts.translations,
    impact: facts.impact,
    reminders: facts.reminders.map((minutes) => formatDuration((minutes * 60_000) as DurationMs)),
    serviceIds: [...facts.serviceIds],
    state: stateOf(facts, occurrences),
    startsAt: iso(facts.startsAt),
    duration: formatDuration(facts.durationMs),
    rrule: facts.rrule,
    timeZone: facts.timeZone,
    announcedAt: iso(facts.announcedAt),
    occurrences: occurrences.slice(0, MOST_OCCURRENCES),
    updates: updates
      .slice(0, MOST_UPDATES)
      .map(({ id, plannedFor, status, body, author, createdAt, translations }) => ({
        id,
        plannedFor: iso(plannedFor),
        status,
        message: body,
        author,
        createdAt: iso(createdAt),
        translations,
      })),
    ...(occurrence === undefined ? {} : { occurrence }),
    sequence: facts.sequence,
    managedBy: facts.fileId === null ? "ui" : "file",
    author: facts.author,
    createdAt: iso(facts.createdAt),
    canceledAt: facts.canceledAt === null ? null : iso(facts.canceledAt),
    canceledBy: facts.canceledBy,
    cancelReason: facts.cancelReason,
  };
};
