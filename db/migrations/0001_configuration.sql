-- The configuration file, applied as numbered versions, and the tables that mirror it.
-- Roles read these tables, never the file, so that any number of instances agree on what is configured.
-- Nothing is deleted: a thing that leaves the file is retired, because runs, alerts and incidents point at it.

create table config_versions (
  version     bigint generated always as identity primary key,
  sha256      text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  -- Definitions after defaults, without any secret.
  document    jsonb not null,
  applied_at  timestamptz not null,
  created_at  timestamptz not null default now()
);

create table locations (
  -- Short number that stands for the location in runs and buckets.
  no          smallint generated always as identity primary key,
  id          text not null unique check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name        text not null check (name <> ''),
  position    integer not null check (position >= 0),
  retired_at  timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

create table services (
  id          text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name        text not null check (name <> ''),
  description text,
  group_name  text check (group_name <> ''),
  position    integer not null check (position >= 0),
  retired_at  timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

create table probes (
  no          integer generated always as identity primary key,
  id          text not null unique check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  service_id  text not null references services (id),
  position    integer not null check (position >= 0),
  version     integer not null check (version >= 1),
  definition  jsonb not null,
  retired_at  timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

-- When which definition was in force: how many runs a past minute should have had depends on it.
create table probe_versions (
  probe_no     integer not null references probes (no),
  version      integer not null check (version >= 1),
  definition   jsonb not null,
  active_from  timestamptz not null,
  active_until timestamptz check (active_until >= active_from),
  created_at   timestamptz not null default now(),
  primary key (probe_no, version)
);
create unique index probe_versions_one_in_force on probe_versions (probe_no) where active_until is null;

create table slos (
  id          text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  service_id  text not null references services (id),
  position    integer not null check (position >= 0),
  version     integer not null check (version >= 1),
  definition  jsonb not null,
  retired_at  timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

create table slo_versions (
  slo_id       text not null references slos (id),
  version      integer not null check (version >= 1),
  definition   jsonb not null,
  active_from  timestamptz not null,
  active_until timestamptz check (active_until >= active_from),
  created_at   timestamptz not null default now(),
  primary key (slo_id, version)
);
create unique index slo_versions_one_in_force on slo_versions (slo_id) where active_until is null;

create table endpoints (
  id                text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  type              text not null check (type in ('webhook')),
  -- AES-256-GCM under NINES_SECRET_KEY; the row's id is authenticated with it (see lib/commands/secret-box.ts).
  url_ciphertext    text not null,
  secret_ciphertext text not null,
  events            text[] not null check (cardinality(events) > 0),
  timeout_ms        integer not null check (timeout_ms between 1 and 30000),
  state             text not null check (state in ('active', 'disabled')),
  disabled_reason   text,
  -- The `sequence` of the newest event sent to this endpoint: consecutive, without holes.
  last_sequence     bigint not null default 0 check (last_sequence >= 0),
  retired_at        timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  check ((state = 'disabled') = (disabled_reason is not null))
);
