-- Lists of the dashboards that went through whole tables. They grow with time: deliveries and alerts are never few.

-- The newest test of an endpoint: without this all events were looked at for each endpoint.
create index events_endpoint_tests on events (id) where type = 'endpoint.test';

-- How many deliveries of an endpoint are dead, and which, the newest first.
create index deliveries_dead_by_endpoint on deliveries (endpoint_id, id) where state = 'dead';

-- Alerts, the newest first: a page of them costs what it shows.
create index alerts_newest on alerts (fired_at desc, id desc);

-- What ended within the last day, for those on call.
create index alerts_ended on alerts (resolved_at) where state = 'resolved';
