-- Sums, budget spent and burn rate of the newest reading of every SLO with a rolling window, from its packed minutes.
-- What is compared is the reading without exclusions; slices are judged elsewhere.
with reading as (
  select s.id, s.version, r.through_minute, (s.definition ->> 'objective')::numeric as objective,
         (s.definition -> 'window' ->> 'durationMs')::numeric / 60000 as minutes,
         case when jsonb_typeof(r.reading -> 'raw') = 'object' then r.reading -> 'raw' else r.reading -> 'budget' end as budget
    from slos s join slo_readings r on r.slo_id = s.id and r.version = s.version
   where s.retired_at is null and s.definition -> 'window' ->> 'kind' = 'rolling'
     and s.definition -> 'sli' ->> 'kind' not in ('timeslice', 'ratio_timeslices')
     and current_setting('verify.slo') in ('', s.id)
),
minute as (
  select r.id, h.hour + (i - 1) * interval '1 minute' as at, h.total[i] - (coalesce(h.good, h.total))[i] as bad, h.total[i] as total
    from reading r
    join sli_hours h on h.slo_id = r.id and h.version = r.version
   cross join generate_series(1, 60) i
   where h.hour <= r.through_minute and h.hour > r.through_minute - (r.minutes + 60) * interval '1 minute'
),
sums as (
  select r.*, coalesce(m.bad, 0) as bad, coalesce(m.total, 0) as total, h.bad as bad_1h, h.total as total_1h
    from reading r
    left join lateral (
      select sum(bad) as bad, sum(total) as total from minute
       where minute.id = r.id and at <= r.through_minute and at > r.through_minute - ceil(r.minutes) * interval '1 minute') m on true
    left join lateral (
      select sum(bad) as bad, sum(total) as total from minute
       where minute.id = r.id and at <= r.through_minute and at > r.through_minute - interval '1 hour') h on true
),
figures as (
  select *, 100 * bad / nullif((100 - objective) * total, 0) as consumed,
         100 * bad_1h / nullif((100 - objective) * total_1h, 0) as burn_1h
    from sums
)
select format('budget of %s', id) as what,
       format('%s bad of %s, spent %s, burning %s', budget ->> 'bad', budget ->> 'total', budget ->> 'consumed', budget ->> 'burnRate1h') as stored,
       format('%s bad of %s, spent %s, burning %s', bad, total, round(consumed, 12), round(burn_1h, 12)) as recomputed
  from figures
 where (budget ->> 'bad')::numeric <> bad or (budget ->> 'total')::numeric <> total
    or ((budget ->> 'consumed') is null) <> (consumed is null)
    or abs((budget ->> 'consumed')::numeric - consumed) > 1e-9 * greatest(1, consumed)
    or ((budget ->> 'burnRate1h') is null) <> (burn_1h is null)
    or abs((budget ->> 'burnRate1h')::numeric - burn_1h) > 1e-9 * greatest(1, burn_1h)
 order by 1
 limit current_setting('verify.limit')::int
