-- Raw runs, the minute buckets that are a function of them, and the exact good and total of every SLO.
-- `runs` and `buckets` are partitioned by UTC day and dropped whole; partitions are made ahead by db/queries/partitions.ts.

-- Names of `runs.class`, so that a reader of raw rows needs no source code. A test compares it with lib/core/outcome.ts.
create table outcome_classes (
  code  smallint primary key,
  class text not null unique,
  vote  text not null check (vote in ('good', 'bad', 'none'))
);
insert into outcome_classes (code, class, vote) values
  (0, 'ok', 'good'), (1, 'slow', 'good'), (2, 'connect_refused', 'bad'), (3, 'connect_timeout', 'bad'),
  (4, 'connect_reset', 'bad'), (5, 'empty_reply', 'bad'), (6, 'dns_error', 'bad'), (7, 'tls_error', 'bad'),
  (8, 'timeout', 'bad'), (9, 'protocol_error', 'bad'), (10, 'bad_status', 'bad'), (11, 'body_mismatch', 'bad'),
  (12, 'too_large', 'bad'), (13, 'decode_error', 'bad'), (14, 'too_many_redirects', 'bad'),
  (15, 'blocked', 'none'), (16, 'internal_error', 'none'), (17, 'skipped', 'none');

-- Columns are ordered by width so that a row carries no padding. No foreign keys: they would double the cost
-- of an insert, and the numbers come from the tables they point at in the same statement.
create table runs (
  scheduled_at           timestamptz not null,
  started_at             timestamptz not null,
  ingested_at            timestamptz not null,
  certificate_expires_at timestamptz,
  probe_no               integer not null,
  duration_us            integer not null check (duration_us >= 0),
  dns_us                 integer check (dns_us >= 0),
  connect_us             integer check (connect_us >= 0),
  tls_us                 integer check (tls_us >= 0),
  first_byte_us          integer check (first_byte_us >= 0),
  transfer_us            integer check (transfer_us >= 0),
  bytes_read             integer not null check (bytes_read >= 0),
  location_no            smallint not null,
  class                  smallint not null check (class between 0 and 17),
  http_status            smallint check (http_status between 0 and 999),
  -- Arrived after its minute was closed.
  is_late                boolean not null,
  trace_id               uuid,
  address                inet,
  detail                 text,
  failures               jsonb,
  primary key (probe_no, location_no, scheduled_at)
) partition by range (scheduled_at);

-- "What arrived since my last look": rows lie on disk in this order, so a block range index costs next to nothing.
create index runs_ingested_at on runs using brin (ingested_at) with (pages_per_range = 16, autosummarize = on);
-- The same for "all runs of a minute": the primary key answers for one probe only.
create index runs_scheduled_at on runs using brin (scheduled_at) with (pages_per_range = 16, autosummarize = on);

-- Whole minutes and hours are judged in UTC, whatever the time zone of the session.

-- Minutes with runs that no rollup has seen yet. Ingest writes the mark in the transaction of the runs and thereby
-- locks it; the rollup deletes the mark before it reads, so a run is either seen by it or marks the minute anew.
-- One row a location keeps agents out of each other's way.
create table dirty_minutes (
  minute      timestamptz not null check (date_trunc('minute', minute, 'UTC') = minute),
  location_no smallint not null,
  marks       integer not null default 1 check (marks >= 1),
  primary key (minute, location_no)
);

-- The first run of a probe from a location: before it, no run is expected.
create table first_runs (
  probe_no           integer not null references probes (no),
  location_no        smallint not null references locations (no),
  first_scheduled_at timestamptz not null,
  created_at         timestamptz not null default now(),
  primary key (probe_no, location_no)
);

-- One minute of a probe at a location. Always computed from raw runs, never incremented.
create table buckets (
  minute          timestamptz not null check (date_trunc('minute', minute, 'UTC') = minute),
  rolled_up_at    timestamptz not null,
  duration_sum_us bigint not null check (duration_sum_us >= 0),
  probe_no        integer not null,
  expected        integer not null check (expected >= 0),
  total           integer not null check (total >= 0),
  good            integer not null check (good >= 0),
  bad             integer not null check (bad >= 0),
  unvoted         integer not null check (unvoted >= 0),
  location_no     smallint not null,
  primary key (probe_no, location_no, minute),
  check (good + bad + unvoted = total)
) partition by range (minute);

-- Makes the missing day partitions of both for the UTC days `first_day` to `last_day` and returns how many it made.
-- A table is attached rather than created as a partition: that lets readers and writers of the parent go on.
-- The advisory lock keeps two that make the same day apart; it is not taken when nothing is missing.
create function ensure_partitions(first_day date, last_day date) returns integer language plpgsql as
$$
declare
  parent text;
  day date;
  child text;
  made integer := 0;
begin
  if last_day - first_day > 1000 then
    raise exception 'refusing to make partitions for % days', last_day - first_day using errcode = 'invalid_parameter_value';
  end if;
  foreach parent in array array['runs', 'buckets'] loop
    for day in select generate_series(first_day::timestamp, last_day::timestamp, interval '1 day')::date loop
      child := parent || '_' || to_char(day, 'YYYYMMDD');
      continue when to_regclass(child) is not null;
      perform pg_advisory_xact_lock(x'6e696e65'::integer, x'70617274'::integer);
      -- Asked of the table: what to_regclass remembers may be older than the lock.
      continue when exists (
        select from pg_class c join pg_class p on p.relnamespace = c.relnamespace
         where p.oid = parent::regclass and c.relname = child);
      execute format('create table %I (like %I including defaults including constraints including indexes)', child, parent);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child,
                     day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
      made := made + 1;
    end loop;
  end loop;
  return made;
end
$$;

-- True when no element of `part` is over its element of `whole`, and neither holds null.
create function is_elementwise_at_most(part integer[], whole integer[]) returns boolean immutable language sql as
$$ select coalesce(bool_and(coalesce(p between 0 and w, false)), true) from unnest(part, whole) as pair (p, w) $$;

-- Exact decided slots of an SLO by minute, packed by the hour: element i is minute i of the hour.
-- `expected` is how many slots should have been decided: coverage = total / expected.
create table sli_hours (
  slo_id      text not null references slos (id),
  version     integer not null,
  hour        timestamptz not null check (date_trunc('hour', hour, 'UTC') = hour),
  good        integer[] not null check (cardinality(good) = 60),
  total       integer[] not null check (cardinality(total) = 60),
  expected    integer[] not null check (cardinality(expected) = 60),
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  check (is_elementwise_at_most(good, total)),
  check (0 <= all (expected)),
  primary key (slo_id, version, hour),
  foreign key (slo_id, version) references slo_versions (slo_id, version)
);

-- How far the rollup has closed minutes, one row: all minutes before `closed_until` have their buckets.
create table rollup_progress (
  only_row     boolean primary key default true check (only_row),
  closed_until timestamptz not null check (date_trunc('minute', closed_until, 'UTC') = closed_until),
  updated_at   timestamptz not null default now()
);

-- Raw runs for people: words instead of numbers.
create view run_details as
  select p.id as probe_id, l.id as location_id, r.scheduled_at, r.started_at, r.ingested_at, c.class, c.vote, r.detail,
         r.http_status, r.duration_us, r.dns_us, r.connect_us, r.tls_us, r.first_byte_us, r.transfer_us, r.bytes_read,
         r.address, r.certificate_expires_at, r.trace_id, r.is_late, r.failures
    from runs r
    join probes p on p.no = r.probe_no
    join locations l on l.no = r.location_no
    join outcome_classes c on c.code = r.class;
