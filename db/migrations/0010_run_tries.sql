-- Re-checks at the slot of a run whose vote differed from the one before. They explain; nothing is counted from them: the
-- first try is the run itself, in `runs`. Few, so a plain table. Kept as long as raw runs are. No foreign keys, as in `runs`.
create table run_tries (
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
  number                 smallint not null check (number >= 2),
  class                  smallint not null check (class between 0 and 17),
  http_status            smallint check (http_status between 0 and 999),
  trace_id               uuid,
  address                inet,
  detail                 text,
  failures               jsonb,
  primary key (probe_no, location_no, scheduled_at, number)
);
-- For "what is over its age": rows lie on disk nearly in this order.
create index run_tries_scheduled_at on run_tries using brin (scheduled_at) with (pages_per_range = 16, autosummarize = on);

-- For people: words instead of numbers.
create view run_try_details as
  select p.id as probe_id, l.id as location_id, t.scheduled_at, t.number, t.started_at, t.ingested_at, c.class, c.vote, t.detail,
         t.http_status, t.duration_us, t.dns_us, t.connect_us, t.tls_us, t.first_byte_us, t.transfer_us, t.bytes_read,
         t.address, t.certificate_expires_at, t.trace_id, t.failures
    from run_tries t
    join probes p on p.no = t.probe_no
    join locations l on l.no = t.location_no
    join outcome_classes c on c.code = t.class;
