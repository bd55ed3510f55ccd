import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What `/v1` and dashboards list beside the configuration: alerts by time, and the newest reading of each SLO.

export type AlertRow = {
  readonly id: string;
  readonly sloId: string;
  readonly serviceId: string;
  readonly pairId: string;
  readonly number: number;
  readonly severity: "page" | "ticket";
  readonly state: "firing" | "resolved";
  readonly hasData: boolean;
  readonly firedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
  readonly resolveReason: "recovered" | "no_data" | "excluded" | "policy_changed" | null;
  /** JSON text: `resolved_reading` of a resolved alert, else `firing_reading`. */
  readonly reading: string;
  readonly updatedAt: EpochMs;
};

type RawAlertRow = Omit<AlertRow, "firedAt" | "resolvedAt" | "updatedAt"> & {
  readonly firedAt: Date;
  readonly resolvedAt: Date | null;
  readonly updatedAt: Date;
};

const alertRow = (row: RawAlertRow): AlertRow => ({
  ...row,
  firedAt: epochMs(row.firedAt.getTime()),
  resolvedAt: row.resolvedAt === null ? null : epochMs(row.resolvedAt.getTime()),
  updatedAt: epochMs(row.updatedAt.getTime()),
});

const alertColumns = (db: Db) => db`
  a.id, a.slo_id as "sloId", s.service_id as "serviceId", a.pair_id as "pairId", a.number, a.severity, a.state,
  a.has_data as "hasData", a.fired_at as "firedAt", a.resolved_at as "resolvedAt", a.resolve_reason as "resolveReason",
  coalesce(a.resolved_reading, a.firing_reading)::text as reading, a.updated_at as "updatedAt"`;

export type AlertFilter = {
  readonly state: "firing" | "resolved" | null;
  readonly severity: "page" | "ticket" | null;
  readonly sloId: string | null;
  readonly serviceId: string | null;
};

/** A place in the list: alerts are ordered by firing time and id, the newest first. */
export type AlertPlace = { readonly firedAt: EpochMs; readonly id: string };

/** At most `limit` alerts next to a place: older ones after it, newer ones before it. Always the newest first. */
export const readAlertPage = async (
  db: Db,
  args: { filter: AlertFilter; limit: number; after: AlertPlace | null; before: AlertPlace | null },
): Promise<AlertRow[]> => {
  const { filter, limit, after, before } = args;
  const conditions = db`
        (${filter.state}::text is null or a.state = ${filter.state}::text)
    and (${filter.severity}::text is null or a.severity = ${filter.severity}::text)
    and (${filter.sloId}::text is null or a.slo_id = ${filter.sloId}::text)
    and (${filter.serviceId}::text is null or s.service_id = ${filter.serviceId}::text)`;
  const rows =
    before === null
      ? await db<RawAlertRow[]>`
          select ${alertColumns(db)} from alerts a join slos s on s.id = a.slo_id
           where ${conditions}
             and (${after === null} or (a.fired_at, a.id) < (${new Date(after?.firedAt ?? 0)}::timestamptz, ${after?.id ?? ""}::text))
           order by a.fired_at desc, a.id desc limit ${limit}`
      : await db<RawAlertRow[]>`
          select ${alertColumns(db)} from alerts a join slos s on s.id = a.slo_id
           where ${conditions} and (a.fired_at, a.id) > (${new Date(before.firedAt)}::timestamptz, ${before.id}::text)
           order by a.fired_at, a.id limit ${limit}`;
  const found = rows.map(alertRow);
  return before === null ? found : found.reverse();
};

/** One alert; null when there is none of this id. */
export const readAlert = async (db: Db, id: string): Promise<AlertRow | null> => {
  const rows = await db<RawAlertRow[]>`
    select ${alertColumns(db)} from alerts a join slos s on s.id = a.slo_id where a.id = ${id}`;
  return rows[0] === undefined ? null : alertRow(rows[0]);
};

export type SloReadingRow = {
  readonly sloId: string;
  readonly version: number;
  /** JSON text of `Reading` in lib/core/slo. */
  readonly reading: string;
  /** Start of the newest minute that was seen. */
  readonly throughMinute: EpochMs;
};

/** The newest reading of each of these SLOs that was evaluated already. */
export const readNewestReadings = async (db: Db, sloIds: readonly string[]): Promise<SloReadingRow[]> => {
  const rows = await db<{ sloId: string; version: number; reading: string; throughMinute: Date }[]>`
    select slo_id as "sloId", version, reading::text as reading, through_minute as "throughMinute"
      from slo_readings where slo_id = any(${[...sloIds]}::text[])`;
  return rows.map((row) => ({ ...row, throughMinute: epochMs(row.throughMinute.getTime()) }));
};

/** Ids of firing alerts by SLO, pages first. */
export const readFiringAlertIds = async (
  db: Db,
  sloIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const rows = await db<{ sloId: string; ids: string[] }[]>`
    select slo_id as "sloId", array_agg(id order by severity, fired_at, id) as ids
      from alerts where state = 'firing' and slo_id = any(${[...sloIds]}::text[]) group by slo_id`;
  return new Map(rows.map((row) => [row.sloId, row.ids]));
};
