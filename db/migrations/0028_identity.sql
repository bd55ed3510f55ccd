-- Accounts, their sessions and second factors, and the chain that makes a change of the audit log show.

create table users (
  id            text primary key,
  -- What is typed to sign in: an e-mail address or a short name, lower case.
  login         text not null unique check (login ~ '^[a-z0-9][a-z0-9._+@-]{0,253}$'),
  name          text not null check (char_length(name) between 1 and 100),
  role          text not null check (role in ('viewer', 'responder', 'editor', 'admin')),
  -- argon2id in the PHC form; null: no password opens the account.
  password_hash text check (password_hash like '$argon2id$%'),
  -- Sealed. Counts only once totp_enabled_at is set.
  totp_ciphertext text,
  totp_enabled_at timestamptz,
  -- The newest step of 30 s whose code was used: an older or equal one is a replay.
  totp_last_step  bigint not null default 0,
  -- Who the identity provider says it is.
  oidc_issuer   text,
  oidc_subject  text,
  disabled_at   timestamptz,
  last_sign_in_at timestamptz,
  created_by    text not null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (oidc_issuer, oidc_subject),
  check ((oidc_issuer is null) = (oidc_subject is null))
);

-- Codes for when the second factor is lost. They are random, so a plain hash is enough.
create table recovery_codes (
  code_sha256 text primary key check (code_sha256 ~ '^[0-9a-f]{64}$'),
  user_id     text not null references users (id) on delete cascade,
  used_at     timestamptz,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
create index recovery_codes_user on recovery_codes (user_id);

-- Null in rows that an older release writes: such a session is one of the first administrator.
alter table sessions add column user_id text references users (id) on delete cascade;
alter table sessions add column method text not null default 'link';
alter table sessions add column user_agent text;
create index sessions_user on sessions (user_id) where revoked_at is null;

-- Null: the first administrator.
alter table sign_in_links add column user_id text references users (id) on delete cascade;

-- Failed sign-ins by account and network, so that guessing locks the guesser out and not the account's owner.
create table sign_in_failures (
  -- SHA-256 of what was typed as the login; empty: all accounts from that network.
  account       text not null,
  network       text not null,
  failures      integer not null,
  first_at      timestamptz not null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  primary key (account, network)
);
create index sign_in_failures_first_at on sign_in_failures (first_at);

-- The chain: row n holds the hash of row n - 1 and of one row of the audit log, in the order of commits.
create table audit_chain (
  seq       bigint primary key check (seq > 0),
  position  bigint not null unique references audit_log (position),
  prev_hash text not null unique check (prev_hash ~ '^[0-9a-f]{64}$'),
  hash      text not null check (hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default now()
);

-- The text of a row that is hashed.
create function audit_text(entry audit_log) returns text language sql stable as $$
  select jsonb_build_array(entry.position, to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                           entry.actor, entry.action, entry.subject, entry.before, entry.after)::text
$$;

-- Links one row. The lock makes transactions take their turn; at commit, so that it waits for nothing else.
create function chain_audit_row(entry audit_log) returns void language plpgsql as $$
declare
  last audit_chain%rowtype;
  previous text;
begin
  perform pg_advisory_xact_lock(hashtextextended('nines/audit_chain', 0));
  -- A restored backup brings the chain along.
  if exists (select from audit_chain c where c.position = entry.position) then return; end if;
  select * into last from audit_chain order by seq desc limit 1;
  previous := coalesce(last.hash, repeat('0', 64));
  insert into audit_chain (seq, position, prev_hash, hash)
  values (coalesce(last.seq, 0) + 1, entry.position, previous,
          encode(sha256(convert_to(previous || E'\n' || audit_text(entry), 'UTF8')), 'hex'));
end $$;

create function chain_new_audit_row() returns trigger language plpgsql as
$$ begin perform chain_audit_row(new); return null; end $$;

do $$
declare entry audit_log;
begin
  for entry in select * from audit_log order by position loop perform chain_audit_row(entry); end loop;
end $$;

create constraint trigger audit_log_is_chained after insert on audit_log deferrable initially deferred
  for each row execute function chain_new_audit_row();
create trigger audit_chain_is_append_only before update or delete on audit_chain for each row execute function refuse_change();
-- Tables without rows may be: a restore does so before it fills them.
create function refuse_emptying() returns trigger language plpgsql as $$
declare has_rows boolean;
begin
  execute format('select exists (select from %I)', tg_table_name) into has_rows;
  if has_rows then raise exception '% is append-only', tg_table_name; end if;
  return null;
end $$;
create trigger audit_log_is_never_emptied before truncate on audit_log for each statement execute function refuse_emptying();
create trigger audit_chain_is_never_emptied before truncate on audit_chain for each statement execute function refuse_emptying();
create index audit_log_subject on audit_log (subject, position);
create index audit_log_actor on audit_log (actor, position);

-- Keys for trying things out: they open the demonstration only.
alter table api_keys add column is_test boolean not null default false;
