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
create index runs_ingested_at on runs using brin (ingested_at) with (pages_per_range = 16);

-- Minutes with runs that no rollup has seen yet. Ingest writes the mark in the transaction of the runs and thereby
-- locks it; the rollup deletes the mark before it reads, so a run is either seen by it or marks the minute anew.
-- One row a location keeps agents out of each other's way.
create table dirty_minutes (
  minute      timestamptz not null check (date_trunc('minute', minute) = minute),
  location_no smallint not null,
  marks       integer not null default 1,
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
  minute          timestamptz not null,
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

-- Exact decided slots of an SLO by minute, packed by the hour: element i is minute i of the hour.
-- `expected` is how many slots should have been decided: coverage = total / expected.
create table sli_hours (
  slo_id      text not null references slos (id),
  version     integer not null,
  hour        timestamptz not null check (date_trunc('hour', hour) = hour),
  good        integer[] not null check (cardinality(good) = 60),
  total       integer[] not null check (cardinality(total) = 60),
  expected    integer[] not null check (cardinality(expected) = 60),
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (slo_id, version, hour),
  foreign key (slo_id, version) references slo_versions (slo_id, version)
);

-- How far the rollup has closed minutes, one row: all minutes before `closed_until` have their buckets.
create table rollup_progress (
  only_row     boolean primary key default true check (only_row),
  closed_until timestamptz not null check (date_trunc('minute', closed_until) = closed_until),
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
