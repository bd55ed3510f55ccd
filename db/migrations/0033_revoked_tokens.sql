-- Tokens of identity providers that open nothing any more. No token is taken that ends later than a day from now, so a row
-- is of use for little more than that.
create table revoked_tokens (
  issuer text not null,
  jti text not null,
  expires_at timestamptz not null,
  revoked_by text not null,
  reason text,
  created_at timestamptz not null default now(),
  primary key (issuer, jti)
);
create index revoked_tokens_expires_at on revoked_tokens (expires_at);
