import type { MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import type { ExclusionKind } from "#lib/core/slo/exclusions.ts";
import type { DurationMs, EpochMs } from "#lib/core/units.ts";
import { durationMs, epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

export type MaintenanceImpact = "none" | "minor" | "major" | "critical";

export type MaintenanceRow = {
  readonly id: string;
  /** Its id in the configuration; null: it does not stand there. */
  readonly fileId: string | null;
  readonly title: string;
  /** Plain text, may be empty. */
  readonly body: string;
  readonly impact: MaintenanceImpact;
  /** Minutes before each start. */
  readonly reminders: readonly number[];
  readonly serviceIds: readonly string[];
  /** Of the first occurrence. */
  readonly startsAt: EpochMs;
  readonly durationMs: DurationMs;
  /** RFC 5545 without "RRULE:"; null happens once. */
  readonly rrule: string | null;
  /** IANA name of the zone on whose wall clock the rule is worked out. */
  readonly timeZone: string;
  readonly announcedAt: EpochMs;
  readonly author: string;
  readonly canceledAt: EpochMs | null;
  readonly canceledBy: string | null;
  readonly cancelReason: string | null;
  /** Occurrences that begin before this are stored. */
  readonly expandedTo: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** Grows with every change that a calendar should follow. */
  readonly sequence: number;
  readonly translations: MaintenanceTexts;
};

type DbRow = {
  id: string;
  file_id: string | null;
  title: string;
  body: string;
  impact: MaintenanceImpact;
  reminders: string;
  service_ids: string[];
  starts_at: Date;
  duration_ms: number;
  rrule: string | null;
  time_zone: string;
  announced_at: Date;
  author: string;
  canceled_at: Date | null;
  canceled_by: string | null;
  cancel_reason: string | null;
  expanded_to: Date | null;
  created_at: Date;
  updated_at: Date;
  sequence: number;
  translations: string;
};

const at = (date: Date): EpochMs => epochMs(date.getTime());
const atOrNull = (date: Date | null): EpochMs | null => (date === null ? null : at(date));

const maintenanceOf = (row: DbRow): MaintenanceRow => ({
  id: row.id,
  fileId: row.file_id,
  title: row.title,
  body: row.body,
  impact: row.impact,
  reminders: JSON.parse(row.reminders) as number[],
  serviceIds: row.service_ids,
  startsAt: at(row.starts_at),
  durationMs: durationMs(row.duration_ms),
  rrule: row.rrule,
  timeZone: row.time_zone,
  announcedAt: at(row.announced_at),
  author: row.author,
  canceledAt: atOrNull(row.canceled_at),
  canceledBy: row.canceled_by,
  cancelReason: row.cancel_reason,
  expandedTo: atOrNull(row.expanded_to),
  createdAt: at(row.created_at),
  updatedAt: at(row.updated_at),
  sequence: row.sequence,
  translations: JSON.parse(row.translations) as MaintenanceTexts,
});

const columns = (db: Db) => db`
  id, file_id, title, body, impact, reminders::text as reminders, service_ids, starts_at, duration_ms::float8 as duration_ms, rrule,
  time_zone, announced_at, author, canceled_at, canceled_by, cancel_reason, expanded_to, created_at,
  updated_at, sequence, translations::text as translations`;

/** Stores a maintenance; its occurrences are written apart. */
export const insertMaintenance = async (
  db: Db,
  row: Omit<MaintenanceRow, "canceledAt" | "canceledBy" | "cancelReason" | "expandedTo" | "updatedAt" | "sequence">,
): Promise<void> => {
  const now = new Date(row.createdAt);
  await db`
    insert into maintenances (id, file_id, title, body, impact, reminders, service_ids, starts_at, duration_ms, rrule, time_zone,
                              announced_at, author, translations, created_at, updated_at)
    values (${row.id}, ${row.fileId}, ${row.title}, ${row.body}, ${row.impact}, ${JSON.stringify(row.reminders)}::text::jsonb,
            ${[...row.serviceIds]}::text[], ${new Date(row.startsAt)}, ${String(row.durationMs)}::bigint, ${row.rrule},
            ${row.timeZone}, ${new Date(row.announcedAt)}, ${row.author},
            ${JSON.stringify(row.translations)}::text::jsonb, ${now}, ${now})`;
};

/** One maintenance, locked until the transaction ends when asked for; null when there is none of this id. */
export const readMaintenance = async (
  db: Db,
  id: string,
  options: { lock?: boolean } = {},
): Promise<MaintenanceRow | null> => {
  const lock = options.lock === true ? db`for no key update` : db``;
  const rows = await db<DbRow[]>`select ${columns(db)} from maintenances where id = ${id} ${lock}`;
  return rows[0] === undefined ? null : maintenanceOf(rows[0]);
};

/** All maintenances, the newest first. A small table. */
export const readMaintenances = async (db: Db): Promise<MaintenanceRow[]> => {
  const rows = await db<DbRow[]>`select ${columns(db)} from maintenances order by created_at desc, id desc`;
  return rows.map(maintenanceOf);
};

/** Those that stand in the configuration, locked until the transaction ends. Partial index maintenances_file_id. */
export const lockMaintenancesOfFile = async (db: Db): Promise<MaintenanceRow[]> => {
  const rows = await db<DbRow[]>`
    select ${columns(db)} from maintenances where file_id is not null order by file_id for no key update`;
  return rows.map(maintenanceOf);
};

/** It has left the configuration: what is left of it is a person's. */
export const releaseMaintenance = async (db: Db, { id, now }: { id: string; now: EpochMs }): Promise<void> => {
  await db`update maintenances set file_id = null, updated_at = ${new Date(now)} where id = ${id}`;
};

/** Those whose occurrences are not all stored that begin before an instant. Partial index maintenances_to_expand. */
export const lockMaintenancesToExpand = async (db: Db, until: EpochMs): Promise<MaintenanceRow[]> => {
  const rows = await db<DbRow[]>`
    select ${columns(db)} from maintenances
     where canceled_at is null and (expanded_to is null or (rrule is not null and expanded_to < ${new Date(until)}))
     order by id for no key update`;
  return rows.map(maintenanceOf);
};

/** Notes up to when the occurrences of a maintenance are worked out. */
export const setExpandedTo = async (db: Db, args: { id: string; expandedTo: EpochMs; now: EpochMs }): Promise<void> => {
  await db`
    update maintenances set expanded_to = ${new Date(args.expandedTo)}, updated_at = ${new Date(args.now)}
     where id = ${args.id}`;
};

/** Notes who called a maintenance off, and why. */
export const cancelMaintenanceRow = async (
  db: Db,
  args: { id: string; now: EpochMs; by: string; reason: string | null },
): Promise<void> => {
  const now = new Date(args.now);
  await db`
    update maintenances set canceled_at = greatest(created_at, ${now}::timestamptz), canceled_by = ${args.by},
           cancel_reason = ${args.reason}, sequence = sequence + 1, updated_at = ${now}
     where id = ${args.id} and canceled_at is null`;
};

export type OccurrenceRow = {
  readonly maintenanceId: string;
  readonly serviceId: string;
  readonly startsAt: EpochMs;
  readonly endsAt: EpochMs;
  readonly exclusionId: string;
  /** When it was meant to begin. */
  readonly plannedFor: EpochMs;
};

/** An occurrence with the exclusion that follows from it. */
export type NewOccurrence = Omit<OccurrenceRow, "plannedFor"> & {
  readonly kind: ExclusionKind;
  readonly reason: string;
};

/** Adds occurrences and their exclusions; those that are there already stay as they are. Returns how many were new. */
export const insertOccurrences = async (
  db: Db,
  args: { readonly occurrences: readonly NewOccurrence[]; readonly author: string; readonly now: EpochMs },
): Promise<number> => {
  const { occurrences, author, now } = args;
  if (occurrences.length === 0) return 0;
  const rows = occurrences.map((one) => ({
    maintenance_id: one.maintenanceId,
    service_id: one.serviceId,
    starts_at: new Date(one.startsAt).toISOString(),
    ends_at: new Date(one.endsAt).toISOString(),
    exclusion_id: one.exclusionId,
    kind: one.kind,
    reason: one.reason,
  }));
  const text = JSON.stringify(rows);
  const list = db`
    jsonb_to_recordset(${text}::text::jsonb) as o (maintenance_id text, service_id text, starts_at timestamptz,
      ends_at timestamptz, exclusion_id text, kind text, reason text)`;
  await db`
    insert into exclusions (id, service_id, kind, starts_at, ends_at, reason, author, created_at)
    select exclusion_id, service_id, kind, starts_at, ends_at, reason, ${author}::text, ${new Date(now)}::timestamptz from ${list}
    on conflict (id) do nothing`;
  const added = await db`
    insert into maintenance_occurrences (maintenance_id, service_id, starts_at, ends_at, exclusion_id)
    select maintenance_id, service_id, starts_at, ends_at, exclusion_id from ${list}
    on conflict (maintenance_id, service_id, starts_at) do nothing`;
  return added.count;
};

type OccurrenceDbRow = {
  maintenance_id: string;
  service_id: string;
  starts_at: Date;
  ends_at: Date;
  exclusion_id: string;
  planned_for: Date | null;
};
const occurrenceOf = (row: OccurrenceDbRow): OccurrenceRow => ({
  maintenanceId: row.maintenance_id,
  serviceId: row.service_id,
  startsAt: at(row.starts_at),
  endsAt: at(row.ends_at),
  exclusionId: row.exclusion_id,
  plannedFor: at(row.planned_for ?? row.starts_at),
});

/** Occurrences of these maintenances that end after an instant, in order. Prefix of the primary key. */
export const readOccurrences = async (
  db: Db,
  args: { readonly maintenanceIds: readonly string[]; readonly endedAfter: EpochMs },
): Promise<OccurrenceRow[]> => {
  const rows = await db<OccurrenceDbRow[]>`
    select maintenance_id, service_id, starts_at, ends_at, exclusion_id, planned_for from maintenance_occurrences
     where maintenance_id = any(${[...args.maintenanceIds]}::text[]) and ends_at > ${new Date(args.endedAfter)}
     order by starts_at, service_id`;
  return rows.map(occurrenceOf);
};

/** Which maintenance an exclusion follows from, by the exclusion's id. */
export const readMaintenanceIds = async (
  db: Db,
  exclusionIds: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  if (exclusionIds.length === 0) return new Map();
  const rows = await db<{ exclusion_id: string; maintenance_id: string }[]>`
    select exclusion_id, maintenance_id from maintenance_occurrences
     where exclusion_id = any(${[...exclusionIds]}::text[])`;
  return new Map(rows.map((row) => [row.exclusion_id, row.maintenance_id]));
};

/** Titles by id. Primary key. */
export const readMaintenanceTitles = async (db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  if (ids.length === 0) return new Map();
  const rows = await db<{ id: string; title: string }[]>`
    select id, title from maintenances where id = any(${[...ids]}::text[])`;
  return new Map(rows.map((row) => [row.id, row.title]));
};
