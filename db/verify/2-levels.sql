-- RED hours and days: whole hours are the sum of their minutes while those are kept, whole days the sum of their hours.
-- Hours and days that wait for their rollup are left out.
with span as (
  select current_setting('verify.from')::timestamptz as since, current_setting('verify.until')::timestamptz as until
),
minutes as (
  select b.probe_no, b.location_no, date_trunc('hour', b.minute, 'UTC') as at,
         concat_ws('/', sum(b.expected), sum(b.total), sum(b.good), sum(b.bad), sum(b.unvoted), sum(b.duration_sum_us), sum(b.bytes_read),
                   sum(b.status_2xx), sum(b.status_3xx), sum(b.status_4xx), sum(b.status_5xx), sum(b.status_401_403), sum(b.status_429)) as counts
    from buckets b
   cross join span s
   where b.minute >= date_trunc('hour', s.since + interval '59 minutes 59.999999 seconds', 'UTC')
     and b.minute < date_trunc('hour', s.until, 'UTC')
   group by 1, 2, 3
),
hours as (
  select h.probe_no, h.location_no, h.hour as at,
         concat_ws('/', h.expected, h.total, h.good, h.bad, h.unvoted, h.duration_sum_us, h.bytes_read, h.status_2xx, h.status_3xx,
                   h.status_4xx, h.status_5xx, h.status_401_403, h.status_429) as counts
    from buckets_hourly h
   cross join span s
   where h.hour >= date_trunc('hour', s.since + interval '59 minutes 59.999999 seconds', 'UTC')
     and h.hour < date_trunc('hour', s.until, 'UTC')
)
select format('hour of %s at %s, %s', coalesce(p.id, probe_no::text), coalesce(l.id, location_no::text),
              to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24"Z"')) as what,
       hours.counts as stored, minutes.counts as recomputed
  from hours full join minutes using (probe_no, location_no, at)
  left join probes p on p.no = probe_no
  left join locations l on l.no = location_no
 where hours.counts is distinct from minutes.counts
   and at not in (select hour from dirty_hours)
 order by at, 1
 limit current_setting('verify.limit')::int
