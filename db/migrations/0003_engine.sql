-- Leases, readings, alerts, events and their deliveries.

-- Who does a piece of work. `token` grows at every change of holder: a writer names the token it was given, and
-- a paused process that wakes up after a takeover is refused (fencing). Times are the database's clock.
create table leases (
  name       text primary key,
  holder     text not null,
  token      bigint not null check (token >= 1),
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- The newest evaluation of each SLO.
create table slo_readings (
  slo_id          text primary key references slos (id),
  version         integer not null,
  -- Complete minutes up to and with this one were seen.
  through_minute  timestamptz not null check (date_trunc('minute', through_minute, 'UTC') = through_minute),
  reading         jsonb not null,
  computed_at     timestamptz not null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  foreign key (slo_id, version) references slo_versions (slo_id, version)
);

-- One row an episode of a burn-rate pair. `number` counts the episodes of (slo, pair) from 1: with it a transition
-- has one key on every instance and in every replay.
create table alerts (
  id               text primary key,
  slo_id           text not null references slos (id),
  pair_id          text not null,
  number           integer not null check (number >= 1),
  severity         text not null check (severity in ('page', 'ticket')),
  state            text not null check (state in ('firing', 'resolved')),
  has_data         boolean not null default true,
  fired_at         timestamptz not null,
  resolved_at      timestamptz,
  resolve_reason   text check (resolve_reason in ('recovered', 'no_data', 'excluded', 'policy_changed')),
  firing_reading   jsonb not null,
  resolved_reading jsonb,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (slo_id, pair_id, number),
  check ((state = 'resolved') = (resolved_at is not null)),
  check ((state = 'resolved') = (resolve_reason is not null)),
  check (resolved_at >= fired_at)
);
create unique index alerts_one_firing_per_pair on alerts (slo_id, pair_id) where state = 'firing';

-- What happened: immutable. `dedup_key` is derived from what happened, so that a replay adds nothing.
create table events (
  id          text primary key,
  position    bigint generated always as identity unique,
  type        text not null check (type ~ '^[a-z_]+\.[a-z_]+$'),
  subject     text not null,
  dedup_key   text not null unique,
  data        jsonb not null,
  occurred_at timestamptz not null,
  created_at  timestamptz not null default now()
);

-- Event x endpoint: the outbox. Written in the transaction of the event.
create table deliveries (
  id              text primary key,
  event_id        text not null references events (id),
  endpoint_id     text not null references endpoints (id),
  sequence        bigint not null check (sequence >= 1),
  state           text not null check (state in ('pending', 'delivered', 'dead', 'canceled')),
  attempts_made   integer not null default 0 check (attempts_made >= 0),
  -- Start of the ladder: every due time is counted from here.
  first_due_at    timestamptz not null,
  next_attempt_at timestamptz not null,
  leased_until    timestamptz,
  lease_token     text,
  finished_at     timestamptz,
  last_error      text,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  unique (event_id, endpoint_id),
  unique (endpoint_id, sequence),
  check ((state = 'pending') = (finished_at is null)),
  check ((leased_until is null) = (lease_token is null))
);
-- Claims go endpoint by endpoint, so that ten thousand waiting for a slow receiver are never walked through to reach
-- the one that waits for a healthy one.
create index deliveries_due on deliveries (endpoint_id, next_attempt_at) where state = 'pending';
-- Claims that a dispatcher may have left behind by crashing.
create index deliveries_leased on deliveries (leased_until) where state = 'pending' and leased_until is not null;

-- Every try, written before it is made and completed after, so that a crash in between leaves a trace.
create table attempts (
  delivery_id       text not null references deliveries (id),
  number            integer not null check (number >= 1),
  started_at        timestamptz not null,
  finished_at       timestamptz,
  outcome           text check (outcome in ('accepted', 'try_later', 'refused')),
  reason            text,
  http_status       smallint,
  duration_ms       integer check (duration_ms >= 0),
  response_excerpt  text,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  primary key (delivery_id, number),
  check ((finished_at is null) = (outcome is null))
);
