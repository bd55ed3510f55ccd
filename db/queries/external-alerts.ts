import type { Db } from "#db/database.ts";
import type { ExternalAlertFacts } from "#lib/contracts/external-alerts.ts";
import type { SORT_FIELDS } from "#lib/contracts/operations/list-operation.ts";
import type { InboundSource, KnownEpisode, SentAlert } from "#lib/core/inbound/decide.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { KeysetColumn, KeysetPage, ListOrder, SortColumns } from "./keyset.ts";
import { columnsOf, containing, inOrder, millisOf, pageCondition, pageEnd, placeText } from "./keyset.ts";

// Alerts that other systems sent.

type FactsRow = Omit<ExternalAlertFacts, "labels" | "annotations"> & { labels: string; annotations: string };

const factsOf = (row: FactsRow): ExternalAlertFacts => ({
  ...row,
  labels: JSON.parse(row.labels) as Record<string, string>,
  annotations: JSON.parse(row.annotations) as Record<string, string>,
});

const columns = (db: Db) => db`
  id, state, source, fingerprint, service_id as "serviceId", labels::text as labels, annotations::text as annotations,
  generator_url as "generatorUrl", starts_at as "startsAt", ends_at as "endsAt", expires_at as "expiresAt",
  resolve_reason as "resolveReason", first_heard_at as "firstHeardAt", last_heard_at as "lastHeardAt"`;

/** Lets one transaction at a time take alerts in, until it ends. Taken before `lockEvents`. */
export const lockInbound = async (db: Db): Promise<void> => {
  await db`select pg_advisory_xact_lock(hashtextextended('nines/inbound', 0))`;
};

/** What is known of alerts: the firing episode of each label set, and the newest with the same beginning. */
export const readKnownEpisodes = async (
  db: Db,
  sent: readonly Pick<SentAlert, "fingerprint" | "startsAt">[],
): Promise<KnownEpisode[]> => {
  const asked = sent.map(({ fingerprint, startsAt }) => ({ fingerprint, at: new Date(startsAt).toISOString() }));
  const rows = await db<(Omit<KnownEpisode, "startsAt"> & { startsAt: Date })[]>`
    select distinct on (x.id) x.id, x.fingerprint, x.starts_at as "startsAt", x.round, x.state,
           x.resolve_reason as "resolveReason"
      from jsonb_to_recordset(${JSON.stringify(asked)}::text::jsonb) as a (fingerprint text, at timestamptz)
      join external_alerts x on x.fingerprint = a.fingerprint and (x.state = 'firing' or x.starts_at = a.at)
     order by x.id`;
  return rows.map((row) => ({ ...row, startsAt: epochMs(row.startsAt.getTime()) }));
};

export type NewExternalAlert = SentAlert & {
  readonly id: string;
  readonly round: number;
  readonly source: InboundSource;
  readonly heardAt: EpochMs;
  /** When it is taken for over; null: it is over already. */
  readonly expiresAt: EpochMs | null;
};

/** Keeps a new episode, linked with the service that its label names if there is one. Returns it as it is stored. */
export const insertExternalAlert = async (db: Db, alert: NewExternalAlert): Promise<ExternalAlertFacts> => {
  const isFiring = alert.expiresAt !== null;
  const heardAt = new Date(alert.heardAt);
  const rows = await db<FactsRow[]>`
    insert into external_alerts (id, fingerprint, starts_at, round, source, state, labels, annotations, generator_url,
                                 service_id, ends_at, resolve_reason, first_heard_at, last_heard_at, expires_at)
    values (${alert.id}, ${alert.fingerprint}, ${new Date(alert.startsAt)}, ${alert.round}, ${alert.source},
            ${isFiring ? "firing" : "resolved"}, ${JSON.stringify(alert.labels)}::text::jsonb,
            ${JSON.stringify(alert.annotations)}::text::jsonb, ${alert.generatorUrl},
            (select id from services where id = ${alert.labels.service ?? ""} and retired_at is null),
            ${isFiring || alert.endsAt === null ? null : new Date(alert.endsAt)}, ${isFiring ? null : "sender"},
            ${heardAt}, ${heardAt}, ${alert.expiresAt === null ? null : new Date(alert.expiresAt)})
    returning ${columns(db)}`;
  return factsOf(rows[0] as FactsRow);
};

export type RefreshedAlert = Pick<SentAlert, "annotations" | "generatorUrl"> & {
  readonly id: string;
  readonly expiresAt: EpochMs;
};

/** Notes that firing alerts were heard of again, with what is said of them now. */
export const refreshExternalAlerts = async (
  db: Db,
  args: { readonly alerts: readonly RefreshedAlert[]; readonly source: InboundSource; readonly heardAt: EpochMs },
): Promise<void> => {
  if (args.alerts.length === 0) return;
  const rows = args.alerts.map(({ expiresAt, ...alert }) => ({
    ...alert,
    expiresAt: new Date(expiresAt).toISOString(),
  }));
  await db`
    update external_alerts x
       set last_heard_at = ${new Date(args.heardAt)}::timestamptz, expires_at = r."expiresAt", annotations = r.annotations,
           generator_url = coalesce(r."generatorUrl", x.generator_url), source = ${args.source}, updated_at = now()
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, "expiresAt" timestamptz, annotations jsonb, "generatorUrl" text)
     where x.id = r.id and x.state = 'firing'`;
};

/** Ends a firing episode. Null when it does not fire. */
export const endExternalAlert = async (
  db: Db,
  args: {
    readonly id: string;
    readonly endsAt: EpochMs;
    readonly reason: "sender" | "timeout";
    readonly heardAt: EpochMs | null;
  },
): Promise<ExternalAlertFacts | null> => {
  const rows = await db<FactsRow[]>`
    update external_alerts
       set state = 'resolved', ends_at = greatest(starts_at, ${new Date(args.endsAt)}::timestamptz), resolve_reason = ${args.reason},
           expires_at = null, updated_at = now(),
           last_heard_at = coalesce(${args.heardAt === null ? null : new Date(args.heardAt)}::timestamptz, last_heard_at)
     where id = ${args.id} and state = 'firing'
    returning ${columns(db)}`;
  return rows[0] === undefined ? null : factsOf(rows[0]);
};

/** Firing alerts of which nothing was heard for too long. Partial index external_alerts_expiring. */
export const readExpiredExternalAlerts = async (
  db: Db,
  args: { readonly now: EpochMs; readonly limit: number },
): Promise<{ id: string; expiresAt: EpochMs }[]> => {
  const rows = await db<{ id: string; expiresAt: Date }[]>`
    select id, expires_at as "expiresAt" from external_alerts
     where state = 'firing' and expires_at <= ${new Date(args.now)} order by expires_at, id limit ${args.limit}`;
  return rows.map(({ id, expiresAt }) => ({ id, expiresAt: epochMs(expiresAt.getTime()) }));
};

/** Alerts that fire, by label set. Partial index external_alerts_one_firing. */
export const readFiringExternalAlerts = async (db: Db, limit: number): Promise<ExternalAlertFacts[]> => {
  const rows = await db<FactsRow[]>`
    select ${columns(db)} from external_alerts where state = 'firing' order by fingerprint limit ${limit}`;
  return rows.map(factsOf);
};

/** One alert; null when there is none of this id. */
export const readExternalAlert = async (db: Db, id: string): Promise<ExternalAlertFacts | null> => {
  const rows = await db<FactsRow[]>`select ${columns(db)} from external_alerts where id = ${id}`;
  return rows[0] === undefined ? null : factsOf(rows[0]);
};

/** A place in the list: by when they were first heard of, and id. */
export type ExternalAlertPlace = { readonly firstHeardAt: EpochMs; readonly id: string };

export type ExternalAlertFilter = {
  readonly state: "firing" | "resolved" | null;
  readonly serviceId: string | null;
  /** Found in the id, the name, the service or the fingerprint. */
  readonly q: string | null;
  readonly createdAfter: EpochMs | null;
};

const conditionsOf = (db: Db, { state, serviceId, q, createdAfter }: ExternalAlertFilter) => {
  const pattern = containing(q ?? "");
  return db`
        (${state}::text is null or state = ${state}::text)
    and (${serviceId}::text is null or service_id = ${serviceId}::text)
    and (${createdAfter === null} or first_heard_at > ${new Date(createdAfter ?? 0)}::timestamptz)
    and (${q === null} or lower(id) like ${pattern} or lower(labels ->> 'alertname') like ${pattern}
         or lower(service_id) like ${pattern} or fingerprint like ${pattern})`;
};

/** What they can be ordered by: the order of the list has an index, the others sort the alerts of 30 days. */
export const externalAlertColumns = (db: Db, order: ListOrder): KeysetColumn[] => {
  const known: SortColumns<(typeof SORT_FIELDS)["external-alerts"][number]> = {
    firstHeardAt: { expression: millisOf(db, db`first_heard_at`), type: "int8" },
    lastHeardAt: { expression: millisOf(db, db`last_heard_at`), type: "int8" },
    startsAt: { expression: millisOf(db, db`starts_at`), type: "int8" },
    state: { expression: db`state`, type: "text" },
  };
  return columnsOf(order, known, { expression: db`id`, type: "text", isDescending: true });
};

/** One page of them in another order than by when they were first heard of. */
export const readSortedExternalAlerts = async (
  db: Db,
  args: { filter: ExternalAlertFilter; columns: readonly KeysetColumn[]; page: KeysetPage },
): Promise<(ExternalAlertFacts & { readonly place: string })[]> => {
  const { filter, columns: by, page } = args;
  const rows = await db<(FactsRow & { readonly place: string })[]>`
    select ${columns(db)}, ${placeText(db, by)} as place from external_alerts
     where ${conditionsOf(db, filter)} ${pageCondition(db, by, page)} ${pageEnd(db, by, page)}`;
  return inOrder(rows, page).map((row) => ({ ...factsOf(row), place: row.place }));
};

/** At most `limit` alerts next to a place: older ones after it, newer ones before it. Always the newest first. */
export const readExternalAlertPage = async (
  db: Db,
  args: {
    readonly filter: ExternalAlertFilter;
    readonly limit: number;
    readonly after: ExternalAlertPlace | null;
    readonly before: ExternalAlertPlace | null;
  },
): Promise<ExternalAlertFacts[]> => {
  const { filter, limit, after, before } = args;
  const conditions = conditionsOf(db, filter);
  const place = before ?? after;
  const edge = db`(${new Date(place?.firstHeardAt ?? 0)}::timestamptz, ${place?.id ?? ""}::text)`;
  const rows =
    before === null
      ? await db<FactsRow[]>`
          select ${columns(db)} from external_alerts
           where ${conditions} and (${after === null} or (first_heard_at, id) < ${edge})
           order by first_heard_at desc, id desc limit ${limit}`
      : await db<FactsRow[]>`
          select ${columns(db)} from external_alerts
           where ${conditions} and (first_heard_at, id) > ${edge}
           order by first_heard_at, id limit ${limit}`;
  const found = rows.map(factsOf);
  return before === null ? found : found.reverse();
};

/** Episodes that ended long ago. Returns how many went. */
export const deleteExternalAlertsBefore = async (
  db: Db,
  args: { readonly before: EpochMs; readonly limit: number },
): Promise<number> =>
  (
    await db`
      delete from external_alerts where id in (
        select id from external_alerts
         where state = 'resolved' and ends_at < ${new Date(args.before)} order by ends_at limit ${args.limit})`
  ).count;
