-- Sign-in by a one-time link until accounts exist, sessions, and the audit log.

-- Only hashes are kept: a copy of the database signs nobody in.
create table sign_in_links (
  token_sha256 text primary key check (token_sha256 ~ '^[0-9a-f]{64}$'),
  expires_at   timestamptz not null,
  used_at      timestamptz,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

create table sessions (
  token_sha256 text primary key check (token_sha256 ~ '^[0-9a-f]{64}$'),
  last_seen_at timestamptz not null,
  expires_at   timestamptz not null,
  revoked_at   timestamptz,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

-- Append-only: who changed what.
create table audit_log (
  position   bigint generated always as identity primary key,
  at         timestamptz not null,
  actor      text not null,
  action     text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  subject    text not null,
  before     jsonb,
  after      jsonb,
  created_at timestamptz not null default now()
);
create function refuse_change() returns trigger language plpgsql as
$$ begin raise exception '% is append-only', tg_table_name; end $$;
create trigger audit_log_is_append_only before update or delete on audit_log for each row execute function refuse_change();
create trigger events_are_immutable before update on events for each row execute function refuse_change();
