-- Customers who asked to be told: whom, by which channel, of what; and the messages on their way to them.

-- The key that addresses are hashed with and links are signed with, sealed: it outlives a rotation of the service's key.
create table subscriber_keys (
  only_row boolean primary key default true check (only_row),
  key_ciphertext text not null,
  created_at timestamptz not null default now()
);

-- The mail server of the file's section `mail`.
create table mail_settings (
  only_row boolean primary key default true check (only_row),
  url_ciphertext text not null,
  -- The empty text stands for no sign-in.
  secret_ciphertext text not null default '',
  sender text not null,
  username text,
  starttls boolean not null,
  max_per_second integer not null check (max_per_second between 1 and 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table subscribers (
  id text primary key,
  channel text not null check (channel in ('email', 'webhook', 'slack', 'discord', 'teams')),
  -- Who unsubscribes is deleted, so that nothing of the address is kept.
  state text not null check (state in ('unconfirmed', 'active', 'disabled')),
  address_ciphertext text not null,
  -- Keyed hash of channel and normalised address: finds an address without opening any.
  address_hash text not null unique,
  -- What a webhook's messages are signed with.
  secret_ciphertext text,
  -- The mail address that a webhook's owner gave beside it.
  contact_ciphertext text,
  kinds text[] not null check (cardinality(kinds) > 0 and kinds <@ array['incidents', 'maintenance', 'states']),
  -- Null: every service.
  service_ids text[],
  -- Null: every incident.
  incident_id text,
  cadence text not null default 'each' check (cadence in ('each', 'daily')),
  language text not null check (language in ('en', 'ko', 'ru')),
  -- Address of the page at the time of the sign-up: for links while the file names none.
  base_url text not null,
  -- The page that was signed up at: its services are all that is told.
  page_id text not null default 'main',
  confirm_expires_at timestamptz,
  confirmed_at timestamptz,
  disabled_at timestamptz,
  disabled_reason text,
  -- Permanent refusals in a row.
  bounces integer not null default 0 check (bounces >= 0),
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((state = 'disabled') = (disabled_at is not null)),
  check (state <> 'active' or confirmed_at is not null)
);
create index subscribers_active on subscribers (id) where state = 'active';
create index subscribers_by_age on subscribers (created_at, id);

create table subscriber_messages (
  id text primary key,
  subscriber_id text not null references subscribers (id) on delete cascade,
  channel text not null,
  kind text not null check (kind in ('confirmation', 'reminder', 'event', 'digest')),
  -- No reference: the log of events is emptied by its own rule.
  event_id text,
  -- The event, the day of the digest or the number of the confirmation: one message for each.
  dedup_key text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'dead', 'canceled')),
  attempts_made integer not null default 0 check (attempts_made >= 0),
  first_due_at timestamptz not null,
  next_attempt_at timestamptz not null,
  leased_until timestamptz,
  lease_token text,
  finished_at timestamptz,
  last_error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (subscriber_id, dedup_key),
  check ((state = 'pending') = (finished_at is null)),
  check ((leased_until is null) = (lease_token is null)),
  check ((kind = 'event') = (event_id is not null))
);
create index subscriber_messages_due on subscriber_messages (channel, next_attempt_at, id) where state = 'pending';
create index subscriber_messages_of on subscriber_messages (subscriber_id) where state = 'pending';
create index subscriber_messages_finished on subscriber_messages (finished_at) where finished_at is not null;

-- How far the log of events was told: all up to `position`, and of the next one the subscribers up to `subscriber_id`.
create table subscriber_progress (
  only_row boolean primary key default true check (only_row),
  position bigint not null,
  subscriber_id text not null default '',
  updated_at timestamptz not null default now()
);
-- Nobody is told of what happened before there were subscribers.
insert into subscriber_progress (position) select coalesce(max(position), 0) from events;

-- Messages that a channel may still get at once; flows in evenly.
create table subscriber_rates (
  channel text primary key,
  tokens double precision not null,
  at timestamptz not null
);

-- Sign-ups of an address or from an address in one window of time. Keys are hashes.
create table subscriber_limits (
  key text not null,
  window_start timestamptz not null,
  count integer not null check (count >= 1),
  primary key (key, window_start)
);

-- What a sign-up answered with: shows the same for an address that was known and for one that was not.
create table subscriber_receipts (
  id text primary key check (id ~ '^[a-z0-9]{12}$'),
  -- Null: nothing was signed up, or it is gone.
  subscriber_id text references subscribers (id) on delete set null,
  channel text not null,
  created_at timestamptz not null
);
create index subscriber_receipts_by_age on subscriber_receipts (created_at);
create index subscriber_receipts_of on subscriber_receipts (subscriber_id) where subscriber_id is not null;
