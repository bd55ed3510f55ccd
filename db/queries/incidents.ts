import type { Db } from "#db/database.ts";
import type { AffectedService, Impacts, Incident, IncidentUpdate } from "#lib/contracts/incident-resource.ts";
import type { SORT_FIELDS } from "#lib/contracts/operations/list-operation.ts";
import type { IncidentImpact, IncidentStatus } from "#lib/contracts/snapshot-incidents.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { KeysetColumn, KeysetPage, ListOrder, SortColumns } from "./keyset.ts";
import { columnsOf, containing, inOrder, millisOf, pageCondition, pageEnd, placeText } from "./keyset.ts";

export type {
  AffectedService,
  Impacts,
  Incident,
  IncidentUpdate,
} from "#lib/contracts/incident-resource.ts";

/** Times are named alike in SQL and here: the driver gives them as dates. */
type Row<T> = { [K in keyof T]: T[K] extends EpochMs ? Date : T[K] extends EpochMs | null ? Date | null : T[K] };
type IncidentRow = Row<Omit<Incident, "updates" | "translations" | "impacts">> & {
  readonly translations: string;
  readonly impacts: string;
};
type UpdateRow = Row<Omit<IncidentUpdate, "affected" | "impacts" | "translations">> & {
  readonly affected: string;
  readonly impacts: string;
  readonly translations: string;
};

const at = (date: Date): EpochMs => date.getTime() as EpochMs;
const atOrNull = (date: Date | null): EpochMs | null => (date === null ? null : at(date));

const updateOf = (row: UpdateRow): IncidentUpdate => ({
  ...row,
  affected: JSON.parse(row.affected) as AffectedService[],
  impacts: JSON.parse(row.impacts) as Impacts,
  translations: JSON.parse(row.translations) as IncidentUpdate["translations"],
  displayAt: at(row.displayAt),
  publishAt: atOrNull(row.publishAt),
  publishedAt: atOrNull(row.publishedAt),
  createdAt: at(row.createdAt),
  updatedAt: at(row.updatedAt),
});

const withUpdates = async (db: Db, rows: readonly IncidentRow[]): Promise<Incident[]> => {
  if (rows.length === 0) return [];
  const updates = await db<UpdateRow[]>`
    select id, incident_id as "incidentId", status, body, affected::text as affected, impact, impacts::text as impacts,
           display_at as "displayAt", publish_at as "publishAt", published_at as "publishedAt", notify,
           translations::text as translations, created_at as "createdAt", updated_at as "updatedAt"
      from incident_updates where incident_id = any(${rows.map((row) => row.id)}::text[])
     order by display_at desc, id desc`;
  const byIncident = Map.groupBy(updates.map(updateOf), (update) => update.incidentId);
  return rows.map((row) => ({
    ...row,
    startedAt: at(row.startedAt),
    monitoringAt: atOrNull(row.monitoringAt),
    resolvedAt: atOrNull(row.resolvedAt),
    publishedAt: atOrNull(row.publishedAt),
    publishAt: atOrNull(row.publishAt),
    discardedAt: atOrNull(row.discardedAt),
    handledAt: atOrNull(row.handledAt),
    asksAt: atOrNull(row.asksAt),
    createdAt: at(row.createdAt),
    updatedAt: at(row.updatedAt),
    translations: JSON.parse(row.translations) as Incident["translations"],
    impacts: JSON.parse(row.impacts) as Impacts,
    updates: byIncident.get(row.id) ?? [],
  }));
};

const columns = (db: Db) => db`
  i.id, i.name, i.status, i.impact, i.origin, i.started_at as "startedAt", i.monitoring_at as "monitoringAt",
  i.resolved_at as "resolvedAt", i.published_at as "publishedAt", i.publish_at as "publishAt",
  i.discarded_at as "discardedAt", i.merged_into as "mergedInto", i.handled_at as "handledAt", i.asks_at as "asksAt",
  i.translations::text as translations, i.created_at as "createdAt", i.updated_at as "updatedAt",
  array(select s.service_id from incident_services s join services v on v.id = s.service_id
         where s.incident_id = i.id order by v.position, v.id) as "serviceIds",
  (select coalesce(jsonb_object_agg(s.service_id, coalesce(s.impact, i.impact)), '{}')::text
     from incident_services s where s.incident_id = i.id) as impacts,
  array(select a.alert_id from incident_alerts a where a.incident_id = i.id order by a.created_at, a.alert_id) as "alertIds"`;

/** What the public may see: published, and neither merged into another one nor thrown away. */
const isPublic = (db: Db) => db`i.published_at is not null and i.merged_into is null and i.discarded_at is null`;

/** The newest public incidents of any status, those that ended after `endedAfter` and all open ones, newest first. */
export const readIncidents = async (db: Db, limit: number, endedAfter: EpochMs | null = null): Promise<Incident[]> => {
  const rows = await db<IncidentRow[]>`
    select ${columns(db)} from incidents i
     where ${isPublic(db)}
       and (i.status not in ('resolved', 'postmortem')
            or i.resolved_at >= ${endedAfter === null ? null : new Date(endedAfter)}::timestamptz
            or i.id in (select i.id from incidents i where ${isPublic(db)} order by i.started_at desc, i.id desc limit ${limit}::int))
     order by i.started_at desc, i.id desc`;
  return withUpdates(db, rows);
};

/** Changes whenever an incident, an update or a measured cost does: cheap to ask for each second. */
export const readIncidentsMark = async (db: Db): Promise<string> => {
  const rows = await db<{ mark: string }[]>`
    select count(*)::text || '/' || coalesce(max(updated_at)::text, '') || '/'
           || (select coalesce(max(updated_at)::text, '') from incident_costs) as mark from incidents`;
  return rows[0]?.mark ?? "";
};

/** One incident, locked until the transaction ends when asked for; null when there is none of this id. */
export const readIncident = async (db: Db, id: string, options: { lock?: boolean } = {}): Promise<Incident | null> => {
  if (options.lock === true) await db`select id from incidents where id = ${id} for no key update`;
  const rows = await db<IncidentRow[]>`select ${columns(db)} from incidents i where i.id = ${id}`;
  return (await withUpdates(db, rows))[0] ?? null;
};

/** Those of these ids that are published and not merged or thrown away. */
export const readPublicIncidents = async (db: Db, ids: readonly string[]): Promise<Incident[]> =>
  withUpdates(
    db,
    await db<
      IncidentRow[]
    >`select ${columns(db)} from incidents i where i.id = any(${[...ids]}::text[]) and ${isPublic(db)}`,
  );

export type IncidentFilter = {
  readonly status: IncidentStatus | null;
  /** True: not closed and on the page or a draft; false: closed. */
  readonly isOpen: boolean | null;
  readonly publication: "draft" | "scheduled" | "published" | "discarded" | "merged" | null;
  readonly serviceId: string | null;
  readonly createdAfter: EpochMs | null;
  /** Found in the id or the name. */
  readonly q: string | null;
};
export type IncidentPlace = { readonly at: EpochMs; readonly id: string };

const conditionsOf = (db: Db, { status, isOpen, publication, serviceId, createdAfter, q }: IncidentFilter) => {
  const closed = db`(i.status in ('resolved', 'postmortem') or i.discarded_at is not null or i.merged_into is not null)`;
  const pattern = containing(q ?? "");
  return db`
        (${status}::text is null or i.status = ${status}::text)
    and (${isOpen}::bool is null or ${closed} <> ${isOpen}::bool)
    and (${publication}::text is null or ${publication}::text =
           case when i.merged_into is not null then 'merged' when i.discarded_at is not null then 'discarded'
                when i.published_at is not null then 'published' when i.publish_at is not null then 'scheduled' else 'draft' end)
    and (${createdAfter === null} or i.created_at > ${new Date(createdAfter ?? 0)}::timestamptz)
    and (${q === null} or lower(i.id) like ${pattern} or lower(i.name) like ${pattern})
    and (${serviceId}::text is null
         or exists (select 1 from incident_services s where s.incident_id = i.id and s.service_id = ${serviceId}::text))`;
};

/** What incidents can be ordered by. Only the start has an index; the others sort what the filter leaves, some thousand. */
export const incidentColumns = (db: Db, order: ListOrder): KeysetColumn[] => {
  const known: SortColumns<(typeof SORT_FIELDS)["incidents"][number]> = {
    startedAt: { expression: millisOf(db, db`i.started_at`), type: "int8" },
    createdAt: { expression: millisOf(db, db`i.created_at`), type: "int8" },
    updatedAt: { expression: millisOf(db, db`i.updated_at`), type: "int8" },
    name: { expression: db`i.name`, type: "text" },
    status: { expression: db`i.status`, type: "text" },
    impact: { expression: db`i.impact`, type: "text" },
  };
  return columnsOf(order, known, { expression: db`i.id`, type: "text", isDescending: true });
};

/** One page of the incidents in another order than by their start. */
export const readSortedIncidents = async (
  db: Db,
  args: { filter: IncidentFilter; columns: readonly KeysetColumn[]; page: KeysetPage },
): Promise<(Incident & { readonly place: string })[]> => {
  const { filter, columns: by, page } = args;
  const rows = await db<(IncidentRow & { readonly place: string })[]>`
    select ${columns(db)}, ${placeText(db, by)} as place from incidents i
     where ${conditionsOf(db, filter)} ${pageCondition(db, by, page)} ${pageEnd(db, by, page)}`;
  const placeOf = new Map(rows.map(({ id, place }) => [id, place]));
  const found = await withUpdates(db, inOrder(rows, page));
  return found.map((incident) => ({ ...incident, place: placeOf.get(incident.id) ?? "" }));
};

/** At most `limit` incidents next to a place, drafts too, the newest by their start first. Index incidents_by_start. */
export const readIncidentPage = async (
  db: Db,
  args: { filter: IncidentFilter; limit: number; after: IncidentPlace | null; before: IncidentPlace | null },
): Promise<Incident[]> => {
  const { filter, limit, after, before } = args;
  const conditions = conditionsOf(db, filter);
  const place = before ?? after;
  const [placeAt, placeId] = [new Date(place?.at ?? 0), place?.id ?? ""];
  const rows =
    before === null
      ? await db<IncidentRow[]>`
          select ${columns(db)} from incidents i
           where ${conditions} and (${after === null} or (i.started_at, i.id) < (${placeAt}::timestamptz, ${placeId}::text))
           order by i.started_at desc, i.id desc limit ${limit}`
      : await db<IncidentRow[]>`
          select ${columns(db)} from incidents i
           where ${conditions} and (i.started_at, i.id) > (${placeAt}::timestamptz, ${placeId}::text)
           order by i.started_at, i.id limit ${limit}`;
  const found = await withUpdates(db, rows);
  return before === null ? found : found.reverse();
};

/** Impacts of open public incidents by service; `except` leaves one incident out. */
export const readOpenImpacts = async (
  db: Db,
  serviceIds: readonly string[],
  except: string | null,
): Promise<Map<string, IncidentImpact[]>> => {
  const rows = await db<{ service_id: string; impact: IncidentImpact }[]>`
    select s.service_id, coalesce(s.impact, i.impact) as impact
      from incidents i join incident_services s on s.incident_id = i.id
     where i.status not in ('resolved', 'postmortem') and ${isPublic(db)}
       and s.service_id = any(${[...serviceIds]}::text[]) and i.id is distinct from ${except}::text`;
  const impacts = new Map<string, IncidentImpact[]>();
  for (const row of rows) impacts.set(row.service_id, [...(impacts.get(row.service_id) ?? []), row.impact]);
  return impacts;
};
