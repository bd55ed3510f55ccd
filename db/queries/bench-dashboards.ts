import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, HOUR_MS } from "#lib/core/units.ts";

// Rows for `nines bench dashboards`: an organisation of services and SLOs with a past, in a database of its own.

const instant = (at: number): string => new Date(at).toISOString();

/** Services `service-0` … with a probe each, and SLOs `slo-0` … spread over them. `definition` is JSON without ids. */
export const insertOrganisation = async (
  db: Db,
  args: { services: number; slos: number; definition: string; activeFrom: EpochMs },
): Promise<void> => {
  const { services, slos, definition, activeFrom } = args;
  await db`
    insert into services (id, name, position)
    select 'service-' || i, 'Service ' || i, i from generate_series(0, ${services - 1}::int) as i`;
  await db`
    insert into probes (id, service_id, position, version, definition)
    select 'probe-' || i, 'service-' || i, i, 1,
           jsonb_build_object('id', 'probe-' || i, 'kind', 'http', 'url', 'https://service-' || i || '.example',
                              'intervalMs', 30000, 'timeoutMs', 5000, 'locations', jsonb_build_array('local'))
      from generate_series(0, ${services - 1}::int) as i`;
  await db`
    insert into slos (id, service_id, position, version, definition)
    select 'slo-' || i, 'service-' || (i % ${services}::int), i, 1,
           ${definition}::text::jsonb || jsonb_build_object(
             'id', 'slo-' || i, 'probes', jsonb_build_array('probe-' || (i % ${services}::int)),
             'document', jsonb_build_object('owner', 'team-' || (i % 12), 'reviewers', '[]'::jsonb, 'approver', null,
                                            'reviewDate', null, 'rationale', null, 'runbook', null))
      from generate_series(0, ${slos - 1}::int) as i`;
  await db`
    insert into slo_versions (slo_id, version, definition, active_from)
    select id, version, definition, ${instant(activeFrom)}::timestamptz from slos`;
};

/**
 * Hours of two slots a minute for every SLO. On one day in five, one hour at a time of the SLO's own has failures in a
 * dozen of its minutes.
 */
export const insertPast = async (db: Db, args: { from: EpochMs; until: EpochMs }): Promise<void> => {
  const { from, until } = args;
  await db`
    insert into sli_hours (slo_id, version, hour, total, good)
    select s.id, 1, h.hour, array_fill(2, array[60]),
           case when (s.position * 7 + h.day * 3) % 5 = 0 and h.hour_of_day = s.position % 24
                then array_fill(1, array[12]) || array_fill(2, array[48]) end
      from slos s,
           (select ${instant(from)}::timestamptz + make_interval(hours => i) as hour, i / 24 as day, i % 24 as hour_of_day
              from generate_series(0, ${Math.round((until - from) / HOUR_MS) - 1}::int) as i) as h
     order by h.hour, s.id`;
};

/** Packed days as the engine packs them; those that are not named stay unpacked. */
export const packPast = async (
  db: Db,
  days: readonly { readonly slo: number; readonly dayAt: EpochMs; readonly counts: Uint8Array }[],
): Promise<void> => {
  const column = (values: readonly (string | number)[]): string => `{${values.join(",")}}`;
  await db`
    update sli_days set counts = decode(d.counts, 'hex')
      from unnest(${column(days.map((day) => day.slo))}::text::int4[],
                  ${column(days.map((day) => `"${instant(day.dayAt)}"`))}::text::timestamptz[],
                  ${column(days.map((day) => Buffer.from(day.counts).toString("hex")))}::text::text[]) as d (slo, day, counts)
     where sli_days.slo_id = 'slo-' || d.slo and sli_days.version = 1 and sli_days.day = d.day`;
};

/** Four past alerts of every SLO, one that fires on every tenth; an incident a day; an exclusion of every fifth service. */
export const insertEvents = async (db: Db, args: { now: EpochMs; days: number; reading: string }): Promise<void> => {
  const { now, days, reading } = args;
  await db`
    insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, resolved_at, resolve_reason, firing_reading)
    select 'alt_' || s.position || '_' || n, s.id, 'page_1h_5m', n, 'page',
           case when n = 5 then 'firing' else 'resolved' end,
           ${instant(now)}::timestamptz - make_interval(days => 6 * (5 - n), mins => 30),
           case when n < 5 then ${instant(now)}::timestamptz - make_interval(days => 6 * (5 - n)) end,
           case when n < 5 then 'recovered' end, ${reading}::text::jsonb
      from slos s, generate_series(1, 5) as n where n < 5 or s.position % 10 = 0`;
  await db`
    insert into incidents (id, name, status, impact, started_at, resolved_at)
    select 'inc_' || i, 'Incident ' || i, 'resolved', 'major', ${instant(now - DAY_MS)}::timestamptz - make_interval(days => i),
           ${instant(now - DAY_MS + HOUR_MS)}::timestamptz - make_interval(days => i)
      from generate_series(0, ${days - 1}::int) as i`;
  await db`
    insert into incident_services (incident_id, service_id)
    select 'inc_' || i, 'service-' || j from generate_series(0, ${days - 1}::int) as i, generate_series(0, 19) as j`;
  await db`
    insert into exclusions (id, service_id, kind, starts_at, ends_at, reason, author)
    select 'exc_' || position, id, 'announced', ${instant(now - 3 * DAY_MS)}, ${instant(now - 3 * DAY_MS + HOUR_MS)},
           'moving house', 'Ada'
      from services where position % 5 = 0`;
};

/** Counts rows as the planner sees them, so that it plans as on a database that has been running for a while. */
export const analyseDashboards = async (db: Db): Promise<void> => {
  await db`analyze`;
};

/** How often each table was read whole and by an index since the statistics began. */
export const readIndexUse = async (
  db: Db,
): Promise<
  readonly { readonly table: string; readonly seqScans: number; readonly indexScans: number; readonly rows: number }[]
> => {
  const rows = await db<{ table: string; seq: number; idx: number; rows: number }[]>`
    select relname as table, coalesce(seq_scan, 0)::float8 as seq, coalesce(idx_scan, 0)::float8 as idx,
           n_live_tup::float8 as rows
      from pg_stat_user_tables where relname ~ '^(runs|sli_|slo|alerts|exclusions|incident|services|probes|sessions|users)'
     order by relname`;
  return rows.map(({ table, seq, idx, rows: count }) => ({ table, seqScans: seq, indexScans: idx, rows: count }));
};
