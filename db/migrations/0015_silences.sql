-- Who is told of an alert and who is not, and alerts on figures as they are.

-- What the file says of a service beside its name: both are read by the engine only.
alter table services
  add column depends_on       text[] not null default '{}',
  add column threshold_alerts jsonb not null default '[]';

-- An alert of a threshold has no SLO; the others have their service through it.
alter table alerts
  alter column slo_id drop not null,
  add column service_id   text references services (id),
  -- Endpoint ids that the pair named when it fired; null: every endpoint that subscribes.
  add column notify       text[],
  -- Why nobody is told: ids of silences, of firing alerts of services that this one depends on, of firing pages of its SLO.
  add column silenced_by  text[] not null default '{}',
  add column inhibited_by text[] not null default '{}',
  add column muted_by     text[] not null default '{}',
  add check (slo_id is not null or (service_id is not null and pair_id like 'threshold\_%'));
create unique index alerts_threshold_number on alerts (pair_id, number) where slo_id is null;
create unique index alerts_one_firing_per_threshold on alerts (pair_id) where slo_id is null and state = 'firing';

-- Whoever was told that these fire is told of their end.
update alerts a
   set notify = (select array(select jsonb_array_elements_text(p -> 'notify'))
                   from slos s cross join jsonb_array_elements(s.definition -> 'burnRateAlerts') p
                  where s.id = a.slo_id and p ->> 'id' = a.pair_id and jsonb_typeof(p -> 'notify') = 'array')
 where state = 'firing';

-- Alerts that match are recorded, but nobody is told. An empty list matches everything; all four empty is no silence.
create table silences (
  id          text primary key,
  service_ids text[] not null,
  slo_ids     text[] not null,
  pairs       text[] not null,
  severities  text[] not null check (severities <@ array['page', 'ticket']),
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  author      text not null check (author <> ''),
  comment     text not null check (comment <> ''),
  -- When it was ended by hand, and by whom.
  expired_at  timestamptz,
  expired_by  text,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  check (ends_at > starts_at),
  check (service_ids || slo_ids || pairs || severities <> '{}'),
  check ((expired_at is null) = (expired_by is null))
);
create index silences_ends_at on silences (ends_at) where expired_at is null;

-- Somebody looks after an alert. The newest one of an alert that has not ended counts.
create table acknowledgements (
  id         text primary key,
  alert_id   text not null references alerts (id),
  author     text not null check (author <> ''),
  note       text,
  expires_at timestamptz check (expires_at > created_at),
  ended_at   timestamptz,
  -- Who took it back; `expired` when its time was over, `replaced` when another one took its place.
  ended_by   text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((ended_at is null) = (ended_by is null))
);
create unique index acknowledgements_one_open on acknowledgements (alert_id) where ended_at is null;
