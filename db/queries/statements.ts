import type { SloDefinition } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

/** A definition of an SLO that was in force in a part of a span. */
export type PromisedSlo = {
  readonly id: string;
  readonly version: number;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly definition: SloDefinition;
  readonly activeFrom: EpochMs;
  /** Of the SLO: minutes before it came into force may be counted under it. */
  readonly isFirst: boolean;
  /** Null: still in force. */
  readonly activeUntil: EpochMs | null;
};

/**
 * Every definition that was in force at some instant of [from, until), retired ones too, in the order of the file and age;
 * and the first of each SLO that came later, since minutes before it may be counted under it.
 */
export const readPromisedSlos = async (
  db: Db,
  args: { readonly from: EpochMs; readonly until: EpochMs; readonly serviceId: string | null },
): Promise<PromisedSlo[]> => {
  const rows = await db<
    {
      id: string;
      version: number;
      service_id: string;
      service_name: string;
      definition: string;
      active_from: Date;
      is_first: boolean;
      active_until: Date | null;
    }[]
  >`
    select s.id, v.version, s.service_id, sv.name as service_name, v.definition::text as definition, v.active_from,
           v.version = (select min(f.version) from slo_versions f where f.slo_id = s.id) as is_first,
           least(v.active_until, s.retired_at) as active_until
      from slo_versions v
      join slos s on s.id = v.slo_id
      join services sv on sv.id = s.service_id
     where (v.active_from < ${new Date(args.until)}
            or v.version = (select min(f.version) from slo_versions f where f.slo_id = s.id))
       and (least(v.active_until, s.retired_at) is null or least(v.active_until, s.retired_at) > ${new Date(args.from)})
       and (${args.serviceId}::text is null or s.service_id = ${args.serviceId})
     order by sv.position, sv.id, s.position, s.id, v.version`;
  return rows.map((row) => ({
    id: row.id,
    version: row.version,
    serviceId: row.service_id,
    serviceName: row.service_name,
    definition: JSON.parse(row.definition) as SloDefinition,
    activeFrom: epochMs(row.active_from.getTime()),
    isFirst: row.is_first,
    activeUntil: row.active_until === null ? null : epochMs(row.active_until.getTime()),
  }));
};

/** An incident of services; `resolvedAt` is null while it is open. */
export type PastIncident = {
  readonly id: string;
  readonly name: string;
  readonly impact: string;
  readonly serviceIds: readonly string[];
  readonly startedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
};

/** Published incidents of which a part lies in [from, until), of these services, oldest first. */
export const readIncidentsWithin = async (
  db: Db,
  args: { readonly from: EpochMs; readonly until: EpochMs; readonly serviceIds: readonly string[] },
): Promise<PastIncident[]> => {
  const rows = await db<
    { id: string; name: string; impact: string; services: string[]; started_at: Date; resolved_at: Date | null }[]
  >`
    select i.id, i.name, i.impact, i.started_at, i.resolved_at, array_agg(s.service_id order by s.service_id) as services
      from incidents i join incident_services s on s.incident_id = i.id
     where i.started_at < ${new Date(args.until)} and (i.resolved_at is null or i.resolved_at > ${new Date(args.from)})
       and s.service_id = any(${[...args.serviceIds]}::text[])
       and i.published_at is not null and i.merged_into is null and i.discarded_at is null
     group by i.id
     order by i.started_at, i.id`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    impact: row.impact,
    serviceIds: row.services,
    startedAt: epochMs(row.started_at.getTime()),
    resolvedAt: row.resolved_at === null ? null : epochMs(row.resolved_at.getTime()),
  }));
};

/** A frozen statement. `document` and `inputs` are texts, because their bytes count. */
export type StatementRow = {
  readonly id: string;
  readonly period: string;
  readonly serviceId: string | null;
  readonly version: number;
  readonly inputsSha256: string;
  readonly inputs: string;
  readonly document: string;
  readonly replacedBy: string | null;
};

const columns = (db: Db) => db`
  s.id, s.period, s.service_id as "serviceId", s.version, s.inputs_sha256 as "inputsSha256", s.inputs, s.document,
  (select r.id from statements r where r.replaces = s.id) as "replacedBy"`;

/** Holds off other writers of statements until the transaction ends: they are rare, and versions must not meet. */
export const lockStatements = async (db: Db): Promise<void> => {
  await db`lock table statements in share row exclusive mode`;
};

/** The newest statement of a period and scope; null before the first. Unique index statements_versions. */
export const readNewestStatement = async (
  db: Db,
  args: { readonly period: string; readonly serviceId: string | null },
): Promise<StatementRow | null> => {
  const rows = await db<StatementRow[]>`
    select ${columns(db)} from statements s
     where s.period = ${args.period} and coalesce(s.service_id, '') = ${args.serviceId ?? ""}
     order by s.version desc limit 1`;
  return rows[0] ?? null;
};

/** @param id of the statement. Null when there is none. Primary key. */
export const readStatement = async (db: Db, id: string): Promise<StatementRow | null> => {
  const rows = await db<StatementRow[]>`select ${columns(db)} from statements s where s.id = ${id}`;
  return rows[0] ?? null;
};

/** All statements that match, the newest first, without their documents' services. */
export const readStatements = async (
  db: Db,
  args: { readonly period: string | null; readonly serviceId: string | null },
): Promise<StatementRow[]> => {
  const rows = await db<StatementRow[]>`
    select ${columns(db)} from statements s
     where (${args.period}::text is null or s.period = ${args.period})
       and (${args.serviceId}::text is null or s.service_id = ${args.serviceId})
     order by s.created_at desc, s.id desc`;
  return [...rows];
};

export type NewStatement = Omit<StatementRow, "replacedBy"> & {
  readonly periodKind: "month" | "quarter";
  readonly replaces: string | null;
  readonly author: string;
  readonly createdAt: EpochMs;
};

/** Freezes a statement: the table takes no change and no deletion. */
export const insertStatement = async (db: Db, row: NewStatement): Promise<void> => {
  await db`
    insert into statements (id, period_kind, period, service_id, version, replaces, inputs_sha256, inputs, document, author,
                            created_at)
    values (${row.id}, ${row.periodKind}, ${row.period}, ${row.serviceId}, ${row.version}, ${row.replaces},
            ${row.inputsSha256}, ${row.inputs}, ${row.document}, ${row.author}, ${new Date(row.createdAt)})`;
};
