-- Good and total of every SLO by the minute from raw runs: votes, slots, minutes. Parts of health documents and PromQL are
-- counted from elsewhere and left out, as are minutes that wait for the rollup.
with span as (
  select current_setting('verify.from')::timestamptz as since,
         least(current_setting('verify.until')::timestamptz, (select closed_until from rollup_progress)) as until
),
slo as (
  select s.id, s.version, s.definition, coalesce(s.definition -> 'sli' -> 'base', s.definition -> 'sli') as event
    from slos s
   where s.retired_at is null and s.definition -> 'sli' ->> 'kind' not in ('component', 'promql')
     and current_setting('verify.slo') in ('', s.id)
     and exists (select from sli_hours h where h.slo_id = s.id and h.version = s.version)
),
-- Which locations a probe had at an instant: the newest definition that had begun, or the first one.
era as (
  select v.probe_no, v.definition,
         case when v.active_from = min(v.active_from) over one then '-infinity'::timestamptz else v.active_from end as since,
         coalesce(lead(v.active_from) over one, 'infinity'::timestamptz) as until
    from probe_versions v
  window one as (partition by v.probe_no order by v.active_from rows between unbounded preceding and unbounded following)
),
vote as (
  select slo.id as slo_id, slo.version, p.id as probe_id, r.scheduled_at,
         case when slo.definition ->> 'count' = 'runs' then r.location_no else 0 end as ballot,
         case when slo.event ->> 'kind' <> 'latency' then c.vote
              when c.class not in ('ok', 'slow') then 'none'
              when r.duration_us <= (slo.event ->> 'thresholdMs')::numeric * 1000 then 'good'
              else 'bad' end as vote,
         case when slo.definition ->> 'count' = 'runs' then 1
              else (select count(*) from jsonb_array_elements_text(e.definition -> 'locations') as t (id)
                     where slo.definition -> 'locations' is null or slo.definition -> 'locations' ? t.id) end as configured
    from slo
    join probes p on slo.definition -> 'probes' ? p.id
    join runs r on r.probe_no = p.no
    join era e on e.probe_no = p.no and r.scheduled_at >= e.since and r.scheduled_at < e.until
    join locations l on l.no = r.location_no and e.definition -> 'locations' ? l.id
     and (slo.definition -> 'locations' is null or slo.definition -> 'locations' ? l.id)
    join outcome_classes c on c.code = r.class
   cross join span s
   where r.scheduled_at >= s.since and r.scheduled_at < s.until
     and not exists (
       select from blind_spans b
        where b.location_no = r.location_no and b.cause <> 'silent' and r.scheduled_at >= b.began_at
          and (b.ended_at is null or r.scheduled_at < b.ended_at))
),
slot as (
  select slo_id, version, probe_id, scheduled_at, ballot, max(configured) as configured,
         count(*) filter (where vote = 'good') as good, count(*) filter (where vote = 'bad') as bad
    from vote group by 1, 2, 3, 4, 5
),
by_probe as (
  select slo_id, version, probe_id, date_trunc('minute', scheduled_at, 'UTC') as minute,
         count(*) filter (where good > bad) as good, count(*) as total
    from slot
   where good + bad >= least(2, configured) and good <> bad
   group by 1, 2, 3, 4
),
raw as (
  select b.slo_id, b.version, b.minute,
         case d.combine ->> 'kind' when 'any_bad' then (sum(b.good) = sum(b.total))::int
              else sum(b.good * coalesce((d.combine -> 'weights' ->> b.probe_id)::bigint, 1)) end as good,
         case d.combine ->> 'kind' when 'any_bad' then 1
              else sum(b.total * coalesce((d.combine -> 'weights' ->> b.probe_id)::bigint, 1)) end as total
    from by_probe b join (select id, definition -> 'combine' as combine from slo) d on d.id = b.slo_id
   group by 1, 2, 3, d.combine
),
packed as (
  select h.slo_id, h.version, h.hour + (i - 1) * interval '1 minute' as minute,
         (coalesce(h.good, h.total))[i] as good, h.total[i] as total
    from slo join sli_hours h on h.slo_id = slo.id and h.version = slo.version
   cross join generate_series(1, 60) i
   cross join span s
   where h.total[i] > 0 and h.hour > s.since - interval '1 hour' and h.hour < s.until
     and h.hour + (i - 1) * interval '1 minute' >= s.since and h.hour + (i - 1) * interval '1 minute' < s.until
)
select format('minute of %s, %s', slo_id, to_char(minute at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"')) as what,
       format('good %s of %s', packed.good, packed.total) as stored, format('good %s of %s', raw.good, raw.total) as recomputed
  from packed full join raw using (slo_id, version, minute)
 where (packed.good is distinct from raw.good or packed.total is distinct from raw.total)
   and minute not in (select minute from dirty_minutes)
 order by minute, 1
 limit current_setting('verify.limit')::int
