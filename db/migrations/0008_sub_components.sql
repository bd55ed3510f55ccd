-- Parts of a probe: the steps of a journey, the entries of a health document. Each has a history of its own; no bucket and
-- no SLO is made of it.

-- A part is known from the first run that told about it.
create table probe_parts (
  no         integer generated always as identity primary key,
  probe_no   integer not null references probes (no),
  -- Stable over runs: the id of a step, the name of an entry.
  key        text not null check (length(key) between 1 and 200),
  name       text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (probe_no, key)
);

-- What a run of the probe saw of a part. Kept as long as raw runs are. No foreign keys, as in `runs`.
create table part_runs (
  scheduled_at timestamptz not null,
  part_no      integer not null,
  duration_us  integer not null check (duration_us >= 0),
  location_no  smallint not null,
  class        smallint not null check (class between 0 and 17),
  http_status  smallint check (http_status between 0 and 999),
  detail       text,
  failures     jsonb,
  primary key (part_no, location_no, scheduled_at)
);
-- For "what is over its age": rows lie on disk nearly in this order.
create index part_runs_scheduled_at on part_runs using brin (scheduled_at) with (pages_per_range = 16, autosummarize = on);

-- For people: words instead of numbers.
create view part_run_details as
  select p.id as probe_id, t.key as part_key, t.name as part_name, l.id as location_id, r.scheduled_at, c.class, c.vote,
         r.detail, r.http_status, r.duration_us, r.failures
    from part_runs r
    join probe_parts t on t.no = r.part_no
    join probes p on p.no = t.probe_no
    join locations l on l.no = r.location_no
    join outcome_classes c on c.code = r.class;
