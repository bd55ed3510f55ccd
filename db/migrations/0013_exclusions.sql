-- Corrections of what counts, and packed days that let an engine take over quickly.

-- What is left out of the figures, or counted as good, and why. Append-only apart from approval and revocation: what was
-- known at an instant is `created_at <= instant and (revoked_at is null or revoked_at > instant)`.
-- An exclusion covers every minute that [starts_at, ends_at) touches. What each kind does is said in docs/slo.md.
create table exclusions (
  id          text primary key,
  -- Exactly one of the three says what it is about.
  slo_id      text references slos (id),
  service_id  text references services (id),
  probe_id    text references probes (id),
  kind        text not null check (kind in ('announced', 'emergency', 'retroactive', 'false_positive', 'probe_fault')),
  starts_at   timestamptz not null,
  ends_at     timestamptz not null,
  reason      text not null check (reason <> ''),
  author      text not null check (author <> ''),
  approved_by text check (approved_by <> author),
  approved_at timestamptz,
  created_at  timestamptz not null default now(),
  revoked_at  timestamptz check (revoked_at >= created_at),
  revoked_by  text,
  -- How often the row was written: the sum over all rows never comes twice, whatever the order of the commits.
  revision    integer not null default 1 check (revision >= 1),
  check (ends_at > starts_at),
  check (num_nonnulls(slo_id, service_id, probe_id) = 1),
  check ((approved_by is null) = (approved_at is null)),
  check ((revoked_at is null) = (revoked_by is null))
);
create index exclusions_ends_at on exclusions (ends_at) where revoked_at is null;

create function guard_exclusion() returns trigger language plpgsql as
$$
begin
  if tg_op = 'DELETE' then
    raise exception 'an exclusion is revoked, never deleted' using errcode = 'restrict_violation';
  end if;
  if (new.id, new.slo_id, new.service_id, new.probe_id, new.kind, new.starts_at, new.ends_at, new.reason, new.author, new.created_at)
       is distinct from
     (old.id, old.slo_id, old.service_id, old.probe_id, old.kind, old.starts_at, old.ends_at, old.reason, old.author, old.created_at)
     or (old.approved_by is not null and (new.approved_by, new.approved_at) is distinct from (old.approved_by, old.approved_at))
     or (old.revoked_by is not null and (new.revoked_by, new.revoked_at) is distinct from (old.revoked_by, old.revoked_at)) then
    raise exception 'an exclusion may only be approved or revoked, each once' using errcode = 'restrict_violation';
  end if;
  new.revision := old.revision + 1;
  return new;
end
$$;
create trigger exclusions_append_only before update or delete on exclusions for each row execute function guard_exclusion();

-- The minutes of an SLO packed by the UTC day, as lib/core/slo/day-pack.ts has them: a function of the day's rows in sli_hours.
-- Null where those changed since, or where the day is not over: its reader takes the hours then. No row: there is no hour.
create table sli_days (
  slo_id     text not null,
  version    integer not null,
  day        timestamptz not null check (date_trunc('day', day, 'UTC') = day),
  counts     bytea,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (slo_id, version, day),
  foreign key (slo_id, version) references slo_versions (slo_id, version)
);
create index sli_days_unpacked on sli_days (day) where counts is null;

-- By trigger, so that whoever writes hours, an older version of this program too, never leaves a wrong day behind.
create function mark_sli_days() returns trigger language plpgsql as
$$
begin
  -- A restore brings the days that belong to the hours.
  if current_setting('nines.is_restoring', true) = 'on' then
    return null;
  end if;
  if tg_op = 'INSERT' then
    insert into sli_days (slo_id, version, day)
    select distinct slo_id, version, date_trunc('day', hour, 'UTC') from changed
     order by 1, 2, 3
    on conflict (slo_id, version, day) do nothing;
  end if;
  update sli_days d set counts = null, updated_at = now()
    from (select distinct slo_id, version, date_trunc('day', hour, 'UTC') as day from changed) c
   where d.slo_id = c.slo_id and d.version = c.version and d.day = c.day and d.counts is not null;
  return null;
end
$$;
create trigger sli_hours_inserted after insert on sli_hours
  referencing new table as changed for each statement execute function mark_sli_days();
create trigger sli_hours_updated after update on sli_hours
  referencing new table as changed for each statement execute function mark_sli_days();

insert into sli_days (slo_id, version, day)
select distinct slo_id, version, date_trunc('day', hour, 'UTC') from sli_hours
on conflict (slo_id, version, day) do nothing;
