-- How far the minutes of each PromQL SLO were read from their source, and how the source is doing.
create table promql_progress (
  slo_id        text primary key references slos (id),
  version       integer not null,
  -- Minutes in [polled_from, polled_until) were asked for and answered; null before the first answer.
  polled_from   timestamptz check (date_trunc('minute', polled_from, 'UTC') = polled_from),
  polled_until  timestamptz check (date_trunc('minute', polled_until, 'UTC') = polled_until),
  state         text not null check (state in ('ok', 'failing')),
  -- Since when the source has been in this state.
  since         timestamptz not null,
  -- Why the newest question had no usable answer, or what is odd about the newest answer. Names no address.
  last_error    text check (length(last_error) <= 500),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  foreign key (slo_id, version) references slo_versions (slo_id, version),
  check ((polled_from is null) = (polled_until is null)),
  check (polled_from < polled_until),
  check (state = 'ok' or last_error is not null)
);
