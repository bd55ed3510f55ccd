-- A delivery that shows whether a new address works: it goes to `endpoints.pending_url_ciphertext`, and its success makes
-- that the address in use. An older release sends it to the address in use, which is harmless: it is a test.
alter table deliveries add column to_pending_url boolean not null default false;
create index deliveries_verifying on deliveries (endpoint_id) where state = 'pending' and to_pending_url;
-- The log of one endpoint, newest first.
create index deliveries_by_endpoint on deliveries (endpoint_id, id);
