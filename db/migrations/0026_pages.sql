-- Takes part in the numbering; its statements follow with the feature.

-- Maintenance: what becomes of each occurrence, and what was said of it.

-- Grows with every change that a calendar should follow.
-- Its id in the configuration; null: it was made by a person, or has left the configuration.
alter table maintenances add column file_id text;
create unique index maintenances_file_id on maintenances (file_id) where file_id is not null;
alter table maintenances add column sequence integer not null default 0 check (sequence >= 0);

-- When an occurrence that was moved was meant to begin; null: when it does.
alter table maintenance_occurrences add column planned_for timestamptz;

-- One row for each occurrence, whatever the number of its services. Made from the table above, so that those which another
-- version of this program stored are found too.
create table maintenance_runs (
  maintenance_id   text not null references maintenances (id),
  planned_for      timestamptz not null,
  state            text not null default 'scheduled'
                     check (state in ('scheduled', 'in_progress', 'verifying', 'completed', 'canceled')),
  starts_at        timestamptz not null,
  ends_at          timestamptz not null,
  sequence         integer not null default 0 check (sequence >= 0),
  -- The shortest reminder that was sent.
  reminded_minutes integer,
  started_at       timestamptz,
  ended_at         timestamptz,
  canceled_at      timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  primary key (maintenance_id, planned_for),
  check (ends_at > starts_at)
);
create index maintenance_runs_open on maintenance_runs (starts_at) where state in ('scheduled', 'in_progress', 'verifying');
create index maintenance_runs_ended on maintenance_runs (ends_at);

create table maintenance_updates (
  id             text primary key,
  maintenance_id text not null,
  planned_for    timestamptz not null,
  status         text not null check (status in ('scheduled', 'in_progress', 'verifying', 'completed', 'canceled')),
  -- Plain text.
  body           text not null check (body <> ''),
  author         text not null check (author <> ''),
  created_at     timestamptz not null default now(),
  foreign key (maintenance_id, planned_for) references maintenance_runs (maintenance_id, planned_for)
);
create index maintenance_updates_of_run on maintenance_updates (maintenance_id, planned_for, created_at);

insert into maintenance_runs (maintenance_id, planned_for, state, starts_at, ends_at, started_at, ended_at, canceled_at, created_at, updated_at)
select o.maintenance_id, o.starts_at,
       case when m.canceled_at <= o.starts_at then 'canceled'
            when max(o.ends_at) <= now() then 'completed'
            else 'scheduled' end,
       o.starts_at, max(o.ends_at),
       case when m.canceled_at <= o.starts_at then null when max(o.ends_at) <= now() then o.starts_at end,
       case when m.canceled_at <= o.starts_at then null when max(o.ends_at) <= now() then max(o.ends_at) end,
       case when m.canceled_at <= o.starts_at then m.canceled_at end,
       min(o.created_at), min(o.created_at)
  from maintenance_occurrences o join maintenances m on m.id = o.maintenance_id
 group by o.maintenance_id, o.starts_at, m.canceled_at;
