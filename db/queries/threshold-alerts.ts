import type { Db } from "#db/database.ts";
import type { ThresholdAlert } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** A threshold alert in force. */
export type ThresholdRow = { readonly serviceId: string; readonly definition: ThresholdAlert };

/** Of services in force, in the order of the file. */
export const readThresholdAlerts = async (db: Db): Promise<ThresholdRow[]> => {
  const rows = await db<{ id: string; alerts: string }[]>`
    select id, threshold_alerts::text as alerts from services
     where retired_at is null and threshold_alerts <> '[]' order by position, id`;
  return rows.flatMap(({ id, alerts }) =>
    (JSON.parse(alerts) as ThresholdAlert[]).map((definition) => ({ serviceId: id, definition })),
  );
};

/** The newest episode of a threshold. */
export type ThresholdEpisode = {
  readonly id: string;
  readonly sloId: null;
  readonly pairId: string;
  readonly number: number;
  readonly state: "firing" | "resolved";
  readonly hasData: boolean;
  readonly firedAt: EpochMs;
  readonly notify: readonly string[] | null;
};

/** The newest episode of every threshold that ever fired. Unique index alerts_threshold_number. */
export const readThresholdEpisodes = async (db: Db): Promise<ThresholdEpisode[]> => {
  const rows = await db<(Omit<ThresholdEpisode, "firedAt"> & { firedAt: Date })[]>`
    select distinct on (pair_id) id, slo_id as "sloId", pair_id as "pairId", number, state, has_data as "hasData",
           fired_at as "firedAt", notify
      from alerts where slo_id is null order by pair_id, number desc`;
  return rows.map((row) => ({ ...row, firedAt: epochMs(row.firedAt.getTime()) }));
};

/** Opens an episode. False when it, or another firing one of the threshold, exists already. */
export const insertThresholdAlert = async (
  db: Db,
  alert: {
    readonly id: string;
    readonly serviceId: string;
    readonly pairId: string;
    readonly number: number;
    readonly severity: "page" | "ticket";
    readonly firedAt: EpochMs;
    readonly reading: object;
    readonly notify: readonly string[] | null;
  },
): Promise<boolean> => {
  const inserted = await db`
    insert into alerts (id, service_id, pair_id, number, severity, state, fired_at, firing_reading, notify)
    values (${alert.id}, ${alert.serviceId}, ${alert.pairId}, ${alert.number}, ${alert.severity}, 'firing',
            ${new Date(alert.firedAt)}, ${JSON.stringify(alert.reading)}::text::jsonb,
            ${alert.notify === null ? null : [...alert.notify]}::text[])
    on conflict do nothing`;
  return inserted.count === 1;
};

/** Closes a firing episode; without a reading of its own it keeps the one it fired with. False when it does not fire. */
export const resolveThresholdAlert = async (
  db: Db,
  alert: {
    readonly id: string;
    readonly resolvedAt: EpochMs;
    readonly reason: "recovered" | "policy_changed";
    readonly reading: object | null;
  },
): Promise<boolean> => {
  const rows = await db`
    update alerts
       set state = 'resolved', has_data = true, resolve_reason = ${alert.reason}, updated_at = now(),
           resolved_at = greatest(fired_at, ${new Date(alert.resolvedAt)}::timestamptz),
           resolved_reading = coalesce(${alert.reading === null ? null : JSON.stringify(alert.reading)}::text::jsonb, firing_reading)
     where id = ${alert.id} and state = 'firing'
    returning 1`;
  return rows.length === 1;
};

/** Marks a firing alert as judged on data, or as without data. */
export const setThresholdHasData = async (db: Db, id: string, hasData: boolean): Promise<void> => {
  await db`update alerts set has_data = ${hasData}, updated_at = now() where id = ${id} and state = 'firing'`;
};
