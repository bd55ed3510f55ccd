-- The public state over time, incidents, and the snapshot that the page is made from.

-- A row at each change of a service's state; it holds until the next row. While nothing watches, the state is unknown.
create table service_states (
  service_id  text not null references services (id),
  since       timestamptz not null,
  measured    text not null check (measured in ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'unknown')),
  published   text not null check (published in ('operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance', 'unknown')),
  created_at  timestamptz not null default now(),
  primary key (service_id, since)
);

-- Until when the newest row of service_states is known to hold, one row.
create table status_progress (
  only_row      boolean primary key default true check (only_row),
  watched_until timestamptz not null,
  updated_at    timestamptz not null default now()
);

create table incidents (
  id            text primary key,
  name          text not null check (name <> ''),
  status        text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved', 'postmortem')),
  impact        text not null check (impact in ('none', 'minor', 'major', 'critical')),
  started_at    timestamptz not null,
  monitoring_at timestamptz,
  resolved_at   timestamptz check (resolved_at >= started_at),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  check ((status in ('resolved', 'postmortem')) = (resolved_at is not null))
);

create table incident_services (
  incident_id text not null references incidents (id),
  service_id  text not null references services (id),
  created_at  timestamptz not null default now(),
  primary key (incident_id, service_id)
);

create table incident_updates (
  id          text primary key,
  incident_id text not null references incidents (id),
  status      text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved', 'postmortem')),
  body        text not null check (body <> ''),
  -- Statuspage's affected_components of this update: [{serviceId, oldState, newState}].
  affected    jsonb not null,
  display_at  timestamptz not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
create index incident_updates_by_incident on incident_updates (incident_id, display_at desc);

-- The newest snapshot, one row. `version` grows at every publication.
create table snapshots (
  only_row   boolean primary key default true check (only_row),
  version    bigint not null check (version >= 1),
  document   jsonb not null,
  built_at   timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
