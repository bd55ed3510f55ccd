-- What wakes somebody goes before what does not: a page never waits behind the tickets of a slow channel.
alter table deliveries add column is_urgent boolean not null default false;
create index deliveries_urgent on deliveries (endpoint_id, next_attempt_at) where state = 'pending' and is_urgent;
