import type { Db } from "#db/database.ts";
import type { SliDefinition } from "#lib/core/definitions.ts";
import type { IncidentPolicy } from "#lib/core/incidents/policy.ts";
import { DEFAULT_POLICY } from "#lib/core/incidents/policy.ts";
import type { OutcomeClass } from "#lib/core/outcome.ts";
import { classOfCode } from "#lib/core/outcome.ts";
import type { MeasuredServiceState } from "#lib/core/status/severity.ts";
import type { DurationUs, EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What the engine needs to open and close incidents by itself.

/** The policy of the configuration in force. */
export const readIncidentPolicy = async (db: Db): Promise<IncidentPolicy> => {
  const rows = await db<{ policy: string | null }[]>`
    select (document -> 'incidents')::text as policy from config_versions order by version desc limit 1`;
  const text = rows[0]?.policy ?? null;
  return text === null ? DEFAULT_POLICY : { ...DEFAULT_POLICY, ...(JSON.parse(text) as Partial<IncidentPolicy>) };
};

/** A firing page alert that belongs to no incident and is not suppressed. */
export type LooseAlert = {
  readonly id: string;
  readonly sloId: string | null;
  /** Null: every run counts as its class says. */
  readonly sli: SliDefinition | null;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly measured: MeasuredServiceState;
  readonly firedAt: EpochMs;
  /** Probes that failed when it fired. */
  readonly probeIds: readonly string[];
};

/** The oldest first. Partial indexes of firing alerts. */
export const readLooseAlerts = async (db: Db): Promise<LooseAlert[]> => {
  const rows = await db<
    (Omit<LooseAlert, "firedAt" | "sli" | "measured"> & {
      firedAt: Date;
      sli: string | null;
      measured: MeasuredServiceState | null;
    })[]
  >`
    select a.id, a.slo_id as "sloId", (s.definition -> 'sli')::text as sli, v.id as "serviceId", v.name as "serviceName",
           a.fired_at as "firedAt",
           (select measured from service_states t where t.service_id = v.id order by since desc limit 1) as measured,
           array(select jsonb_array_elements_text(coalesce(a.firing_reading -> 'probes', '[]'))) as "probeIds"
      from alerts a
      left join slos s on s.id = a.slo_id
      join services v on v.id = coalesce(s.service_id, a.service_id)
     where a.state = 'firing' and a.severity = 'page'
       and a.silenced_by = '{}' and a.inhibited_by = '{}' and a.muted_by = '{}'
       and not exists (select 1 from incident_alerts i where i.alert_id = a.id)
     order by a.fired_at, a.id`;
  return rows.map(({ sli, measured, firedAt, ...row }) => ({
    ...row,
    sli: sli === null ? null : (JSON.parse(sli) as SliDefinition),
    measured: measured ?? "unknown",
    firedAt: epochMs(firedAt.getTime()),
  }));
};

/** The open incident or draft of a service: what is published first, then the oldest. */
export const readOpenIncidentOf = async (db: Db, serviceId: string): Promise<string | null> => {
  const rows = await db<{ id: string }[]>`
    select i.id from incidents i join incident_services s on s.incident_id = i.id
     where s.service_id = ${serviceId} and i.status not in ('resolved', 'postmortem')
       and i.discarded_at is null and i.merged_into is null
     order by i.published_at is null, i.started_at, i.id limit 1`;
  return rows[0]?.id ?? null;
};

export type WitnessRun = {
  readonly probeId: string;
  readonly configured: number;
  readonly scheduledAt: EpochMs;
  readonly class: OutcomeClass;
  readonly durationUs: DurationUs;
};

/** Runs of probes since an instant, and from how many locations each probe runs. Ranges of the primary key. */
export const readWitnessRuns = async (
  db: Db,
  { probeIds, from }: { readonly probeIds: readonly string[]; readonly from: EpochMs },
): Promise<WitnessRun[]> => {
  const rows = await db<
    { probe_id: string; configured: number; scheduled_at: Date; class: number; duration_us: number }[]
  >`
    select p.id as probe_id, jsonb_array_length(p.definition -> 'locations') as configured, r.scheduled_at, r.class,
           r.duration_us
      from probes p join runs r on r.probe_no = p.no
     where p.id = any(${[...probeIds]}::text[]) and r.scheduled_at >= ${new Date(from)}`;
  return rows.map((row) => ({
    probeId: row.probe_id,
    configured: row.configured,
    scheduledAt: epochMs(row.scheduled_at.getTime()),
    class: classOfCode(row.class),
    durationUs: row.duration_us as DurationUs,
  }));
};

/** An open incident or draft with alerts, and how they and its services are doing. */
export type WatchedRow = {
  readonly id: string;
  readonly firing: number;
  /** When the newest alert ended; null without any that did. */
  readonly quietSince: EpochMs | null;
  /** Since when all its services are measured as operational; null: one is not. */
  readonly healthySince: EpochMs | null;
  readonly alertIds: readonly string[];
};

/** Open incidents with alerts attached, and how alerts and services of theirs are now. */
export const readWatched = async (db: Db): Promise<WatchedRow[]> => {
  const rows = await db<
    {
      id: string;
      firing: number;
      quiet_since: Date | null;
      well: boolean;
      healthy_since: Date | null;
      alert_ids: string[];
    }[]
  >`
    select i.id, a.firing, a.quiet_since, a.alert_ids, h.well, h.healthy_since
      from incidents i
     cross join lateral (
       select count(*) filter (where t.state = 'firing')::int as firing, max(t.resolved_at) as quiet_since,
              array_agg(t.id order by t.id) as alert_ids
         from incident_alerts k join alerts t on t.id = k.alert_id where k.incident_id = i.id) a
     cross join lateral (
       select bool_and(n.measured = 'operational') as well, max(n.healthy_since) as healthy_since
         from incident_services s
         left join lateral (
           select t.measured,
                  coalesce((select min(w.since) from service_states w
                             where w.service_id = s.service_id and w.measured = 'operational'
                               and w.since > coalesce((select max(b.since) from service_states b
                                                        where b.service_id = s.service_id and b.measured <> 'operational'), '-infinity')),
                           t.since) as healthy_since
             from service_states t where t.service_id = s.service_id order by t.since desc limit 1) n on true
        where s.incident_id = i.id) h
     where i.status not in ('resolved', 'postmortem') and i.discarded_at is null and i.merged_into is null
       and a.alert_ids is not null
     order by i.id`;
  return rows.map((row) => ({
    id: row.id,
    firing: row.firing,
    quietSince: row.firing > 0 || row.quiet_since === null ? null : epochMs(row.quiet_since.getTime()),
    healthySince: row.well && row.healthy_since !== null ? epochMs(row.healthy_since.getTime()) : null,
    alertIds: row.alert_ids,
  }));
};

/** Probes that failed when any of these alerts fired, with the SLI that each is judged by. */
export const readAlertProbes = async (
  db: Db,
  alertIds: readonly string[],
): Promise<{ readonly sli: SliDefinition | null; readonly probeIds: readonly string[] }[]> => {
  const rows = await db<{ sli: string | null; probe_ids: string[] }[]>`
    select (s.definition -> 'sli')::text as sli,
           array(select jsonb_array_elements_text(coalesce(a.firing_reading -> 'probes', '[]'))) as probe_ids
      from alerts a left join slos s on s.id = a.slo_id
     where a.id = any(${[...alertIds]}::text[]) and a.state = 'firing' order by a.id`;
  return rows.map(({ sli, probe_ids }) => ({
    sli: sli === null ? null : (JSON.parse(sli) as SliDefinition),
    probeIds: probe_ids,
  }));
};

/** Published incidents with an update whose time has come, and drafts that are to be published by now. */
export const readDueIncidents = async (db: Db, now: EpochMs): Promise<{ id: string; updateId: string }[]> =>
  db<{ id: string; updateId: string }[]>`
    select u.incident_id as id, u.id as "updateId"
      from incident_updates u join incidents i on i.id = u.incident_id
     where u.published_at is null and u.publish_at <= ${new Date(now)}
       and i.discarded_at is null and i.merged_into is null
     order by u.publish_at, u.id limit 100`;

/** Since when a service is measured as not operational without a break; null: it is operational, or nothing is known. */
export const readBadSince = async (db: Db, serviceId: string, from: EpochMs): Promise<EpochMs | null> => {
  const rows = await db<{ since: Date | null }[]>`
    select min(t.since) as since from service_states t
     where t.service_id = ${serviceId} and t.since >= ${new Date(from)}
       and t.measured in ('degraded_performance', 'partial_outage', 'major_outage')
       and not exists (select 1 from service_states g
                        where g.service_id = t.service_id and g.since > t.since and g.measured in ('operational', 'unknown'))`;
  const since = rows[0]?.since ?? null;
  return since === null ? null : epochMs(since.getTime());
};
