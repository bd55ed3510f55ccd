import type { Db } from "#db/database.ts";
import type { MeasuredServiceState } from "#lib/core/status/severity.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs, MINUTE_MS } from "#lib/core/units.ts";

// What was measured and done while an incident lasted: the raw material of its post-mortem.

type Span = { readonly from: EpochMs; readonly until: EpochMs };

/** Codes of classes that count as failures. */
const badClasses = (db: Db) => db`class = any(array(select code from outcome_classes where vote = 'bad'))`;

/** Whole closed minutes within [from, until], as [begins, ends); empty when there is none. */
const closedMinutes = ({ from, until, closedUntil }: Span & { readonly closedUntil: EpochMs }): [EpochMs, EpochMs] => {
  const begins = epochMs(Math.ceil(from / MINUTE_MS) * MINUTE_MS);
  const ends = epochMs(Math.floor(Math.min(until, closedUntil) / MINUTE_MS) * MINUTE_MS);
  return [begins, epochMs(Math.max(begins, ends))];
};

/**
 * The first and the last failed run of the probes of services in [from, until]; one row a service that had any. Closed minutes
 * are counted by their buckets, which are ranges of the primary key; runs are read by theirs, in the first and the last of those
 * minutes and in what no bucket covers: the ends of the span, and minutes that are not closed.
 */
export const readFailedRuns = async (
  db: Db,
  { serviceIds, ...span }: Span & { readonly serviceIds: readonly string[]; readonly closedUntil: EpochMs },
): Promise<{ serviceId: string; first: EpochMs; last: EpochMs; count: number }[]> => {
  const [begins, ends] = closedMinutes(span).map((at) => new Date(at)) as [Date, Date];
  const [from, until] = [new Date(span.from), new Date(span.until)];
  const minute = db`interval '1 minute'`;
  const ofPair = (pair: string) => db`probe_no = ${db(pair)}.probe_no and location_no = ${db(pair)}.location_no`;
  const rows = await db<{ service_id: string; first: Date; last: Date; count: number }[]>`
    with pairs as materialized (
      select p.service_id, f.probe_no, f.location_no from probes p join first_runs f on f.probe_no = p.no
       where p.service_id = any(${[...serviceIds]}::text[])),
    minutes as materialized (
      select s.*, b.* from pairs s cross join lateral (
        select sum(bad) as count, min(minute) filter (where bad > 0) as first, max(minute) filter (where bad > 0) as last
          from buckets where ${ofPair("s")} and minute >= ${begins} and minute < ${ends}) b
       where b.count > 0),
    found as (
      select m.service_id, m.count,
             coalesce((select min(scheduled_at) from runs where ${ofPair("m")} and scheduled_at >= m.first
                          and scheduled_at < m.first + ${minute} and ${badClasses(db)}), m.first) as first,
             coalesce((select max(scheduled_at) from runs where ${ofPair("m")} and scheduled_at >= m.last
                          and scheduled_at < m.last + ${minute} and ${badClasses(db)}), m.last) as last
        from minutes m
      union all
      select s.service_id, r.count, r.first, r.last
        from pairs s
       cross join (values (${from}::timestamptz, least(${begins}::timestamptz, ${until}::timestamptz + interval '1 millisecond')),
                          (${ends}::timestamptz, ${until}::timestamptz + interval '1 millisecond')) as rest (from_at, until_at)
       cross join lateral (
         select count(*) as count, min(scheduled_at) as first, max(scheduled_at) as last from runs
          where ${ofPair("s")} and scheduled_at >= rest.from_at and scheduled_at < rest.until_at and ${badClasses(db)}) r
       where r.count > 0)
    select service_id, min(first) as first, max(last) as last, sum(count)::int as count
      from found group by service_id order by min(first), service_id`;
  return rows.map((row) => ({
    serviceId: row.service_id,
    first: epochMs(row.first.getTime()),
    last: epochMs(row.last.getTime()),
    count: row.count,
  }));
};

/** Changes of what was measured in [from, until], the oldest first. Ranges of the primary key, from the state before on. */
export const readMeasuredChanges = async (
  db: Db,
  { serviceIds, from, until }: Span & { readonly serviceIds: readonly string[] },
): Promise<{ serviceId: string; at: EpochMs; measured: MeasuredServiceState }[]> => {
  const rows = await db<{ service_id: string; since: Date; measured: MeasuredServiceState }[]>`
    select service_id, since, measured
      from (select w.id as service_id, s.since, s.measured, lag(s.measured) over (partition by w.id order by s.since) as before
              from unnest(${[...serviceIds]}::text[]) as w (id)
             cross join lateral (
               (select since, measured from service_states
                 where service_id = w.id and since < ${new Date(from)} order by since desc limit 1)
               union all
               (select since, measured from service_states
                 where service_id = w.id and since >= ${new Date(from)} and since <= ${new Date(until)})) s) as t
     where measured is distinct from before and since >= ${new Date(from)}
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
