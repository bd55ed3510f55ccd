-- Heartbeats: what is pushed to us, how far it was judged, and when we were able to hear.

-- Pings as they came. Runs are made of them, one at each slot; the newest of each probe are kept for reading.
create table heartbeats (
  at          timestamptz not null,
  -- Orders pings of the same instant.
  seq         bigint generated always as identity,
  duration_us bigint check (duration_us >= 0),
  probe_no    integer not null references probes (no),
  exit_code   smallint check (exit_code between 0 and 255),
  kind        text not null check (kind in ('ok', 'fail', 'start', 'log')),
  -- Whose manner of speaking it was.
  via         text not null check (via in ('kuma', 'gatus', 'healthchecks')),
  run_id      uuid,
  remote      inet,
  -- What the sender wrote, at most 100 kB.
  message     text check (octet_length(message) <= 100000),
  primary key (probe_no, at, seq)
);

-- All slots before this instant have their run.
create table heartbeat_progress (
  probe_no     integer not null references probes (no),
  location_no  smallint not null references locations (no),
  judged_until timestamptz not null,
  updated_at   timestamptz not null default now(),
  primary key (probe_no, location_no)
);

-- When a web process was able to receive and store pings, noted every second. A beat that is missing outside of these
-- spans may have come to a closed door, and says nothing.
create table hearing_spans (
  id          bigint generated always as identity primary key,
  began_at    timestamptz not null,
  heard_until timestamptz not null,
  check (heard_until >= began_at)
);
create index hearing_spans_heard_until on hearing_spans (heard_until);
