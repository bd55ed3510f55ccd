-- When a run started is nearly always a few milliseconds after its slot: two bytes say so instead of eight, and a run over
-- HTTPS takes eight bytes less. `started_at` is written only where the delay does not fit: over 32 s, or before the slot.
-- An instance of an older version goes on writing `started_at`; readers take whichever is there, as this view does.
-- No check, since each costs time at every insert and old rows would have to be read for it.
alter table runs add column start_delay_ms smallint;
alter table runs alter column started_at drop not null;

-- Days that exist already: their columns were made before they became partitions, so each may say `not null` by itself.
do $$
declare
  day regclass;
begin
  for day in select inhrelid::regclass from pg_inherits where inhparent = 'runs'::regclass loop
    execute format('alter table %s alter column started_at drop not null', day);
  end loop;
end
$$;

create or replace view run_details as
  select p.id as probe_id, l.id as location_id, r.scheduled_at,
         coalesce(r.started_at, r.scheduled_at + r.start_delay_ms * interval '1 millisecond') as started_at,
         r.ingested_at, c.class, c.vote, r.detail,
         r.http_status, r.duration_us, r.dns_us, r.connect_us, r.tls_us, r.first_byte_us, r.transfer_us, r.bytes_read,
         r.address, r.certificate_expires_at, r.trace_id, r.is_late, r.failures
    from runs r
    join probes p on p.no = r.probe_no
    join locations l on l.no = r.location_no
    join outcome_classes c on c.code = r.class;

-- The same as before without `strict`: with it the planner calls the function for each run, since an array[…] counts as
-- something that may be null, and that took a third of the rollup's time. Null still gives null.
create or replace function duration_bucket(us integer) returns integer immutable parallel safe language sql as
$$
  select width_bucket(us, array[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
           2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824]) * 32
       + (us >> width_bucket(us, array[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
           2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824]))
$$;
