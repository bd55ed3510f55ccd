import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, HOUR_MS } from "#lib/core/units.ts";

// Raw runs and what is rolled up from them for `nines bench dashboards`, in a database of its own.

const instant = (at: number): string => new Date(at).toISOString();

/** A span of UTC days; `day` numbers the first one from the beginning of the past. */
type RunSpan = { readonly from: EpochMs; readonly until: EpochMs; readonly day: number };

/** Says from where each probe runs since when, and names the parts of journeys. */
export const insertFirstRuns = async (db: Db, from: EpochMs): Promise<void> => {
  await db`
    insert into first_runs (probe_no, location_no, first_scheduled_at)
    select p.no, l.no, ${instant(from)} from probes p
      join locations l on l.id in (select jsonb_array_elements_text(p.definition->'locations'))`;
  await db`
    insert into probe_parts (probe_no, key, name)
    select p.no, step->>'id', step->>'id' from probes p, jsonb_array_elements(p.definition->'steps') as step
     where p.definition->>'type' = 'journey'`;
};

/**
 * All runs of a span in the order of time, within one UTC day; intervals are multiples of ten seconds. On one day in five a probe fails for six minutes, in an hour
 * of its own. Durations are 20 to 85 ms, the same in every bench.
 */
export const insertRuns = async (db: Db, { from, until, day }: RunSpan): Promise<void> => {
  await db`
    insert into runs (scheduled_at, ingested_at, probe_no, duration_us, dns_us, connect_us, tls_us, first_byte_us,
                      transfer_us, bytes_read, location_no, class, http_status, is_late, detail, start_delay_ms)
    select at, at + interval '2 seconds', probe_no, duration_us, 900, 2100, 4200, duration_us - 7900, 700, 5120, location_no,
           case when is_bad then 10 else 0 end, case when is_bad then 503 else 200 end, false,
           case when is_bad then 'status 503' end, 1
      from (select f.probe_no, f.location_no, s.at,
                   20000 + (hashint8(s.second * 977 + f.probe_no * 31 + f.location_no) & 65535) as duration_us,
                   (f.probe_no * 7 + ${day}::int * 3) % 5 = 0 and s.second % 86400 / 3600 = f.probe_no % 24
                     and s.second % 3600 < 360 as is_bad
              from (select at, extract(epoch from at)::int8 as second
                      from generate_series(${instant(from)}::timestamptz, ${instant(until - 1)}::timestamptz, interval '10 seconds') as at) as s
             cross join (select f.probe_no, f.location_no, (p.definition->>'intervalMs')::int8 / 1000 as seconds
                           from first_runs f join probes p on p.no = f.probe_no) as f
             where s.second % f.seconds = 0) as r`;
};

/** What the runs of a span saw of the parts of journeys: each run walks all steps. */
export const insertPartRuns = async (db: Db, { from, until }: RunSpan): Promise<void> => {
  await db`
    insert into part_runs (scheduled_at, part_no, duration_us, location_no, class, http_status)
    select r.scheduled_at, part.no, r.duration_us / 3, r.location_no, r.class, r.http_status
      from probe_parts part join first_runs f on f.probe_no = part.probe_no
      join runs r on r.probe_no = part.probe_no and r.location_no = f.location_no
     where r.scheduled_at >= ${instant(from)} and r.scheduled_at < ${instant(until)}
     order by r.scheduled_at`;
};

/** One more look at each target that had failed. */
export const insertTries = async (db: Db, { from, until }: RunSpan): Promise<void> => {
  await db`
    insert into run_tries (scheduled_at, started_at, ingested_at, probe_no, duration_us, bytes_read, location_no, number, class, detail)
    select scheduled_at, scheduled_at + interval '1 second', ingested_at, probe_no, duration_us, 0, location_no, 2, class, detail
      from runs where class = 10 and scheduled_at >= ${instant(from)} and scheduled_at < ${instant(until)}`;
};

/** Histograms as `lib/core/histogram.ts` writes them, in hexadecimal; a row takes one of them by turns. */
type HistogramTexts = { readonly minute: readonly string[]; readonly hour: readonly string[] };

const texts = (list: readonly string[]): string => `{${list.join(",")}}`;

/** Minutes of a span from its runs; those of probes quicker than 30 s carry a histogram. */
export const insertMinutes = async (db: Db, { from, until }: RunSpan, { minute }: HistogramTexts): Promise<void> => {
  await db`
    insert into buckets (minute, rolled_up_at, duration_sum_us, probe_no, expected, total, good, bad, unvoted, location_no,
                         bytes_read, status_2xx, status_5xx, by_class, histogram)
    select m.minute, m.minute + interval '70 seconds', m.duration_sum_us, m.probe_no, m.total, m.total, m.good,
           m.total - m.good, 0, m.location_no, m.bytes_read, m.good, m.total - m.good,
           case when m.good < m.total then jsonb_build_object('bad_status', m.total - m.good) end,
           case when m.good > 2 then
             decode((${texts(minute)}::text::text[])[1 + (m.probe_no + extract(minute from m.minute)::int) % ${minute.length}::int], 'hex') end
      from (select date_trunc('minute', scheduled_at, 'UTC') as minute, probe_no, location_no, count(*)::int as total,
                   (count(*) filter (where class = 0))::int as good, sum(bytes_read) as bytes_read,
                   coalesce(sum(duration_us) filter (where class = 0), 0) as duration_sum_us
              from runs where scheduled_at >= ${instant(from)} and scheduled_at < ${instant(until)}
             group by 1, 2, 3) as m`;
};

/** Hours of a span from its minutes. */
export const insertHours = async (db: Db, { from, until }: RunSpan, { hour }: HistogramTexts): Promise<void> => {
  await db`
    insert into buckets_hourly (hour, duration_sum_us, bytes_read, probe_no, expected, total, good, bad, unvoted, status_2xx,
                                status_3xx, status_4xx, status_5xx, status_401_403, status_429, location_no, by_class, histogram)
    select h.hour, h.duration_sum_us, h.bytes_read, h.probe_no, h.expected, h.total, h.good, h.bad, 0, h.good, 0, 0, h.bad, 0, 0,
           h.location_no, case when h.bad > 0 then jsonb_build_object('bad_status', h.bad) end,
           decode((${texts(hour)}::text::text[])[1 + (h.probe_no + extract(hour from h.hour)::int) % ${hour.length}::int], 'hex')
      from (select date_trunc('hour', minute, 'UTC') as hour, probe_no, location_no, sum(duration_sum_us) as duration_sum_us,
                   sum(bytes_read) as bytes_read, sum(expected) as expected, sum(total) as total, sum(good) as good, sum(bad) as bad
              from buckets where minute >= ${instant(from)} and minute < ${instant(until)} group by 1, 2, 3) as h
     order by h.hour, h.probe_no`;
};

/** Whole days from their hours. */
export const insertDays = async (db: Db, { from, until }: RunSpan, { hour }: HistogramTexts): Promise<void> => {
  await db`
    insert into buckets_daily (day, duration_sum_us, bytes_read, probe_no, expected, total, good, bad, unvoted, status_2xx,
                               status_3xx, status_4xx, status_5xx, status_401_403, status_429, location_no, by_class, histogram)
    select date_trunc('day', hour, 'UTC'), sum(duration_sum_us), sum(bytes_read), probe_no, sum(expected), sum(total), sum(good),
           sum(bad), 0, sum(good), 0, 0, sum(bad), 0, 0, location_no,
           case when sum(bad) > 0 then jsonb_build_object('bad_status', sum(bad)) end,
           decode((${texts(hour)}::text::text[])[1 + probe_no % ${hour.length}::int], 'hex')
      from buckets_hourly where hour >= ${instant(from)} and hour < ${instant(until)} group by 1, probe_no, location_no`;
};

/** Says how far minutes are closed, and that the present hour and day are not rolled up yet. */
export const markRollup = async (db: Db, closedUntil: EpochMs): Promise<void> => {
  await db`insert into rollup_progress (closed_until) values (${instant(closedUntil)})
           on conflict (only_row) do update set closed_until = excluded.closed_until`;
  await db`insert into dirty_hours (hour) values (${instant(Math.floor(closedUntil / HOUR_MS) * HOUR_MS)})`;
  await db`insert into dirty_days (day) values (${instant(Math.floor(closedUntil / DAY_MS) * DAY_MS)})`;
};
