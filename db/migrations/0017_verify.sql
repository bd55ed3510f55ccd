-- What lets anyone check a figure later: what minutes counted before late runs corrected them, and digests of raw runs.

-- A minute of an SLO that was evaluated already and then counted anew because runs came late: what it counted until then.
-- Evaluations of minutes up to and with `evaluated_through` saw these counts, later ones saw what came after.
create table sli_corrections (
  slo_id            text not null,
  version           integer not null,
  minute            timestamptz not null check (date_trunc('minute', minute, 'UTC') = minute),
  evaluated_through timestamptz not null check (date_trunc('minute', evaluated_through, 'UTC') = evaluated_through),
  good              integer not null check (good >= 0),
  total             integer not null check (total >= good),
  expected          integer not null check (expected >= 0),
  created_at        timestamptz not null default now(),
  primary key (slo_id, evaluated_through, minute, version),
  foreign key (slo_id, version) references slo_versions (slo_id, version)
);
create index sli_corrections_minute on sli_corrections using brin (minute);

-- Sealed days of raw runs: SHA-256 over the exported lines of the day, and over the chain of all days before it.
-- A day that is sealed again, because runs came late or were dropped, is a new row: what was published stays.
create table run_digests (
  position   bigint generated always as identity primary key,
  day        date not null,
  runs       bigint not null check (runs >= 0),
  sha256     text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  -- SHA-256 of "<chain of the row before> <day> <runs> <sha256>\n"; the first row has 64 zeros before it.
  chain      text not null check (chain ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default now()
);
create index run_digests_day on run_digests (day, position);

create function guard_run_digest() returns trigger language plpgsql as
$$
begin
  raise exception 'a digest is published and never changed' using errcode = 'restrict_violation';
end
$$;
create trigger run_digests_append_only before update or delete on run_digests for each row execute function guard_run_digest();
