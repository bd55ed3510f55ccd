import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

/** What an incident spent of one error budget, as measured last. */
export type IncidentCost = {
  readonly incidentId: string;
  readonly sloId: string;
  readonly serviceId: string;
  /** 1 is the whole budget. */
  readonly share: number;
  /** YYYY-MM for months of the calendar. */
  readonly period: string | null;
  readonly windowDays: number;
};

/** What incidents cost each SLO: shares of its error budget. */
export const readIncidentCosts = (db: Db, incidentIds: readonly string[]): Promise<IncidentCost[]> =>
  db<IncidentCost[]>`
    select incident_id as "incidentId", slo_id as "sloId", service_id as "serviceId", share, period,
           window_days as "windowDays"
      from incident_costs where incident_id = any(${[...incidentIds]}::text[])
     order by incident_id, share desc, slo_id`;

/** Stores costs as they were measured last; a cost of the same incident and SLO is replaced. */
export const writeIncidentCosts = async (db: Db, costs: readonly IncidentCost[], now: EpochMs): Promise<void> => {
  for (const cost of costs) {
    await db`
      insert into incident_costs (incident_id, slo_id, service_id, share, period, window_days, created_at, updated_at)
      values (${cost.incidentId}, ${cost.sloId}, ${cost.serviceId}, ${cost.share}, ${cost.period}, ${cost.windowDays},
              ${new Date(now)}, ${new Date(now)})
      on conflict (incident_id, slo_id) do update
         set share = excluded.share, period = excluded.period, window_days = excluded.window_days,
             updated_at = excluded.updated_at`;
  }
};

/** When an incident was, and what it was about. */
export type CostedIncident = {
  readonly id: string;
  readonly serviceIds: readonly string[];
  readonly startedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
};

/** Published incidents whose cost may change: open ones, those that ended or were changed lately. */
export const readIncidentsToCost = async (
  db: Db,
  args: { readonly endedAfter: EpochMs; readonly changedAfter: EpochMs; readonly limit: number },
): Promise<CostedIncident[]> => {
  const rows = await db<{ id: string; service_ids: string[]; started_at: Date; resolved_at: Date | null }[]>`
    select i.id, i.started_at, i.resolved_at,
           array(select s.service_id from incident_services s where s.incident_id = i.id order by s.service_id) as service_ids
      from incidents i
     where i.published_at is not null and i.discarded_at is null and i.merged_into is null
       and (i.resolved_at is null or i.resolved_at > ${new Date(args.endedAfter)} or i.updated_at > ${new Date(args.changedAfter)})
     order by i.started_at desc, i.id limit ${args.limit}`;
  return rows.map((row) => ({
    id: row.id,
    serviceIds: row.service_ids,
    startedAt: epochMs(row.started_at.getTime()),
    resolvedAt: row.resolved_at === null ? null : epochMs(row.resolved_at.getTime()),
  }));
};
