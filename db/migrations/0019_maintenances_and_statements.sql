-- Maintenance as data for budgets, and statements of what was promised and kept.

create table maintenances (
  id            text primary key,
  title         text not null check (title <> ''),
  -- Plain text for the page; may be empty.
  body          text not null default '',
  impact        text not null default 'none' check (impact in ('none', 'minor', 'major', 'critical')),
  -- Minutes before the start of each occurrence at which people are reminded: [1440, 60].
  reminders     jsonb not null default '[]',
  service_ids   text[] not null check (cardinality(service_ids) > 0),
  -- The first occurrence. Those that follow are worked out from the rule on the wall clock of the zone.
  starts_at     timestamptz not null,
  duration_ms   bigint not null check (duration_ms > 0),
  -- RFC 5545, without "RRULE:"; null happens once.
  rrule         text,
  time_zone     text not null,
  -- When customers were told, as its author says; created_at is when we were.
  announced_at  timestamptz not null,
  author        text not null check (author <> ''),
  canceled_at   timestamptz check (canceled_at >= created_at),
  canceled_by   text,
  cancel_reason text,
  -- Occurrences that begin before this are in the table below; null before the first round.
  expanded_to   timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  check ((canceled_at is null) = (canceled_by is null))
);
create index maintenances_to_expand on maintenances (expanded_to) where canceled_at is null;

-- One row for each service of each occurrence. The key follows from the maintenance, so that a replay adds nothing, not even
-- after its exclusion was revoked by hand.
create table maintenance_occurrences (
  maintenance_id text not null references maintenances (id),
  service_id     text not null references services (id),
  starts_at      timestamptz not null,
  ends_at        timestamptz not null check (ends_at > starts_at),
  exclusion_id   text not null unique references exclusions (id),
  created_at     timestamptz not null default now(),
  primary key (maintenance_id, service_id, starts_at)
);
create index maintenance_occurrences_by_service on maintenance_occurrences (service_id, ends_at);

-- Append-only. A statement is never changed: a correction adds one that names the one it replaces.
create table statements (
  id            text primary key,
  -- Of what: "month" or "quarter" of the page's calendar, for the whole page (null) or one service.
  period_kind   text not null check (period_kind in ('month', 'quarter')),
  period        text not null check (period ~ '^\d{4}-(\d\d|Q[1-4])$'),
  service_id    text references services (id),
  version       integer not null check (version >= 1),
  replaces      text references statements (id),
  inputs_sha256 text not null check (inputs_sha256 ~ '^[0-9a-f]{64}$'),
  -- The canonical inputs without the minutes themselves, of which they hold digests: what a restatement is compared with.
  inputs        text not null,
  -- The statement as it was issued, byte for byte.
  document      text not null,
  author        text not null check (author <> ''),
  created_at    timestamptz not null default now(),
  check ((version = 1) = (replaces is null))
);
create unique index statements_versions on statements (period, coalesce(service_id, ''), version);

create function guard_statement() returns trigger language plpgsql as
$$
begin
  raise exception 'a statement is restated, never changed or deleted' using errcode = 'restrict_violation';
end
$$;
create trigger statements_append_only before update or delete on statements for each row execute function guard_statement();
