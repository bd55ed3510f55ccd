import type { Db } from "#db/database.ts";
import type { MeasuredServiceState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What was measured and done while an incident lasted: the raw material of its post-mortem.

type Span = { readonly from: EpochMs; readonly until: EpochMs };

/** The first and the last failed run of the probes of services in [from, until]; one row a service that had any. */
export const readFailedRuns = async (
  db: Db,
  { serviceIds, from, until }: Span & { readonly serviceIds: readonly string[] },
): Promise<{ serviceId: string; first: EpochMs; last: EpochMs; count: number }[]> => {
  const rows = await db<{ service_id: string; first: Date; last: Date; count: number }[]>`
    select p.service_id, min(r.scheduled_at) as first, max(r.scheduled_at) as last, count(*)::int as count
      from probes p join runs r on r.probe_no = p.no join outcome_classes c on c.code = r.class
     where p.service_id = any(${[...serviceIds]}::text[]) and c.vote = 'bad'
       and r.scheduled_at >= ${new Date(from)} and r.scheduled_at <= ${new Date(until)}
     group by p.service_id order by min(r.scheduled_at), p.service_id`;
  return rows.map((row) => ({
    serviceId: row.service_id,
    first: epochMs(row.first.getTime()),
    last: epochMs(row.last.getTime()),
    count: row.count,
  }));
};

/** Changes of what was measured in [from, until], the oldest first. */
export const readMeasuredChanges = async (
  db: Db,
  { serviceIds, from, until }: Span & { readonly serviceIds: readonly string[] },
): Promise<{ serviceId: string; at: EpochMs; measured: MeasuredServiceState }[]> => {
  const rows = await db<{ service_id: string; since: Date; measured: MeasuredServiceState }[]>`
    select service_id, since, measured
      from (select service_id, since, measured, lag(measured) over (partition by service_id order by since) as before
              from service_states where service_id = any(${[...serviceIds]}::text[])) s
     where measured is distinct from before and since >= ${new Date(from)} and since <= ${new Date(until)}
     order by since, service_id`;
  return rows.map((row) => ({ serviceId: row.service_id, at: epochMs(row.since.getTime()), measured: row.measured }));
};

export type IncidentAlert = {
  readonly id: string;
  readonly sloId: string | null;
  readonly pair: string;
  readonly firedAt: EpochMs;
  readonly resolvedAt: EpochMs | null;
  /** The first acknowledgement, also one that ended since. */
  readonly acknowledgedAt: EpochMs | null;
};

/** The alerts of an incident, the oldest first. */
export const readIncidentAlerts = async (db: Db, incidentId: string): Promise<IncidentAlert[]> => {
  const rows = await db<
    {
      id: string;
      sloId: string | null;
      pair: string;
      fired_at: Date;
      resolved_at: Date | null;
      acknowledged_at: Date | null;
    }[]
  >`
    select a.id, a.slo_id as "sloId", a.pair_id as pair, a.fired_at, a.resolved_at,
           (select min(k.created_at) from acknowledgements k where k.alert_id = a.id) as acknowledged_at
      from incident_alerts i join alerts a on a.id = i.alert_id
     where i.incident_id = ${incidentId} order by a.fired_at, a.id`;
  return rows.map(({ fired_at, resolved_at, acknowledged_at, ...row }) => ({
    ...row,
    firedAt: epochMs(fired_at.getTime()),
    resolvedAt: resolved_at === null ? null : epochMs(resolved_at.getTime()),
    acknowledgedAt: acknowledged_at === null ? null : epochMs(acknowledged_at.getTime()),
  }));
};
