-- Minute buckets from raw runs, in SQL alone. Minutes with runs that wait for the rollup are left out.
with span as (
  select current_setting('verify.from')::timestamptz as since, current_setting('verify.until')::timestamptz as until
),
waiting as materialized (
  select distinct minute from dirty_minutes
),
raw as (
  select r.probe_no, r.location_no, date_trunc('minute', r.scheduled_at, 'UTC') as minute,
         concat_ws('/', count(*), count(*) filter (where c.vote = 'good'), count(*) filter (where c.vote = 'bad'),
                   count(*) filter (where c.vote = 'none'), coalesce(sum(r.duration_us) filter (where c.vote = 'good'), 0),
                   sum(r.bytes_read::bigint),
                   count(*) filter (where r.http_status between 200 and 299),
                   count(*) filter (where r.http_status between 300 and 399),
                   count(*) filter (where r.http_status between 400 and 499 and r.http_status not in (401, 403, 429)),
                   count(*) filter (where r.http_status between 500 and 599),
                   count(*) filter (where r.http_status in (401, 403)),
                   count(*) filter (where r.http_status = 429)) as counts,
         count(*) filter (where c.class <> 'ok') as others
    from runs r
    join outcome_classes c on c.code = r.class
   cross join span s
   where r.scheduled_at >= s.since and r.scheduled_at < s.until
   group by 1, 2, 3
),
stored as (
  select b.probe_no, b.location_no, b.minute,
         concat_ws('/', b.total, b.good, b.bad, b.unvoted, b.duration_sum_us, b.bytes_read, b.status_2xx, b.status_3xx,
                   b.status_4xx, b.status_5xx, b.status_401_403, b.status_429) as counts,
         coalesce((select sum(value::bigint) from jsonb_each_text(b.by_class)), 0) as others
    from buckets b
   cross join span s
   where b.minute >= s.since and b.minute < s.until
)
select format('bucket of %s at %s, %s', coalesce(p.id, probe_no::text), coalesce(l.id, location_no::text),
              to_char(minute at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')) as what,
       stored.counts || ' others ' || stored.others as stored, raw.counts || ' others ' || raw.others as recomputed
  from stored full join raw using (probe_no, location_no, minute)
  left join probes p on p.no = probe_no
  left join locations l on l.no = location_no
 where minute not in (select minute from waiting)
   and case when raw.counts is null then stored.counts <> '0/0/0/0/0/0/0/0/0/0/0/0'
            else stored.counts is distinct from raw.counts or stored.others is distinct from raw.others end
 order by minute, 1
 limit current_setting('verify.limit')::int
