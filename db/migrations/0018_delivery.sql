-- Endpoints as a product: channels beside webhooks, filters, limits, rotation, health; replays; what was sent.

alter table endpoints drop constraint endpoints_type_check;
alter table endpoints add constraint endpoints_type_check
  check (type in ('webhook', 'slack', 'pagerduty', 'alertmanager', 'discord', 'teams', 'ntfy', 'email'));
alter table endpoints
  -- Owned by the configuration file, or made by the API.
  add column managed_by text not null default 'file' check (managed_by in ('file', 'api')),
  add column description text,
  -- {"services": [ids], "severities": ["page", "ticket"]}; a key that is absent filters nothing.
  add column filters jsonb not null default '{}',
  -- What a kind of channel needs beside its address and key, without secrets: recipients, quiet hours, reminders.
  add column settings jsonb not null default '{}',
  -- Sealed JSON object of header fields that every request carries.
  add column headers_ciphertext text,
  -- The next delivery waits for the one before it.
  add column is_ordered boolean not null default false,
  add column max_in_flight integer not null default 8 check (max_in_flight between 1 and 64),
  add column max_per_second integer check (max_per_second between 1 and 1000),
  -- The channel that is told what this one could not deliver.
  add column fallback_id text references endpoints (id) check (fallback_id <> id),
  -- Secrets that were replaced and still sign: [{"ciphertext", "expiresAt"}].
  add column old_secrets jsonb not null default '[]',
  -- A new address that was not verified yet.
  add column pending_url_ciphertext text,
  -- The circuit breaker (lib/core/calls/breaker.ts); null while it is closed and the last ten attempts were fine.
  add column breaker jsonb,
  -- From when on one trial may be made; null while the breaker is closed.
  add column admits_at timestamptz,
  -- Tokens left of `max_per_second`, and when that was.
  add column rate_tokens double precision,
  add column rate_at timestamptz,
  -- The first failure since the last success, and when its owner was warned of it.
  add column failing_since timestamptz,
  add column failing_warned_at timestamptz;
create index endpoints_gated on endpoints (id) where admits_at is not null or max_per_second is not null;

alter table deliveries
  -- How many attempts were made before the present ladder began: a replay begins a new one under the same id.
  add column ladder_from integer not null default 0 check (ladder_from >= 0),
  add column replayed_at timestamptz;
-- Finds the oldest that an ordered endpoint waits for.
create index deliveries_pending_order on deliveries (endpoint_id, sequence) where state = 'pending';
-- The queue of dead letters, newest first.
create index deliveries_dead on deliveries (finished_at desc) where state = 'dead';

alter table attempts
  -- Secrets are taken out before they come here. The body is kept with the first attempt of a ladder and whenever it
  -- differs from the one before; null means the same bytes again.
  add column request_headers jsonb,
  add column request_body text;
create index attempts_started_at on attempts (started_at);
