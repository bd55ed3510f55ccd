-- Buckets of the rate limit as all web instances together spent them. Unlogged: after a crash everybody begins with a full one.
create unlogged table rate_limits (
  caller text primary key,
  capacity float8 not null,
  refill_per_second float8 not null,
  tokens float8 not null,
  refilled_at timestamptz not null
);
create index rate_limits_refilled_at on rate_limits (refilled_at);

-- What a key may ask for when it is not the usual.
create table rate_tiers (
  key_id text primary key references api_keys (id),
  tier text not null,
  set_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Work that takes longer than a request. Whoever runs one holds it until `claimed_until`; after that anybody may go on from `cursor`.
create table jobs (
  id text primary key,
  kind text not null,
  params jsonb not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'canceled')),
  -- As the audit log names who asked: nobody else sees the job.
  actor text not null,
  author text not null,
  progress float8 not null default 0 check (progress between 0 and 1),
  cursor text,
  result_url text,
  result_type text,
  error_code text,
  error_detail text,
  tries int4 not null default 0,
  due_at timestamptz not null,
  claim int8 not null default 0,
  claimed_until timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  expires_at timestamptz,
  callback_url text,
  callback_secret text,
  callback_due_at timestamptz,
  callback_tries int4 not null default 0,
  callback_error text,
  created_at timestamptz not null,
  updated_at timestamptz not null default now()
);
create index jobs_due on jobs (due_at) where state in ('queued', 'running');
create index jobs_actor on jobs (actor, created_at desc, id desc);
create index jobs_callback on jobs (callback_due_at) where callback_due_at is not null;
create index jobs_expires_at on jobs (expires_at);

create table job_results (
  job_id text not null references jobs (id) on delete cascade,
  part int4 not null,
  body text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (job_id, part)
);

-- A time during which an error budget was spent. One open at most an SLO, so that everybody is told of it once.
create table budget_exhaustions (
  slo_id text not null references slos (id),
  number int4 not null,
  exhausted_at timestamptz not null,
  recovered_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (slo_id, number)
);
create unique index budget_exhaustions_open on budget_exhaustions (slo_id) where recovered_at is null;
