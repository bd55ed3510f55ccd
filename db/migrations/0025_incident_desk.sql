-- Incidents as a desk needs them: drafts, updates that are planned, impacts by service, alerts, templates, measured cost.

-- Published when nothing else is said, so that what does not know of drafts goes on as before.
alter table incidents
  add column origin       text not null default 'person' check (origin in ('person', 'alert')),
  add column published_at timestamptz default now(),
  -- When a draft is to be published by itself.
  add column publish_at   timestamptz,
  add column discarded_at timestamptz,
  add column merged_into  text references incidents (id) check (merged_into <> id),
  -- When a person changed it first: from then on it is never closed by itself.
  add column handled_at   timestamptz,
  -- Since when the desk asks whether it is over.
  add column asks_at      timestamptz,
  -- {language: {name}}
  add column translations jsonb not null default '{}';
create index incidents_by_start on incidents (started_at desc, id desc);
create index incidents_open on incidents (id) where status not in ('resolved', 'postmortem');

-- Null: the impact of the incident.
alter table incident_services
  add column impact text check (impact in ('none', 'minor', 'major', 'critical'));
create index incident_services_by_service on incident_services (service_id);

alter table incident_updates
  add column published_at timestamptz default now(),
  add column publish_at   timestamptz,
  -- The impact of the incident from this update on; null: as before.
  add column impact       text check (impact in ('none', 'minor', 'major', 'critical')),
  -- Impacts by service from this update on: {serviceId: impact}.
  add column impacts      jsonb not null default '{}',
  -- Whether subscribers are told.
  add column notify       boolean not null default true,
  -- {language: {body}}
  add column translations jsonb not null default '{}';
create index incident_updates_due on incident_updates (publish_at) where published_at is null and publish_at is not null;

-- An alert belongs to one incident at most.
create table incident_alerts (
  alert_id    text primary key references alerts (id),
  incident_id text not null references incidents (id),
  created_at  timestamptz not null default now()
);
create index incident_alerts_by_incident on incident_alerts (incident_id);

-- What an incident spent of the error budget of an objective, as measured last.
create table incident_costs (
  incident_id text not null references incidents (id),
  slo_id      text not null references slos (id),
  service_id  text not null references services (id),
  -- Share of the whole budget: 1 is all of it.
  share       double precision not null,
  -- YYYY-MM for calendar months, else null.
  period      text,
  window_days double precision not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  primary key (incident_id, slo_id)
);

create table incident_templates (
  id           text primary key,
  name         text not null check (name <> ''),
  title        text not null check (title <> ''),
  message      text not null check (message <> ''),
  status       text not null check (status in ('investigating', 'identified', 'monitoring')),
  impact       text not null check (impact in ('none', 'minor', 'major', 'critical')),
  -- [{serviceId, impact}]
  affected     jsonb not null default '[]',
  -- {language: {title, message}}
  translations jsonb not null default '{}',
  -- Whether it stands in the configuration; then nothing else changes it.
  managed_by   text not null default 'ui' check (managed_by in ('file', 'ui')),
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (name, managed_by)
);
