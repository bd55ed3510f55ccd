-- Agents of remote locations, and what is known about the eyesight of each location.

-- Public keys that agents sign their tokens with. A location with a key that is not revoked is run by its agent;
-- all others are run by the probe role. That is derived, so that no second place can contradict the keys.
create table agent_keys (
  -- Names the key in the head of a token; for keys that `nines agent` made it is the thumbprint of RFC 7638.
  kid             text primary key check (kid ~ '^[A-Za-z0-9_.~-]{1,128}$'),
  location_no     smallint not null references locations (no),
  -- Public parts only.
  jwk             jsonb not null check (not jwk ?| array['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']),
  last_seen_at    timestamptz,
  -- What the agent measured: this server's clock minus its own.
  clock_offset_ms integer,
  revoked_at      timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);
create index agent_keys_live on agent_keys (location_no) where revoked_at is null;

-- Checks by which a location knows whether it can see at all. They are the location's own and never vote.
alter table locations add column reference_checks jsonb not null default '[]';

-- What reference checks saw. Kept for as long as late results may change a span.
create table reference_runs (
  scheduled_at timestamptz not null,
  ingested_at  timestamptz not null,
  duration_us  integer not null check (duration_us >= 0),
  location_no  smallint not null references locations (no),
  class        smallint not null check (class between 0 and 17),
  check_id     text not null check (check_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  detail       text,
  primary key (location_no, check_id, scheduled_at)
);
create index reference_runs_ingested_at on reference_runs (ingested_at);

-- When a location could not be trusted (`reference`, `dissent`: its votes do not count for slots within the span), or was
-- not heard of (`silent`: its runs count once they arrive). Half-open; a span without `ended_at` goes on.
create table blind_spans (
  location_no smallint not null references locations (no),
  cause       text not null check (cause in ('reference', 'dissent', 'silent')),
  began_at    timestamptz not null,
  ended_at    timestamptz check (ended_at > began_at),
  detail      text not null,
  -- When `prober.blind` was recorded for it; null while it is not confirmed.
  told_at     timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (location_no, cause, began_at)
);
create unique index blind_spans_one_open on blind_spans (location_no, cause) where ended_at is null;
create index blind_spans_ended_at on blind_spans (ended_at);
