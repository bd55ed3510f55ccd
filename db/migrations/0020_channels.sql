-- Channels for people: several alerts in one message, a second channel for what the first does not take.

alter table deliveries
  -- Told in the message of this delivery, of the same endpoint, as long as that one is pending.
  add column grouped_into text references deliveries (id) check (grouped_into <> id),
  -- What is told in one message: the service. Null: a message of its own.
  add column group_key text,
  -- The endpoint that did not take the event, in place of which this one is told.
  add column stands_in_for text references endpoints (id) check (stands_in_for <> endpoint_id);
-- Finds the message that a new alert joins, and what a message tells beside its own event.
create index deliveries_waiting_group on deliveries (endpoint_id, group_key) where state = 'pending' and group_key is not null;
create index deliveries_grouped on deliveries (grouped_into) where grouped_into is not null;
create index deliveries_stand_in on deliveries (event_id) where stands_in_for is not null;

alter table attempts
  -- Ids of the events that this attempt told of in one message; null: of its own event only.
  add column told_events text[];
