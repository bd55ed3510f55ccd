-- RED by the minute, the hour and the day: counts by class and by status family, bytes, and durations as histograms.
-- Each level is a function of the one below and is written whole, never incremented.

-- `by_class` holds counts of the classes other than `ok` by their names; null means that there was none, which is nearly
-- always so. `histogram` is what lib/core/histogram.ts writes, over good runs; minutes have one only for
-- intervals under 30 s, where it is smaller than the runs themselves.
alter table buckets
  add column bytes_read     bigint not null default 0 check (bytes_read >= 0),
  add column status_2xx     smallint not null default 0 check (status_2xx >= 0),
  add column status_3xx     smallint not null default 0 check (status_3xx >= 0),
  add column status_4xx     smallint not null default 0 check (status_4xx >= 0),
  add column status_5xx     smallint not null default 0 check (status_5xx >= 0),
  -- 401 and 403, and 429: not counted under 4xx again.
  add column status_401_403 smallint not null default 0 check (status_401_403 >= 0),
  add column status_429     smallint not null default 0 check (status_429 >= 0),
  add column by_class       jsonb,
  add column histogram      bytea,
  add check (status_2xx + status_3xx + status_4xx + status_5xx + status_401_403 + status_429 <= total);

-- Kept for two years. Not partitioned: what grows too old is one hour an hour, and a whole year of one probe is read
-- through the key.
create table buckets_hourly (
  hour            timestamptz not null check (date_trunc('hour', hour, 'UTC') = hour),
  duration_sum_us bigint not null check (duration_sum_us >= 0),
  bytes_read      bigint not null check (bytes_read >= 0),
  probe_no        integer not null,
  expected        integer not null check (expected >= 0),
  total           integer not null check (total >= 0),
  good            integer not null check (good >= 0),
  bad             integer not null check (bad >= 0),
  unvoted         integer not null check (unvoted >= 0),
  status_2xx      integer not null check (status_2xx >= 0),
  status_3xx      integer not null check (status_3xx >= 0),
  status_4xx      integer not null check (status_4xx >= 0),
  status_5xx      integer not null check (status_5xx >= 0),
  status_401_403  integer not null check (status_401_403 >= 0),
  status_429      integer not null check (status_429 >= 0),
  location_no     smallint not null,
  by_class        jsonb,
  histogram       bytea,
  primary key (probe_no, location_no, hour),
  check (good + bad + unvoted = total),
  check (status_2xx + status_3xx + status_4xx + status_5xx + status_401_403 + status_429 <= total)
);
-- For "what is over its age": rows of an hour lie together.
create index buckets_hourly_hour on buckets_hourly using brin (hour);

-- UTC days, kept for ten years.
create table buckets_daily (
  day             timestamptz not null check (date_trunc('day', day, 'UTC') = day),
  duration_sum_us bigint not null check (duration_sum_us >= 0),
  bytes_read      bigint not null check (bytes_read >= 0),
  probe_no        integer not null,
  expected        integer not null check (expected >= 0),
  total           integer not null check (total >= 0),
  good            integer not null check (good >= 0),
  bad             integer not null check (bad >= 0),
  unvoted         integer not null check (unvoted >= 0),
  status_2xx      integer not null check (status_2xx >= 0),
  status_3xx      integer not null check (status_3xx >= 0),
  status_4xx      integer not null check (status_4xx >= 0),
  status_5xx      integer not null check (status_5xx >= 0),
  status_401_403  integer not null check (status_401_403 >= 0),
  status_429      integer not null check (status_429 >= 0),
  location_no     smallint not null,
  by_class        jsonb,
  histogram       bytea,
  primary key (probe_no, location_no, day),
  check (good + bad + unvoted = total),
  check (status_2xx + status_3xx + status_4xx + status_5xx + status_401_403 + status_429 <= total)
);

-- Hours and days whose row is missing or older than what it is made from. A reader takes the level below for them, so
-- its answer is exact at every instant. The rollup of the level below writes the mark in its own transaction.
create table dirty_hours (
  hour timestamptz primary key check (date_trunc('hour', hour, 'UTC') = hour)
);
create table dirty_days (
  day timestamptz primary key check (date_trunc('day', day, 'UTC') = day)
);

-- The bucket of a duration as lib/core/histogram.ts has it; a test compares the two.
-- One expression, so that the planner puts it in place of the call.
create function duration_bucket(us integer) returns integer immutable strict parallel safe language sql as
$$
  select width_bucket(us, array[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
           2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824]) * 32
       + (us >> width_bucket(us, array[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
           2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824]))
$$;

-- Packed SLO minutes: where all decided slots of an hour were good, and as many as expected, which is nearly always so,
-- one array says it all. Null stands for "the same as total".
alter table sli_hours drop constraint sli_hours_check;
alter table sli_hours alter column good drop not null, alter column expected drop not null;
alter table sli_hours add constraint sli_hours_check check (is_elementwise_at_most(coalesce(good, total), total));
update sli_hours set good = nullif(good, total), expected = nullif(expected, total) where good = total or expected = total;

-- What was counted before these columns existed is counted again: all minutes whose raw runs are there.
insert into dirty_minutes (minute, location_no)
select distinct minute, location_no from buckets order by 1, 2
on conflict (minute, location_no) do nothing;
