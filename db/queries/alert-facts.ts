import type { Db } from "#db/database.ts";
import type { AlertFacts } from "#lib/contracts/alert-resource.ts";
import { AlertReading, ThresholdReading } from "#lib/contracts/alerts.ts";
import type { SORT_FIELDS } from "#lib/contracts/operations/list-operation.ts";
import { instantText } from "#lib/contracts/values.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { KeysetColumn, KeysetPage, ListOrder, SortColumns } from "./keyset.ts";
import { columnsOf, containing, inOrder, millisOf, pageCondition, pageEnd, placeText } from "./keyset.ts";

// Alerts with everything that explains them: what `/v1/alerts` lists and what events carry come from the same rows.

type FactsRow = {
  readonly id: string;
  readonly sloId: string | null;
  readonly serviceId: string;
  readonly pair: string;
  readonly number: number;
  readonly severity: "page" | "ticket";
  readonly state: "firing" | "resolved";
  readonly hasData: boolean;
  readonly firedAt: Date;
  readonly resolvedAt: Date | null;
  readonly resolveReason: AlertFacts["resolveReason"];
  readonly reading: string;
  readonly silencedBy: string[];
  readonly inhibitedBy: string[];
  readonly mutedBy: string[];
  readonly runbook: string | null;
  readonly pageUrl: string | null;
  readonly ackId: string | null;
  readonly ackAuthor: string | null;
  readonly ackNote: string | null;
  readonly ackAt: Date | null;
  readonly ackExpiresAt: Date | null;
};

const acknowledgementOf = (row: FactsRow): AlertFacts["acknowledgement"] =>
  row.ackId === null || row.ackAt === null
    ? null
    : {
        id: row.ackId,
        author: row.ackAuthor,
        note: row.ackNote,
        acknowledgedAt: instantText(row.ackAt.getTime()),
        expiresAt: row.ackExpiresAt === null ? null : instantText(row.ackExpiresAt.getTime()),
      };

/** Readings are written by the engine only; parsing them strictly shows at once when two releases disagree. */
const causeOf = ({ sloId, reading }: FactsRow): AlertFacts["cause"] =>
  sloId === null
    ? { kind: "threshold", reading: ThresholdReading.parse(JSON.parse(reading)) }
    : { kind: "burn_rate", sloId, reading: AlertReading.parse(JSON.parse(reading)) };

const factsOf = (row: FactsRow): AlertFacts => ({
  id: row.id,
  serviceId: row.serviceId,
  pair: row.pair,
  number: row.number,
  severity: row.severity,
  state: row.state,
  hasData: row.hasData,
  firedAtMs: row.firedAt.getTime(),
  resolvedAtMs: row.resolvedAt?.getTime() ?? null,
  resolveReason: row.resolveReason,
  silencedBy: row.silencedBy,
  inhibitedBy: row.inhibitedBy,
  mutedBy: row.mutedBy,
  acknowledgement: acknowledgementOf(row),
  pageUrl: row.pageUrl,
  runbook: row.runbook,
  cause: causeOf(row),
});

const factsFrom = (db: Db, more = db``) => db`
  select ${more} a.id, a.slo_id as "sloId", coalesce(s.service_id, a.service_id) as "serviceId", a.pair_id as pair, a.number,
         a.severity, a.state, a.has_data as "hasData", a.fired_at as "firedAt", a.resolved_at as "resolvedAt",
         a.resolve_reason as "resolveReason", coalesce(a.resolved_reading, a.firing_reading)::text as reading,
         a.silenced_by as "silencedBy", a.inhibited_by as "inhibitedBy", a.muted_by as "mutedBy",
         s.definition -> 'document' ->> 'runbook' as runbook,
         (select document -> 'page' ->> 'url' from config_versions order by version desc limit 1) as "pageUrl",
         k.id as "ackId", k.author as "ackAuthor", k.note as "ackNote", k.created_at as "ackAt", k.expires_at as "ackExpiresAt"
    from alerts a
    left join slos s on s.id = a.slo_id
    left join acknowledgements k on k.alert_id = a.id and k.ended_at is null`;

/** One alert; null when there is none of this id. */
export const readAlert = async (db: Db, id: string): Promise<AlertFacts | null> => {
  const rows = await db<FactsRow[]>`${factsFrom(db)} where a.id = ${id}`;
  return rows[0] === undefined ? null : factsOf(rows[0]);
};

/** Those of these alerts that there are, the oldest first. */
export const readAlerts = async (db: Db, ids: readonly string[]): Promise<AlertFacts[]> => {
  if (ids.length === 0) return [];
  const rows = await db<FactsRow[]>`
    ${factsFrom(db)} where a.id = any(${[...ids]}::text[]) order by a.fired_at, a.id`;
  return rows.map(factsOf);
};

export type AlertFilter = {
  readonly state: "firing" | "resolved" | null;
  readonly severity: "page" | "ticket" | null;
  readonly sloId: string | null;
  readonly serviceId: string | null;
  readonly q?: string | null;
  readonly createdAfter?: EpochMs | null;
  /** Only those that ended later. Partial index. */
  readonly endedAfter?: EpochMs;
};

/** A place in the list: alerts are ordered by firing time and id, the newest first. */
export type AlertPlace = { readonly firedAt: EpochMs; readonly id: string };

const conditionsOf = (db: Db, filter: AlertFilter) => {
  const { q = null, createdAfter = null, endedAfter } = filter;
  const pattern = containing(q ?? "");
  return db`
        (${filter.state}::text is null or a.state = ${filter.state}::text)
    and (${filter.severity}::text is null or a.severity = ${filter.severity}::text)
    and (${filter.sloId}::text is null or a.slo_id = ${filter.sloId}::text)
    and (${filter.serviceId}::text is null or coalesce(s.service_id, a.service_id) = ${filter.serviceId}::text)
    ${endedAfter === undefined ? db`` : db`and a.state = 'resolved' and a.resolved_at > ${new Date(endedAfter)}`}
    and (${createdAfter === null} or a.fired_at > ${new Date(createdAfter ?? 0)}::timestamptz)
    and (${q === null} or lower(a.id) like ${pattern} or lower(a.slo_id) like ${pattern} or lower(a.pair_id) like ${pattern}
         or lower(coalesce(s.service_id, a.service_id)) like ${pattern})`;
};

/** What alerts can be ordered by; the id makes every place one alert's own. Firing has an index, the others sort the alerts that match. */
export const alertColumns = (db: Db, order: ListOrder): KeysetColumn[] => {
  const firedAt = { expression: millisOf(db, db`a.fired_at`), type: "int8" as const };
  const known: SortColumns<(typeof SORT_FIELDS)["alerts"][number]> = {
    firedAt,
    createdAt: firedAt,
    severity: { expression: db`a.severity`, type: "text" },
    state: { expression: db`a.state`, type: "text" },
    serviceId: { expression: db`coalesce(s.service_id, a.service_id)`, type: "text" },
  };
  return columnsOf(order, known, { expression: db`a.id`, type: "text", isDescending: true });
};

/** One page of the alerts in another order than by the instant that they fired at. */
export const readSortedAlerts = async (
  db: Db,
  { filter, columns, page }: { filter: AlertFilter; columns: readonly KeysetColumn[]; page: KeysetPage },
): Promise<(AlertFacts & { readonly place: string })[]> => {
  const rows = await db<(FactsRow & { readonly place: string })[]>`
    ${factsFrom(db, db`${placeText(db, columns)} as place,`)}
     where ${conditionsOf(db, filter)} ${pageCondition(db, columns, page)}
     ${pageEnd(db, columns, page)}`;
  return inOrder(rows, page).map((row) => ({ ...factsOf(row), place: row.place }));
};

/** At most `limit` alerts next to a place: older ones after it, newer ones before it. Always the newest first. */
export const readAlertPage = async (
  db: Db,
  args: { filter: AlertFilter; limit: number; after: AlertPlace | null; before: AlertPlace | null },
): Promise<AlertFacts[]> => {
  const { filter, limit, after, before } = args;
  const conditions = conditionsOf(db, filter);
  const rows =
    before === null
      ? await db<FactsRow[]>`
          ${factsFrom(db)}
           where ${conditions}
             and (${after === null} or (a.fired_at, a.id) < (${new Date(after?.firedAt ?? 0)}::timestamptz, ${after?.id ?? ""}::text))
           order by a.fired_at desc, a.id desc limit ${limit}`
      : await db<FactsRow[]>`
          ${factsFrom(db)}
           where ${conditions} and (a.fired_at, a.id) > (${new Date(before.firedAt)}::timestamptz, ${before.id}::text)
           order by a.fired_at, a.id limit ${limit}`;
  const found = rows.map(factsOf);
  return before === null ? found : found.reverse();
};
