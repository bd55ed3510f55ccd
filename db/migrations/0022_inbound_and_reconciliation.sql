-- Alerts that other systems send us, the outside watcher of this installation, and what reconciliation found.

-- One row an episode of an alert that Prometheus, Alertmanager or another system sent. The same label set is the same
-- alert; `round` counts the episodes with one beginning, because an alert that was taken for over may be sent again.
create table external_alerts (
  id               text primary key,
  -- FNV-1a of the label set, as Prometheus and Alertmanager work it out.
  fingerprint      text not null check (fingerprint ~ '^[0-9a-f]{16}$'),
  starts_at        timestamptz not null,
  round            integer not null default 1 check (round >= 1),
  source           text not null check (source in ('api', 'webhook')),
  state            text not null check (state in ('firing', 'resolved')),
  labels           jsonb not null,
  annotations      jsonb not null,
  generator_url    text,
  -- The service that the label `service` names.
  service_id       text references services (id),
  ends_at          timestamptz,
  resolve_reason   text check (resolve_reason in ('sender', 'timeout')),
  first_heard_at   timestamptz not null,
  last_heard_at    timestamptz not null,
  -- It is taken for over then, unless it is heard of again.
  expires_at       timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (fingerprint, starts_at, round),
  check ((state = 'resolved') = (ends_at is not null)),
  check ((state = 'resolved') = (resolve_reason is not null)),
  check ((state = 'firing') = (expires_at is not null))
);
create unique index external_alerts_one_firing on external_alerts (fingerprint) where state = 'firing';
create index external_alerts_expiring on external_alerts (expires_at) where state = 'firing';
create index external_alerts_ended on external_alerts (ends_at) where state = 'resolved';
create index external_alerts_newest on external_alerts (first_heard_at desc, id desc);

-- The outside watcher that hears from us while we work.
create table dead_man (
  only_row       boolean primary key default true check (only_row),
  -- AES-256-GCM under NINES_SECRET_KEY.
  url_ciphertext text not null,
  method         text not null check (method in ('GET', 'POST')),
  interval_ms    integer not null check (interval_ms >= 10000),
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now()
);

-- Rounds of reconciliation: what did not agree, and what was mended.
create table reconciliations (
  id          text primary key,
  started_at  timestamptz not null,
  finished_at timestamptz not null,
  findings    jsonb not null,
  created_at  timestamptz not null default now()
);
create index reconciliations_started_at on reconciliations (started_at);
-- Attempts that nobody finished are few.
create index attempts_unfinished on attempts (started_at) where finished_at is null;
