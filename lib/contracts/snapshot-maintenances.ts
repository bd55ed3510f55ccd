import { z } from "zod";
import { LANGUAGES } from "#lib/core/languages.ts";

/**
 * The part of the snapshot that tells of planned work: one entry for each occurrence that people should see, and the rules
 * behind those that recur, for calendars. Instants are ISO 8601 in UTC with milliseconds.
 */

const Instant = z.iso.datetime({ offset: false });

/** As Statuspage has them, and `canceled`, which its API leaves out and calendars keep. */
export const MaintenanceStatus = z.enum(["scheduled", "in_progress", "verifying", "completed", "canceled"]);
export type MaintenanceStatus = z.infer<typeof MaintenanceStatus>;

const Language = z.enum(LANGUAGES);

export const SnapshotMaintenanceUpdate = z.strictObject({
  id: z.string(),
  status: MaintenanceStatus,
  /** Plain text. */
  body: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
  displayAt: Instant,
  translations: z.partialRecord(Language, z.strictObject({ body: z.string() })).optional(),
});
export type SnapshotMaintenanceUpdate = z.infer<typeof SnapshotMaintenanceUpdate>;

export const SnapshotMaintenance = z.strictObject({
  /** Of the occurrence; stays the same when it is moved. */
  id: z.string(),
  /** Of the maintenance that it belongs to; the same for all occurrences of a rule. */
  maintenanceId: z.string(),
  name: z.string(),
  /** Plain text. */
  description: z.string().nullable(),
  status: MaintenanceStatus,
  /** What customers have to expect meanwhile. */
  impact: z.enum(["none", "minor", "major", "critical"]),
  serviceIds: z.array(z.string()),
  /** When it was first meant to begin; for a rule, which of its occurrences this is. */
  plannedFor: Instant,
  scheduledFor: Instant,
  scheduledUntil: Instant,
  createdAt: Instant,
  updatedAt: Instant,
  /** When it began and ended in fact. */
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  canceledAt: Instant.nullable(),
  /** Grows with every change that a calendar should follow. */
  sequence: z.number().int().nonnegative(),
  isRecurring: z.boolean(),
  /** Newest first; the last one has the status `scheduled`. */
  updates: z.array(SnapshotMaintenanceUpdate),
  /** What is not said in a language is said in the main one. */
  translations: z
    .partialRecord(Language, z.strictObject({ name: z.string(), description: z.string().nullable() }))
    .optional(),
});
export type SnapshotMaintenance = z.infer<typeof SnapshotMaintenance>;

/** A rule by which work recurs. */
export const SnapshotMaintenanceRule = z.strictObject({
  maintenanceId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  serviceIds: z.array(z.string()),
  /** Of the first occurrence. */
  startsAt: Instant,
  durationMs: z.number().positive(),
  /** RFC 5545 without "RRULE:". */
  rrule: z.string(),
  /** IANA name of the zone on whose wall clock the rule is worked out. */
  timeZone: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
  canceledAt: Instant.nullable(),
  sequence: z.number().int().nonnegative(),
  /** Occurrences that do not happen, or happen at another time, by when they were meant to begin. */
  exceptions: z.array(
    z.strictObject({
      plannedFor: Instant,
      /** Null: it does not happen. */
      moved: z.strictObject({ from: Instant, until: Instant }).nullable(),
      sequence: z.number().int().nonnegative(),
    }),
  ),
});
export type SnapshotMaintenanceRule = z.infer<typeof SnapshotMaintenanceRule>;

/** Services whose work is under way: these, and no others, may be shown as under maintenance. */
export const servicesInMaintenance = (maintenances: readonly SnapshotMaintenance[]): ReadonlySet<string> =>
  new Set(
    maintenances
      .filter(({ status }) => status === "in_progress" || status === "verifying")
      .flatMap(({ serviceIds }) => serviceIds),
  );
