-- Keys of the API, and the answers to requests that carry an Idempotency-Key.

-- Only hashes are kept: a copy of the database opens nothing. A key is locked to the version of the API that it was made
-- for, and a rotated one lives on until its grace ends.
create table api_keys (
  id           text primary key,
  name         text not null check (char_length(name) between 1 and 100),
  token_sha256 text not null unique check (token_sha256 ~ '^[0-9a-f]{64}$'),
  scopes       text[] not null check (cardinality(scopes) between 1 and 100),
  api_version  text not null,
  created_by   text not null,
  expires_at   timestamptz,
  last_used_at timestamptz,
  revoked_at   timestamptz,
  -- The key that took over when this one was rotated.
  replaced_by  text references api_keys (id),
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  check (expires_at > created_at)
);

-- Written in the transaction of the change that was asked for: a row exists exactly when the change was made. Answers
-- are encrypted with a key made of the caller's token and Idempotency-Key, of which the database holds hashes only.
create table idempotency_keys (
  principal      text not null,
  key_sha256     text not null check (key_sha256 ~ '^[0-9a-f]{64}$'),
  request_sha256 text not null check (request_sha256 ~ '^[0-9a-f]{64}$'),
  answer         text not null,
  expires_at     timestamptz not null,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  primary key (principal, key_sha256)
);
create index idempotency_keys_expires_at on idempotency_keys (expires_at);
