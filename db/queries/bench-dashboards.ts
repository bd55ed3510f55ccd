import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, HOUR_MS } from "#lib/core/units.ts";

// Rows for `nines bench dashboards`: an organisation of services and SLOs with a past, in a database of its own.

const instant = (at: number): string => new Date(at).toISOString();

/** Lets the definitions of SLOs count from `activeFrom` on. */
export const backdateSlos = async (db: Db, activeFrom: EpochMs): Promise<void> => {
  await db`update slo_versions set active_from = ${instant(activeFrom)}`;
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
           case when (s.n * 7 + h.day * 3) % 5 = 0 and h.hour_of_day = s.n % 24
                then array_fill(1, array[12]) || array_fill(2, array[48]) end
      from (select id, substr(id, 5)::int as n from slos) as s,
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

/**
 * Four past alerts of every SLO, one that fires on every tenth; an incident of three services a
 * day; an exclusion of every fifth service.
 */
export const insertEvents = async (
  db: Db,
  args: { now: EpochMs; days: number; affected: number; reading: string },
): Promise<void> => {
  const { now, days, reading } = args;
  await db`
    insert into alerts (id, slo_id, pair_id, number, severity, state, fired_at, resolved_at, resolve_reason, firing_reading)
    select 'alt_' || s.number || '_' || n, s.id, 'page_1h_5m', n, 'page',
           case when n = 5 then 'firing' else 'resolved' end,
           ${instant(now)}::timestamptz - make_interval(days => 6 * (5 - n), mins => 30),
           case when n < 5 then ${instant(now)}::timestamptz - make_interval(days => 6 * (5 - n)) end,
           case when n < 5 then 'recovered' end, ${reading}::text::jsonb
      from (select id, substr(id, 5)::int as number from slos) as s, generate_series(1, 5) as n
      where n < 5 or s.number % 10 = 0`;
  await db`
    insert into incidents (id, name, status, impact, started_at, resolved_at)
    select 'inc_' || i, 'Incident ' || i, 'resolved', 'major', ${instant(now - DAY_MS)}::timestamptz - make_interval(days => i),
           ${instant(now - DAY_MS + HOUR_MS)}::timestamptz - make_interval(days => i)
      from generate_series(0, ${days - 1}::int) as i`;
  await db`
    insert into incident_services (incident_id, service_id)
    select distinct 'inc_' || i, 'service-' || (i * 3 + j) % ${args.affected}::int
      from generate_series(0, ${days - 1}::int) as i, generate_series(0, 2) as j`;
  await db`
    insert into exclusions (id, service_id, kind, starts_at, ends_at, reason, author)
    select 'exc_' || substr(id, 9), id, 'announced', ${instant(now - 3 * DAY_MS)}, ${instant(now - 3 * DAY_MS + HOUR_MS)},
           'moving house', 'Ada'
      from services where substr(id, 9)::int % 5 = 0`;
};

/** Counts rows as the planner sees them, so that it plans as on a database that has been running for a while. */
export const analyseDashboards = async (db: Db): Promise<void> => {
  await db`analyze`;
};

/** Does nothing but say `text` in the log of a server whose sessions explain what they run. */
export const markLog = async (db: Db, text: string): Promise<void> => {
  // eslint-disable-next-line no-restricted-syntax -- the text must stand in the statement, and is made of letters and digits
  await db.unsafe(`select '${text.replaceAll(/[^\w ]/g, "")}'`);
};

/** How many raw runs there are, as the last `analyse` counted them. */
export const countRawRuns = async (db: Db): Promise<number> => {
  const rows = await db<{ runs: number }[]>`
    select coalesce(sum(greatest(reltuples, 0)), 0)::float8 as runs
      from pg_class c join pg_inherits i on i.inhrelid = c.oid where i.inhparent = to_regclass('runs')`;
  return rows[0]?.runs ?? 0;
};
