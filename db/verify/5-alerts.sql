-- Episodes of every burn-rate pair from packed minutes: sums of both windows, the condition, and the walk from firing to
-- resolved and back. SLOs whose past was corrected after it was judged (late runs, exclusions) and SLOs of slices are left
-- out: they need to be judged as of then. A pair that fires where the span begins is left out too.
with recursive slo as (
  select s.id, s.version, s.definition, r.through_minute,
         greatest(date_trunc('minute', v.active_from, 'UTC') + case when s.version > 1 then interval '2 minutes' else '0' end,
                  current_setting('verify.from')::timestamptz) as since
    from slos s
    join slo_versions v on v.slo_id = s.id and v.version = s.version
    join slo_readings r on r.slo_id = s.id and r.version = s.version
   where s.retired_at is null and s.definition -> 'sli' ->> 'kind' not in ('timeslice', 'ratio_timeslices')
     and current_setting('verify.slo') in ('', s.id)
     and not exists (select from sli_corrections c where c.slo_id = s.id and c.evaluated_through >= v.active_from)
     and not exists (select from exclusions)
),
pair as materialized (
  select slo.id as slo_id, slo.version, slo.since, slo.through_minute, p ->> 'id' as pair_id,
         ceil((p ->> 'longMs')::numeric / 60000)::int as long, ceil((p ->> 'shortMs')::numeric / 60000)::int as short,
         (p ->> 'minBadLong')::bigint as min_long, (p ->> 'minBadShort')::bigint as min_short,
         -- above: bad * 100 * divisor > total * share
         coalesce(nullif(split_part(p ->> 'factor', '/', 2), ''), '1')::numeric * 100 as divisor,
         split_part(p ->> 'factor', '/', 1)::numeric * (100 - (slo.definition ->> 'objective')::numeric) as share,
         (select count(*) from alerts a where a.slo_id = slo.id and a.pair_id = p ->> 'id' and a.fired_at <= slo.since) as before
    from slo cross join jsonb_array_elements(slo.definition -> 'burnRateAlerts') p
   where not exists (
     select from alerts a
      where a.slo_id = slo.id and a.pair_id = p ->> 'id' and a.fired_at <= slo.since
        and (a.resolved_at is null or a.resolved_at > slo.since))
),
counted as (
  select slo.id as slo_id, h.hour + (i - 1) * interval '1 minute' as at,
         h.total[i] - (coalesce(h.good, h.total))[i] as bad, h.total[i] as total, (coalesce(h.expected, h.total))[i] as expected
    from slo join sli_hours h on h.slo_id = slo.id and h.version = slo.version
   cross join generate_series(1, 60) i
   where h.hour <= slo.through_minute
),
-- Running sums over every minute, so that a window is the difference of two of them.
running as materialized (
  select g.slo_id, g.at, sum(coalesce(c.bad, 0)) over one as bad, sum(coalesce(c.total, 0)) over one as total,
         sum(coalesce(c.expected, 0)) over one as expected
    from (select slo.id as slo_id, m as at
            from slo
           cross join lateral (select coalesce(max(p.long), 0) as longest from pair p where p.slo_id = slo.id) w
           cross join lateral generate_series(slo.since - w.longest * interval '1 minute', slo.through_minute, interval '1 minute') m) g
    left join counted c on c.slo_id = g.slo_id and c.at = g.at
  window one as (partition by g.slo_id order by g.at)
),
-- Minutes follow each other without a hole, so what lies n minutes back is n rows back.
point as (
  select p.slo_id, p.pair_id, p.since, n.at, p.min_long, p.min_short, p.share, p.divisor,
         n.bad - lag(n.bad, p.long) over one as bad_l, n.total - lag(n.total, p.long) over one as total_l,
         n.expected - lag(n.expected, p.long) over one as expected_l,
         n.bad - lag(n.bad, p.short) over one as bad_s, n.total - lag(n.total, p.short) over one as total_s,
         n.expected - lag(n.expected, p.short) over one as expected_s
    from pair p join running n on n.slo_id = p.slo_id
  window one as (partition by p.slo_id, p.pair_id order by n.at)
),
judged as (
  select slo_id, pair_id, at,
         bad_l >= min_long and bad_s >= min_short
           and bad_l * divisor > share * case when total_l * 10 >= expected_l * 9 then total_l else expected_l end
           and bad_s * divisor > share * case when total_s * 10 >= expected_s * 9 then total_s else expected_s end as fires,
         not (bad_l >= min_long and bad_s >= min_short and bad_l * divisor > share * total_l and bad_s * divisor > share * total_s)
           and total_s * 10 >= expected_s * 9 as ends
    from point where at >= since
),
-- Firing excludes ending, and the other way round, so only the minutes where either begins can be transitions.
turn as materialized (
  select slo_id, pair_id, at, fires and not was_fire as fires, ends and not was_end as ends
    from (select *, coalesce(lag(fires) over one, false) as was_fire, coalesce(lag(ends) over one, false) as was_end
            from judged window one as (partition by slo_id, pair_id order by at)) j
   where (fires and not was_fire) or (ends and not was_end)
),
episode as (
  select p.slo_id, p.pair_id, p.before + 1 as number, f.fired,
         (select min(at) from turn j where j.slo_id = p.slo_id and j.pair_id = p.pair_id and j.ends and j.at > f.fired) as resolved
    from pair p
   cross join lateral (select min(at) as fired from turn j where j.slo_id = p.slo_id and j.pair_id = p.pair_id and j.fires) f
   where f.fired is not null
   union all
  select e.slo_id, e.pair_id, e.number + 1, f.fired,
         (select min(at) from turn j where j.slo_id = e.slo_id and j.pair_id = e.pair_id and j.ends and j.at > f.fired)
    from episode e
   cross join lateral (
     select min(at) as fired from turn j
      where j.slo_id = e.slo_id and j.pair_id = e.pair_id and j.fires and j.at > e.resolved) f
   where e.resolved is not null and f.fired is not null
),
stored as (
  select a.slo_id, a.pair_id, a.number, a.fired_at, a.resolved_at
    from alerts a join pair p on p.slo_id = a.slo_id and p.pair_id = a.pair_id and a.number > p.before
   where a.fired_at <= p.through_minute + interval '1 minute'
),
due as (
  select slo_id, pair_id, number, fired + interval '1 minute' as fired_at, resolved + interval '1 minute' as resolved_at from episode
)
select format('alert %s %s number %s', slo_id, pair_id, number) as what,
       format('fired %s, resolved %s', stored.fired_at at time zone 'UTC', stored.resolved_at at time zone 'UTC') as stored,
       format('fired %s, resolved %s', due.fired_at at time zone 'UTC', due.resolved_at at time zone 'UTC') as recomputed
  from stored full join due using (slo_id, pair_id, number)
 where stored.fired_at is distinct from due.fired_at or stored.resolved_at is distinct from due.resolved_at
 order by 1
 limit current_setting('verify.limit')::int
