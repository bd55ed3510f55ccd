import type { MaintenanceMessages, MaintenanceTexts } from "#lib/core/maintenance/definition.ts";
import type { RunState } from "#lib/core/maintenance/lifecycle.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

/** One occurrence of a maintenance, whatever the number of its services. */
export type MaintenanceRun = {
  readonly maintenanceId: string;
  /** When it was meant to begin; with the maintenance it says which one this is. */
  readonly plannedFor: EpochMs;
  readonly state: RunState;
  readonly startsAt: EpochMs;
  readonly endsAt: EpochMs;
  readonly sequence: number;
  /** The shortest reminder that was sent, in minutes. */
  readonly remindedMinutes: number | null;
  readonly startedAt: EpochMs | null;
  readonly endedAt: EpochMs | null;
  readonly canceledAt: EpochMs | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

type DbRow = {
  maintenance_id: string;
  planned_for: Date;
  state: RunState;
  starts_at: Date;
  ends_at: Date;
  sequence: number;
  reminded_minutes: number | null;
  started_at: Date | null;
  ended_at: Date | null;
  canceled_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

const at = (date: Date): EpochMs => epochMs(date.getTime());
const atOrNull = (date: Date | null): EpochMs | null => (date === null ? null : at(date));
const dateOrNull = (instant: EpochMs | null): Date | null => (instant === null ? null : new Date(instant));

const runOf = (row: DbRow): MaintenanceRun => ({
  maintenanceId: row.maintenance_id,
  plannedFor: at(row.planned_for),
  state: row.state,
  startsAt: at(row.starts_at),
  endsAt: at(row.ends_at),
  sequence: row.sequence,
  remindedMinutes: row.reminded_minutes,
  startedAt: atOrNull(row.started_at),
  endedAt: atOrNull(row.ended_at),
  canceledAt: atOrNull(row.canceled_at),
  createdAt: at(row.created_at),
  updatedAt: at(row.updated_at),
});

const columns = (db: Db) => db`
  maintenance_id, planned_for, state, starts_at, ends_at, sequence, reminded_minutes, started_at, ended_at, canceled_at,
  created_at, updated_at`;

/**
 * Makes the rows of occurrences that have none, of one maintenance or of all that end after an instant. One that is over
 * already is told as completed, and nobody hears of it.
 */
export const insertMissingRuns = async (
  db: Db,
  { maintenanceId, endedAfter, now }: { maintenanceId: string | null; endedAfter: EpochMs; now: EpochMs },
): Promise<void> => {
  const which = maintenanceId === null ? db`` : db`and o.maintenance_id = ${maintenanceId}`;
  const at = db`${new Date(now)}::timestamptz`;
  await db`
    insert into maintenance_runs (maintenance_id, planned_for, state, starts_at, ends_at, started_at, ended_at, created_at, updated_at)
    select maintenance_id, planned_for, case when ends_at <= ${at} then 'completed' else 'scheduled' end, starts_at, ends_at,
           case when ends_at <= ${at} then starts_at end, case when ends_at <= ${at} then ends_at end, ${at}, ${at}
      from (select o.maintenance_id, coalesce(o.planned_for, o.starts_at) as planned_for, min(o.starts_at) as starts_at,
                   max(o.ends_at) as ends_at
              from maintenance_occurrences o join maintenances m on m.id = o.maintenance_id
             where m.canceled_at is null and o.ends_at > ${new Date(endedAfter)} ${which}
             group by o.maintenance_id, coalesce(o.planned_for, o.starts_at)) n
    on conflict (maintenance_id, planned_for) do nothing`;
};

/** Occurrences of these maintenances that end after an instant, in order; locked until the transaction ends when asked for. */
export const readRuns = async (
  db: Db,
  args: { readonly maintenanceIds: readonly string[]; readonly endedAfter: EpochMs; readonly lock?: boolean },
): Promise<MaintenanceRun[]> => {
  const lock = args.lock === true ? db`for no key update` : db``;
  const rows = await db<DbRow[]>`
    select ${columns(db)} from maintenance_runs
     where maintenance_id = any(${[...args.maintenanceIds]}::text[]) and ends_at > ${new Date(args.endedAfter)}
     order by starts_at, maintenance_id ${lock}`;
  return rows.map(runOf);
};

/** Occurrences that are not over and begin before an instant. Partial index maintenance_runs_open. */
export const readOpenRuns = async (db: Db, startsBefore: EpochMs): Promise<MaintenanceRun[]> => {
  const rows = await db<DbRow[]>`
    select ${columns(db)} from maintenance_runs
     where state in ('scheduled', 'in_progress', 'verifying') and starts_at < ${new Date(startsBefore)}
     order by starts_at, maintenance_id`;
  return rows.map(runOf);
};

/** One occurrence as it is now, locked until the transaction ends. Primary key. */
export const lockRun = async (
  db: Db,
  { maintenanceId, plannedFor }: Pick<MaintenanceRun, "maintenanceId" | "plannedFor">,
): Promise<MaintenanceRun | null> => {
  const rows = await db<DbRow[]>`
    select ${columns(db)} from maintenance_runs
     where maintenance_id = ${maintenanceId} and planned_for = ${new Date(plannedFor)} for no key update`;
  return rows[0] === undefined ? null : runOf(rows[0]);
};

/** What is open, and the newest of what is over: at most `most` of each. */
export const readRunsToShow = async (
  db: Db,
  args: { endedAfter: EpochMs; most: number },
): Promise<MaintenanceRun[]> => {
  const open = db`state in ('scheduled', 'in_progress', 'verifying')`;
  const rows = await db<DbRow[]>`
    (select ${columns(db)} from maintenance_runs where ${open} order by starts_at, maintenance_id limit ${args.most})
    union all
    (select ${columns(db)} from maintenance_runs where not (${open}) and ends_at > ${new Date(args.endedAfter)}
      order by ends_at desc, maintenance_id limit ${args.most})`;
  return rows.map(runOf);
};

/** The occurrences of these keys that there are. Primary key. */
export const readRunsPlannedFor = async (
  db: Db,
  keys: readonly Pick<MaintenanceRun, "maintenanceId" | "plannedFor">[],
): Promise<MaintenanceRun[]> => {
  const rows = await db<DbRow[]>`
    select ${columns(db)} from maintenance_runs
     where (maintenance_id, planned_for) in (
       select * from unnest(${keys.map(({ maintenanceId }) => maintenanceId)}::text[],
                            ${keys.map(({ plannedFor }) => new Date(plannedFor).toISOString())}::timestamptz[]))`;
  return rows.map(runOf);
};

/** Writes an occurrence as it is now. */
export const writeRun = async (db: Db, run: MaintenanceRun): Promise<void> => {
  await db`
    update maintenance_runs
       set state = ${run.state}, starts_at = ${new Date(run.startsAt)}, ends_at = ${new Date(run.endsAt)},
           sequence = ${run.sequence}, reminded_minutes = ${run.remindedMinutes},
           started_at = ${dateOrNull(run.startedAt)}, ended_at = ${dateOrNull(run.endedAt)},
           canceled_at = ${dateOrNull(run.canceledAt)}, updated_at = ${new Date(run.updatedAt)}
     where maintenance_id = ${run.maintenanceId} and planned_for = ${new Date(run.plannedFor)}`;
};

export type MaintenanceUpdateRow = {
  readonly id: string;
  readonly maintenanceId: string;
  readonly plannedFor: EpochMs;
  readonly status: RunState;
  readonly body: string;
  readonly author: string;
  readonly createdAt: EpochMs;
  readonly translations: MaintenanceMessages;
};

/** Adds an update to one occurrence of a maintenance. */
export const insertMaintenanceUpdate = async (db: Db, row: MaintenanceUpdateRow): Promise<void> => {
  await db`
    insert into maintenance_updates (id, maintenance_id, planned_for, status, body, author, translations, created_at)
    values (${row.id}, ${row.maintenanceId}, ${new Date(row.plannedFor)}, ${row.status}, ${row.body}, ${row.author},
            ${JSON.stringify(row.translations)}::text::jsonb, ${new Date(row.createdAt)})
    on conflict (id) do nothing`;
};

/** What was said of occurrences planned after an instant, newest first. */
export const readMaintenanceUpdates = async (
  db: Db,
  args: { readonly maintenanceIds: readonly string[]; readonly plannedAfter: EpochMs },
): Promise<MaintenanceUpdateRow[]> => {
  const rows = await db<
    {
      id: string;
      maintenance_id: string;
      planned_for: Date;
      status: RunState;
      body: string;
      author: string;
      created_at: Date;
      translations: string;
    }[]
  >`
    select id, maintenance_id, planned_for, status, body, author, created_at, translations::text as translations
      from maintenance_updates
     where maintenance_id = any(${[...args.maintenanceIds]}::text[]) and planned_for > ${new Date(args.plannedAfter)}
     order by created_at desc, id desc`;
  return rows.map((row) => ({
    id: row.id,
    maintenanceId: row.maintenance_id,
    plannedFor: at(row.planned_for),
    status: row.status,
    body: row.body,
    author: row.author,
    createdAt: at(row.created_at),
    translations: JSON.parse(row.translations) as MaintenanceMessages,
  }));
};

/** Gives the services of an occurrence another time and other exclusions. */
export const moveOccurrence = async (
  db: Db,
  args: {
    readonly maintenanceId: string;
    readonly serviceId: string;
    readonly plannedFor: EpochMs;
    readonly startsAt: EpochMs;
    readonly endsAt: EpochMs;
    readonly exclusionId: string;
  },
): Promise<void> => {
  const plannedFor = new Date(args.plannedFor);
  await db`
    update maintenance_occurrences
       set starts_at = ${new Date(args.startsAt)}, ends_at = ${new Date(args.endsAt)}, exclusion_id = ${args.exclusionId},
           planned_for = ${plannedFor}
     where maintenance_id = ${args.maintenanceId} and service_id = ${args.serviceId}
       and coalesce(planned_for, starts_at) = ${plannedFor}`;
};

/** Changes what people read, and tells calendars so. */
export const writeMaintenanceText = async (
  db: Db,
  args: {
    id: string;
    title: string;
    body: string;
    impact: string;
    reminders: readonly number[];
    translations: MaintenanceTexts;
    now: EpochMs;
  },
): Promise<void> => {
  await db`
    update maintenances
       set title = ${args.title}, body = ${args.body}, impact = ${args.impact},
           reminders = ${JSON.stringify(args.reminders)}::text::jsonb,
           translations = ${JSON.stringify(args.translations)}::text::jsonb, sequence = sequence + 1, updated_at = ${new Date(args.now)}
     where id = ${args.id}`;
};

/** Counts a change that calendars should follow. */
export const bumpSequence = async (db: Db, id: string, now: EpochMs): Promise<void> => {
  await db`update maintenances set sequence = sequence + 1, updated_at = ${new Date(now)} where id = ${id}`;
};
