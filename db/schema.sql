-- What the migrations add up to, written by "npm run db:dump". For reading and for the test that compares it;
-- a database is made by the migrations. Day partitions are left out.

create table acknowledgements (
  id text not null,
  alert_id text not null,
  author text not null,
  note text,
  expires_at timestamp with time zone,
  ended_at timestamp with time zone,
  ended_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint acknowledgements_pkey PRIMARY KEY (id),
  constraint acknowledgements_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alerts(id),
  constraint acknowledgements_author_check CHECK ((author <> ''::text)),
  constraint acknowledgements_check CHECK ((expires_at > created_at)),
  constraint acknowledgements_check1 CHECK (((ended_at IS NULL) = (ended_by IS NULL)))
);
CREATE UNIQUE INDEX acknowledgements_one_open ON public.acknowledgements USING btree (alert_id) WHERE (ended_at IS NULL);

create table agent_keys (
  kid text not null,
  location_no smallint not null,
  jwk jsonb not null,
  last_seen_at timestamp with time zone,
  clock_offset_ms integer,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint agent_keys_pkey PRIMARY KEY (kid),
  constraint agent_keys_location_no_fkey FOREIGN KEY (location_no) REFERENCES locations(no),
  constraint agent_keys_jwk_check CHECK ((NOT (jwk ?| ARRAY['d'::text, 'p'::text, 'q'::text, 'dp'::text, 'dq'::text, 'qi'::text, 'k'::text]))),
  constraint agent_keys_kid_check CHECK ((kid ~ '^[A-Za-z0-9_.~-]{1,128}$'::text))
);
CREATE INDEX agent_keys_live ON public.agent_keys USING btree (location_no) WHERE (revoked_at IS NULL);

create table alerts (
  id text not null,
  slo_id text,
  pair_id text not null,
  number integer not null,
  severity text not null,
  state text not null,
  has_data boolean default true not null,
  fired_at timestamp with time zone not null,
  resolved_at timestamp with time zone,
  resolve_reason text,
  firing_reading jsonb not null,
  resolved_reading jsonb,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  service_id text,
  notify text[],
  silenced_by text[] default '{}'::text[] not null,
  inhibited_by text[] default '{}'::text[] not null,
  muted_by text[] default '{}'::text[] not null,
  constraint alerts_pkey PRIMARY KEY (id),
  constraint alerts_slo_id_pair_id_number_key UNIQUE (slo_id, pair_id, number),
  constraint alerts_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint alerts_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id),
  constraint alerts_check CHECK (((state = 'resolved'::text) = (resolved_at IS NOT NULL))),
  constraint alerts_check1 CHECK (((state = 'resolved'::text) = (resolve_reason IS NOT NULL))),
  constraint alerts_check2 CHECK ((resolved_at >= fired_at)),
  constraint alerts_check3 CHECK (((slo_id IS NOT NULL) OR ((service_id IS NOT NULL) AND (pair_id ~~ 'threshold\_%'::text)))),
  constraint alerts_number_check CHECK ((number >= 1)),
  constraint alerts_resolve_reason_check CHECK ((resolve_reason = ANY (ARRAY['recovered'::text, 'no_data'::text, 'excluded'::text, 'policy_changed'::text]))),
  constraint alerts_severity_check CHECK ((severity = ANY (ARRAY['page'::text, 'ticket'::text]))),
  constraint alerts_state_check CHECK ((state = ANY (ARRAY['firing'::text, 'resolved'::text])))
);
CREATE INDEX alerts_ended ON public.alerts USING btree (resolved_at) WHERE (state = 'resolved'::text);
CREATE INDEX alerts_newest ON public.alerts USING btree (fired_at DESC, id DESC);
CREATE UNIQUE INDEX alerts_one_firing_per_pair ON public.alerts USING btree (slo_id, pair_id) WHERE (state = 'firing'::text);
CREATE UNIQUE INDEX alerts_one_firing_per_threshold ON public.alerts USING btree (pair_id) WHERE ((slo_id IS NULL) AND (state = 'firing'::text));
CREATE UNIQUE INDEX alerts_threshold_number ON public.alerts USING btree (pair_id, number) WHERE (slo_id IS NULL);

create table api_keys (
  id text not null,
  name text not null,
  token_sha256 text not null,
  scopes text[] not null,
  api_version text not null,
  created_by text not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  replaced_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  is_test boolean default false not null,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_token_sha256_key UNIQUE (token_sha256),
  constraint api_keys_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES api_keys(id),
  constraint api_keys_check CHECK ((expires_at > created_at)),
  constraint api_keys_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
  constraint api_keys_scopes_check CHECK (((cardinality(scopes) >= 1) AND (cardinality(scopes) <= 100))),
  constraint api_keys_token_sha256_check CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text))
);

create table attempts (
  delivery_id text not null,
  number integer not null,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  outcome text,
  reason text,
  http_status smallint,
  duration_ms integer,
  response_excerpt text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  request_headers jsonb,
  request_body text,
  told_events text[],
  constraint attempts_pkey PRIMARY KEY (delivery_id, number),
  constraint attempts_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES deliveries(id),
  constraint attempts_check CHECK (((finished_at IS NULL) = (outcome IS NULL))),
  constraint attempts_duration_ms_check CHECK ((duration_ms >= 0)),
  constraint attempts_number_check CHECK ((number >= 1)),
  constraint attempts_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'try_later'::text, 'refused'::text])))
);
CREATE INDEX attempts_started_at ON public.attempts USING btree (started_at);
CREATE INDEX attempts_unfinished ON public.attempts USING btree (started_at) WHERE (finished_at IS NULL);

create table audit_chain (
  seq bigint not null,
  position bigint not null,
  prev_hash text not null,
  hash text not null,
  created_at timestamp with time zone default now() not null,
  constraint audit_chain_pkey PRIMARY KEY (seq),
  constraint audit_chain_position_key UNIQUE ("position"),
  constraint audit_chain_prev_hash_key UNIQUE (prev_hash),
  constraint audit_chain_position_fkey FOREIGN KEY ("position") REFERENCES audit_log("position"),
  constraint audit_chain_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text)),
  constraint audit_chain_prev_hash_check CHECK ((prev_hash ~ '^[0-9a-f]{64}$'::text)),
  constraint audit_chain_seq_check CHECK ((seq > 0))
);
CREATE TRIGGER audit_chain_is_append_only BEFORE DELETE OR UPDATE ON public.audit_chain FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_is_never_emptied BEFORE TRUNCATE ON public.audit_chain FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();

create table audit_log (
  position bigint generated always as identity not null,
  at timestamp with time zone not null,
  actor text not null,
  action text not null,
  subject text not null,
  before jsonb,
  after jsonb,
  created_at timestamp with time zone default now() not null,
  constraint audit_log_pkey PRIMARY KEY ("position"),
  constraint audit_log_action_check CHECK ((action ~ '^[a-z_]+\.[a-z_]+$'::text))
);
CREATE INDEX audit_log_actor ON public.audit_log USING btree (actor, "position");
CREATE INDEX audit_log_subject ON public.audit_log USING btree (subject, "position");
CREATE TRIGGER audit_log_is_append_only BEFORE DELETE OR UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE CONSTRAINT TRIGGER audit_log_is_chained AFTER INSERT ON public.audit_log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chain_new_audit_row();
CREATE TRIGGER audit_log_is_never_emptied BEFORE TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();

create table blind_spans (
  location_no smallint not null,
  cause text not null,
  began_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  detail text not null,
  told_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint blind_spans_pkey PRIMARY KEY (location_no, cause, began_at),
  constraint blind_spans_location_no_fkey FOREIGN KEY (location_no) REFERENCES locations(no),
  constraint blind_spans_cause_check CHECK ((cause = ANY (ARRAY['reference'::text, 'dissent'::text, 'silent'::text]))),
  constraint blind_spans_check CHECK ((ended_at > began_at))
);
CREATE INDEX blind_spans_ended_at ON public.blind_spans USING btree (ended_at);
CREATE UNIQUE INDEX blind_spans_one_open ON public.blind_spans USING btree (location_no, cause) WHERE (ended_at IS NULL);

create table buckets (
  minute timestamp with time zone not null,
  rolled_up_at timestamp with time zone not null,
  duration_sum_us bigint not null,
  probe_no integer not null,
  expected integer not null,
  total integer not null,
  good integer not null,
  bad integer not null,
  unvoted integer not null,
  location_no smallint not null,
  bytes_read bigint default 0 not null,
  status_2xx smallint default 0 not null,
  status_3xx smallint default 0 not null,
  status_4xx smallint default 0 not null,
  status_5xx smallint default 0 not null,
  status_401_403 smallint default 0 not null,
  status_429 smallint default 0 not null,
  by_class jsonb,
  histogram bytea,
  constraint buckets_pkey PRIMARY KEY (probe_no, location_no, minute),
  constraint buckets_bad_check CHECK ((bad >= 0)),
  constraint buckets_bytes_read_check CHECK ((bytes_read >= 0)),
  constraint buckets_check CHECK ((((good + bad) + unvoted) = total)),
  constraint buckets_check1 CHECK (((((((status_2xx + status_3xx) + status_4xx) + status_5xx) + status_401_403) + status_429) <= total)),
  constraint buckets_duration_sum_us_check CHECK ((duration_sum_us >= 0)),
  constraint buckets_expected_check CHECK ((expected >= 0)),
  constraint buckets_good_check CHECK ((good >= 0)),
  constraint buckets_minute_check CHECK ((date_trunc('minute'::text, minute, 'UTC'::text) = minute)),
  constraint buckets_status_2xx_check CHECK ((status_2xx >= 0)),
  constraint buckets_status_3xx_check CHECK ((status_3xx >= 0)),
  constraint buckets_status_401_403_check CHECK ((status_401_403 >= 0)),
  constraint buckets_status_429_check CHECK ((status_429 >= 0)),
  constraint buckets_status_4xx_check CHECK ((status_4xx >= 0)),
  constraint buckets_status_5xx_check CHECK ((status_5xx >= 0)),
  constraint buckets_total_check CHECK ((total >= 0)),
  constraint buckets_unvoted_check CHECK ((unvoted >= 0))
) partition by RANGE (minute);

create table buckets_daily (
  day timestamp with time zone not null,
  duration_sum_us bigint not null,
  bytes_read bigint not null,
  probe_no integer not null,
  expected integer not null,
  total integer not null,
  good integer not null,
  bad integer not null,
  unvoted integer not null,
  status_2xx integer not null,
  status_3xx integer not null,
  status_4xx integer not null,
  status_5xx integer not null,
  status_401_403 integer not null,
  status_429 integer not null,
  location_no smallint not null,
  by_class jsonb,
  histogram bytea,
  constraint buckets_daily_pkey PRIMARY KEY (probe_no, location_no, day),
  constraint buckets_daily_bad_check CHECK ((bad >= 0)),
  constraint buckets_daily_bytes_read_check CHECK ((bytes_read >= 0)),
  constraint buckets_daily_check CHECK ((((good + bad) + unvoted) = total)),
  constraint buckets_daily_check1 CHECK (((((((status_2xx + status_3xx) + status_4xx) + status_5xx) + status_401_403) + status_429) <= total)),
  constraint buckets_daily_day_check CHECK ((date_trunc('day'::text, day, 'UTC'::text) = day)),
  constraint buckets_daily_duration_sum_us_check CHECK ((duration_sum_us >= 0)),
  constraint buckets_daily_expected_check CHECK ((expected >= 0)),
  constraint buckets_daily_good_check CHECK ((good >= 0)),
  constraint buckets_daily_status_2xx_check CHECK ((status_2xx >= 0)),
  constraint buckets_daily_status_3xx_check CHECK ((status_3xx >= 0)),
  constraint buckets_daily_status_401_403_check CHECK ((status_401_403 >= 0)),
  constraint buckets_daily_status_429_check CHECK ((status_429 >= 0)),
  constraint buckets_daily_status_4xx_check CHECK ((status_4xx >= 0)),
  constraint buckets_daily_status_5xx_check CHECK ((status_5xx >= 0)),
  constraint buckets_daily_total_check CHECK ((total >= 0)),
  constraint buckets_daily_unvoted_check CHECK ((unvoted >= 0))
);

create table buckets_hourly (
  hour timestamp with time zone not null,
  duration_sum_us bigint not null,
  bytes_read bigint not null,
  probe_no integer not null,
  expected integer not null,
  total integer not null,
  good integer not null,
  bad integer not null,
  unvoted integer not null,
  status_2xx integer not null,
  status_3xx integer not null,
  status_4xx integer not null,
  status_5xx integer not null,
  status_401_403 integer not null,
  status_429 integer not null,
  location_no smallint not null,
  by_class jsonb,
  histogram bytea,
  constraint buckets_hourly_pkey PRIMARY KEY (probe_no, location_no, hour),
  constraint buckets_hourly_bad_check CHECK ((bad >= 0)),
  constraint buckets_hourly_bytes_read_check CHECK ((bytes_read >= 0)),
  constraint buckets_hourly_check CHECK ((((good + bad) + unvoted) = total)),
  constraint buckets_hourly_check1 CHECK (((((((status_2xx + status_3xx) + status_4xx) + status_5xx) + status_401_403) + status_429) <= total)),
  constraint buckets_hourly_duration_sum_us_check CHECK ((duration_sum_us >= 0)),
  constraint buckets_hourly_expected_check CHECK ((expected >= 0)),
  constraint buckets_hourly_good_check CHECK ((good >= 0)),
  constraint buckets_hourly_hour_check CHECK ((date_trunc('hour'::text, hour, 'UTC'::text) = hour)),
  constraint buckets_hourly_status_2xx_check CHECK ((status_2xx >= 0)),
  constraint buckets_hourly_status_3xx_check CHECK ((status_3xx >= 0)),
  constraint buckets_hourly_status_401_403_check CHECK ((status_401_403 >= 0)),
  constraint buckets_hourly_status_429_check CHECK ((status_429 >= 0)),
  constraint buckets_hourly_status_4xx_check CHECK ((status_4xx >= 0)),
  constraint buckets_hourly_status_5xx_check CHECK ((status_5xx >= 0)),
  constraint buckets_hourly_total_check CHECK ((total >= 0)),
  constraint buckets_hourly_unvoted_check CHECK ((unvoted >= 0))
);
CREATE INDEX buckets_hourly_hour ON public.buckets_hourly USING brin (hour);

create table budget_exhaustions (
  slo_id text not null,
  number integer not null,
  exhausted_at timestamp with time zone not null,
  recovered_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint budget_exhaustions_pkey PRIMARY KEY (slo_id, number),
  constraint budget_exhaustions_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id)
);
CREATE UNIQUE INDEX budget_exhaustions_open ON public.budget_exhaustions USING btree (slo_id) WHERE (recovered_at IS NULL);

create table config_versions (
  version bigint generated always as identity not null,
  sha256 text not null,
  document jsonb not null,
  applied_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  actor text default 'config'::text not null,
  changes jsonb default '{}'::jsonb not null,
  constraint config_versions_pkey PRIMARY KEY (version),
  constraint config_versions_actor_check CHECK ((actor <> ''::text)),
  constraint config_versions_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

create table dead_man (
  only_row boolean default true not null,
  url_ciphertext text not null,
  method text not null,
  interval_ms integer not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint dead_man_pkey PRIMARY KEY (only_row),
  constraint dead_man_interval_ms_check CHECK ((interval_ms >= 10000)),
  constraint dead_man_method_check CHECK ((method = ANY (ARRAY['GET'::text, 'POST'::text]))),
  constraint dead_man_only_row_check CHECK (only_row)
);

create table deliveries (
  id text not null,
  event_id text not null,
  endpoint_id text not null,
  sequence bigint not null,
  state text not null,
  attempts_made integer default 0 not null,
  first_due_at timestamp with time zone not null,
  next_attempt_at timestamp with time zone not null,
  leased_until timestamp with time zone,
  lease_token text,
  finished_at timestamp with time zone,
  last_error text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  ladder_from integer default 0 not null,
  replayed_at timestamp with time zone,
  grouped_into text,
  group_key text,
  stands_in_for text,
  to_pending_url boolean default false not null,
  is_urgent boolean default false not null,
  constraint deliveries_pkey PRIMARY KEY (id),
  constraint deliveries_endpoint_id_sequence_key UNIQUE (endpoint_id, sequence),
  constraint deliveries_event_id_endpoint_id_key UNIQUE (event_id, endpoint_id),
  constraint deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES endpoints(id),
  constraint deliveries_event_id_fkey FOREIGN KEY (event_id) REFERENCES events(id),
  constraint deliveries_grouped_into_fkey FOREIGN KEY (grouped_into) REFERENCES deliveries(id),
  constraint deliveries_stands_in_for_fkey FOREIGN KEY (stands_in_for) REFERENCES endpoints(id),
  constraint deliveries_attempts_made_check CHECK ((attempts_made >= 0)),
  constraint deliveries_check CHECK (((state = 'pending'::text) = (finished_at IS NULL))),
  constraint deliveries_check1 CHECK (((leased_until IS NULL) = (lease_token IS NULL))),
  constraint deliveries_check2 CHECK ((grouped_into <> id)),
  constraint deliveries_check3 CHECK ((stands_in_for <> endpoint_id)),
  constraint deliveries_ladder_from_check CHECK ((ladder_from >= 0)),
  constraint deliveries_sequence_check CHECK ((sequence >= 1)),
  constraint deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text, 'canceled'::text])))
);
CREATE INDEX deliveries_by_endpoint ON public.deliveries USING btree (endpoint_id, id);
CREATE INDEX deliveries_dead ON public.deliveries USING btree (finished_at DESC) WHERE (state = 'dead'::text);
CREATE INDEX deliveries_dead_by_endpoint ON public.deliveries USING btree (endpoint_id, id) WHERE (state = 'dead'::text);
CREATE INDEX deliveries_due ON public.deliveries USING btree (endpoint_id, next_attempt_at) WHERE (state = 'pending'::text);
CREATE INDEX deliveries_grouped ON public.deliveries USING btree (grouped_into) WHERE (grouped_into IS NOT NULL);
CREATE INDEX deliveries_leased ON public.deliveries USING btree (leased_until) WHERE ((state = 'pending'::text) AND (leased_until IS NOT NULL));
CREATE INDEX deliveries_pending_order ON public.deliveries USING btree (endpoint_id, sequence) WHERE (state = 'pending'::text);
CREATE INDEX deliveries_stand_in ON public.deliveries USING btree (event_id) WHERE (stands_in_for IS NOT NULL);
CREATE INDEX deliveries_urgent ON public.deliveries USING btree (endpoint_id, next_attempt_at) WHERE ((state = 'pending'::text) AND is_urgent);
CREATE INDEX deliveries_verifying ON public.deliveries USING btree (endpoint_id) WHERE ((state = 'pending'::text) AND to_pending_url);
CREATE INDEX deliveries_waiting_group ON public.deliveries USING btree (endpoint_id, group_key) WHERE ((state = 'pending'::text) AND (group_key IS NOT NULL));

create table dirty_days (
  day timestamp with time zone not null,
  constraint dirty_days_pkey PRIMARY KEY (day),
  constraint dirty_days_day_check CHECK ((date_trunc('day'::text, day, 'UTC'::text) = day))
);

create table dirty_hours (
  hour timestamp with time zone not null,
  constraint dirty_hours_pkey PRIMARY KEY (hour),
  constraint dirty_hours_hour_check CHECK ((date_trunc('hour'::text, hour, 'UTC'::text) = hour))
);

create table dirty_minutes (
  minute timestamp with time zone not null,
  location_no smallint not null,
  marks integer default 1 not null,
  constraint dirty_minutes_pkey PRIMARY KEY (minute, location_no),
  constraint dirty_minutes_marks_check CHECK ((marks >= 1)),
  constraint dirty_minutes_minute_check CHECK ((date_trunc('minute'::text, minute, 'UTC'::text) = minute))
);

create table endpoints (
  id text not null,
  type text not null,
  url_ciphertext text not null,
  secret_ciphertext text not null,
  events text[] not null,
  timeout_ms integer not null,
  state text not null,
  disabled_reason text,
  last_sequence bigint default 0 not null,
  retired_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  managed_by text default 'file'::text not null,
  description text,
  filters jsonb default '{}'::jsonb not null,
  settings jsonb default '{}'::jsonb not null,
  headers_ciphertext text,
  is_ordered boolean default false not null,
  max_in_flight integer default 8 not null,
  max_per_second integer,
  fallback_id text,
  old_secrets jsonb default '[]'::jsonb not null,
  pending_url_ciphertext text,
  breaker jsonb,
  admits_at timestamp with time zone,
  rate_tokens double precision,
  rate_at timestamp with time zone,
  failing_since timestamp with time zone,
  failing_warned_at timestamp with time zone,
  constraint endpoints_pkey PRIMARY KEY (id),
  constraint endpoints_fallback_id_fkey FOREIGN KEY (fallback_id) REFERENCES endpoints(id),
  constraint endpoints_check CHECK (((state = 'disabled'::text) = (disabled_reason IS NOT NULL))),
  constraint endpoints_check1 CHECK ((fallback_id <> id)),
  constraint endpoints_events_check CHECK ((cardinality(events) > 0)),
  constraint endpoints_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
  constraint endpoints_last_sequence_check CHECK ((last_sequence >= 0)),
  constraint endpoints_managed_by_check CHECK ((managed_by = ANY (ARRAY['file'::text, 'api'::text]))),
  constraint endpoints_max_in_flight_check CHECK (((max_in_flight >= 1) AND (max_in_flight <= 64))),
  constraint endpoints_max_per_second_check CHECK (((max_per_second >= 1) AND (max_per_second <= 1000))),
  constraint endpoints_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text]))),
  constraint endpoints_timeout_ms_check CHECK (((timeout_ms >= 1) AND (timeout_ms <= 30000))),
  constraint endpoints_type_check CHECK ((type = ANY (ARRAY['webhook'::text, 'slack'::text, 'pagerduty'::text, 'alertmanager'::text, 'discord'::text, 'teams'::text, 'ntfy'::text, 'email'::text])))
);
CREATE INDEX endpoints_gated ON public.endpoints USING btree (id) WHERE ((admits_at IS NOT NULL) OR (max_per_second IS NOT NULL));

create table events (
  id text not null,
  position bigint generated always as identity not null,
  type text not null,
  subject text not null,
  dedup_key text not null,
  data jsonb not null,
  occurred_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  constraint events_pkey PRIMARY KEY (id),
  constraint events_dedup_key_key UNIQUE (dedup_key),
  constraint events_position_key UNIQUE ("position"),
  constraint events_type_check CHECK ((type ~ '^[a-z_]+\.[a-z_]+$'::text))
);
CREATE INDEX events_endpoint_tests ON public.events USING btree (id) WHERE (type = 'endpoint.test'::text);
CREATE TRIGGER events_are_immutable BEFORE UPDATE ON public.events FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table exclusions (
  id text not null,
  slo_id text,
  service_id text,
  probe_id text,
  kind text not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  reason text not null,
  author text not null,
  approved_by text,
  approved_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  revoked_at timestamp with time zone,
  revoked_by text,
  revision integer default 1 not null,
  constraint exclusions_pkey PRIMARY KEY (id),
  constraint exclusions_probe_id_fkey FOREIGN KEY (probe_id) REFERENCES probes(id),
  constraint exclusions_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint exclusions_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id),
  constraint exclusions_author_check CHECK ((author <> ''::text)),
  constraint exclusions_check CHECK ((approved_by <> author)),
  constraint exclusions_check1 CHECK ((revoked_at >= created_at)),
  constraint exclusions_check2 CHECK ((ends_at > starts_at)),
  constraint exclusions_check3 CHECK ((num_nonnulls(slo_id, service_id, probe_id) = 1)),
  constraint exclusions_check4 CHECK (((approved_by IS NULL) = (approved_at IS NULL))),
  constraint exclusions_check5 CHECK (((revoked_at IS NULL) = (revoked_by IS NULL))),
  constraint exclusions_kind_check CHECK ((kind = ANY (ARRAY['announced'::text, 'emergency'::text, 'retroactive'::text, 'false_positive'::text, 'probe_fault'::text]))),
  constraint exclusions_reason_check CHECK ((reason <> ''::text)),
  constraint exclusions_revision_check CHECK ((revision >= 1))
);
CREATE INDEX exclusions_ends_at ON public.exclusions USING btree (ends_at) WHERE (revoked_at IS NULL);
CREATE TRIGGER exclusions_append_only BEFORE DELETE OR UPDATE ON public.exclusions FOR EACH ROW EXECUTE FUNCTION guard_exclusion();

create table external_alerts (
  id text not null,
  fingerprint text not null,
  starts_at timestamp with time zone not null,
  round integer default 1 not null,
  source text not null,
  state text not null,
  labels jsonb not null,
  annotations jsonb not null,
  generator_url text,
  service_id text,
  ends_at timestamp with time zone,
  resolve_reason text,
  first_heard_at timestamp with time zone not null,
  last_heard_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint external_alerts_pkey PRIMARY KEY (id),
  constraint external_alerts_fingerprint_starts_at_round_key UNIQUE (fingerprint, starts_at, round),
  constraint external_alerts_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint external_alerts_check CHECK (((state = 'resolved'::text) = (ends_at IS NOT NULL))),
  constraint external_alerts_check1 CHECK (((state = 'resolved'::text) = (resolve_reason IS NOT NULL))),
  constraint external_alerts_check2 CHECK (((state = 'firing'::text) = (expires_at IS NOT NULL))),
  constraint external_alerts_fingerprint_check CHECK ((fingerprint ~ '^[0-9a-f]{16}$'::text)),
  constraint external_alerts_resolve_reason_check CHECK ((resolve_reason = ANY (ARRAY['sender'::text, 'timeout'::text]))),
  constraint external_alerts_round_check CHECK ((round >= 1)),
  constraint external_alerts_source_check CHECK ((source = ANY (ARRAY['api'::text, 'webhook'::text]))),
  constraint external_alerts_state_check CHECK ((state = ANY (ARRAY['firing'::text, 'resolved'::text])))
);
CREATE INDEX external_alerts_ended ON public.external_alerts USING btree (ends_at) WHERE (state = 'resolved'::text);
CREATE INDEX external_alerts_expiring ON public.external_alerts USING btree (expires_at) WHERE (state = 'firing'::text);
CREATE INDEX external_alerts_newest ON public.external_alerts USING btree (first_heard_at DESC, id DESC);
CREATE UNIQUE INDEX external_alerts_one_firing ON public.external_alerts USING btree (fingerprint) WHERE (state = 'firing'::text);

create table first_runs (
  probe_no integer not null,
  location_no smallint not null,
  first_scheduled_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  constraint first_runs_pkey PRIMARY KEY (probe_no, location_no),
  constraint first_runs_location_no_fkey FOREIGN KEY (location_no) REFERENCES locations(no),
  constraint first_runs_probe_no_fkey FOREIGN KEY (probe_no) REFERENCES probes(no)
);

create table hearing_spans (
  id bigint generated always as identity not null,
  began_at timestamp with time zone not null,
  heard_until timestamp with time zone not null,
  constraint hearing_spans_pkey PRIMARY KEY (id),
  constraint hearing_spans_check CHECK ((heard_until >= began_at))
);
CREATE INDEX hearing_spans_heard_until ON public.hearing_spans USING btree (heard_until);

create table heartbeat_progress (
  probe_no integer not null,
  location_no smallint not null,
  judged_until timestamp with time zone not null,
  updated_at timestamp with time zone default now() not null,
  constraint heartbeat_progress_pkey PRIMARY KEY (probe_no, location_no),
  constraint heartbeat_progress_location_no_fkey FOREIGN KEY (location_no) REFERENCES locations(no),
  constraint heartbeat_progress_probe_no_fkey FOREIGN KEY (probe_no) REFERENCES probes(no)
);

create table heartbeats (
  at timestamp with time zone not null,
  seq bigint generated always as identity not null,
  duration_us bigint,
  probe_no integer not null,
  exit_code smallint,
  kind text not null,
  via text not null,
  run_id uuid,
  remote inet,
  message text,
  constraint heartbeats_pkey PRIMARY KEY (probe_no, at, seq),
  constraint heartbeats_probe_no_fkey FOREIGN KEY (probe_no) REFERENCES probes(no),
  constraint heartbeats_duration_us_check CHECK ((duration_us >= 0)),
  constraint heartbeats_exit_code_check CHECK (((exit_code >= 0) AND (exit_code <= 255))),
  constraint heartbeats_kind_check CHECK ((kind = ANY (ARRAY['ok'::text, 'fail'::text, 'start'::text, 'log'::text]))),
  constraint heartbeats_message_check CHECK ((octet_length(message) <= 100000)),
  constraint heartbeats_via_check CHECK ((via = ANY (ARRAY['kuma'::text, 'gatus'::text, 'healthchecks'::text])))
);

create table idempotency_keys (
  principal text not null,
  key_sha256 text not null,
  request_sha256 text not null,
  answer text not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint idempotency_keys_pkey PRIMARY KEY (principal, key_sha256),
  constraint idempotency_keys_key_sha256_check CHECK ((key_sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint idempotency_keys_request_sha256_check CHECK ((request_sha256 ~ '^[0-9a-f]{64}$'::text))
);
CREATE INDEX idempotency_keys_expires_at ON public.idempotency_keys USING btree (expires_at);

create table incident_alerts (
  alert_id text not null,
  incident_id text not null,
  created_at timestamp with time zone default now() not null,
  constraint incident_alerts_pkey PRIMARY KEY (alert_id),
  constraint incident_alerts_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alerts(id),
  constraint incident_alerts_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES incidents(id)
);
CREATE INDEX incident_alerts_by_incident ON public.incident_alerts USING btree (incident_id);

create table incident_costs (
  incident_id text not null,
  slo_id text not null,
  service_id text not null,
  share double precision not null,
  period text,
  window_days double precision not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint incident_costs_pkey PRIMARY KEY (incident_id, slo_id),
  constraint incident_costs_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES incidents(id),
  constraint incident_costs_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint incident_costs_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id)
);

create table incident_services (
  incident_id text not null,
  service_id text not null,
  created_at timestamp with time zone default now() not null,
  impact text,
  constraint incident_services_pkey PRIMARY KEY (incident_id, service_id),
  constraint incident_services_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES incidents(id),
  constraint incident_services_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint incident_services_impact_check CHECK ((impact = ANY (ARRAY['none'::text, 'minor'::text, 'major'::text, 'critical'::text])))
);
CREATE INDEX incident_services_by_service ON public.incident_services USING btree (service_id);

create table incident_templates (
  id text not null,
  name text not null,
  title text not null,
  message text not null,
  status text not null,
  impact text not null,
  affected jsonb default '[]'::jsonb not null,
  translations jsonb default '{}'::jsonb not null,
  managed_by text default 'ui'::text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint incident_templates_pkey PRIMARY KEY (id),
  constraint incident_templates_name_managed_by_key UNIQUE (name, managed_by),
  constraint incident_templates_impact_check CHECK ((impact = ANY (ARRAY['none'::text, 'minor'::text, 'major'::text, 'critical'::text]))),
  constraint incident_templates_managed_by_check CHECK ((managed_by = ANY (ARRAY['file'::text, 'ui'::text]))),
  constraint incident_templates_message_check CHECK ((message <> ''::text)),
  constraint incident_templates_name_check CHECK ((name <> ''::text)),
  constraint incident_templates_status_check CHECK ((status = ANY (ARRAY['investigating'::text, 'identified'::text, 'monitoring'::text]))),
  constraint incident_templates_title_check CHECK ((title <> ''::text))
);

create table incident_updates (
  id text not null,
  incident_id text not null,
  status text not null,
  body text not null,
  affected jsonb not null,
  display_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  published_at timestamp with time zone default now(),
  publish_at timestamp with time zone,
  impact text,
  impacts jsonb default '{}'::jsonb not null,
  notify boolean default true not null,
  translations jsonb default '{}'::jsonb not null,
  constraint incident_updates_pkey PRIMARY KEY (id),
  constraint incident_updates_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES incidents(id),
  constraint incident_updates_body_check CHECK ((body <> ''::text)),
  constraint incident_updates_impact_check CHECK ((impact = ANY (ARRAY['none'::text, 'minor'::text, 'major'::text, 'critical'::text]))),
  constraint incident_updates_status_check CHECK ((status = ANY (ARRAY['investigating'::text, 'identified'::text, 'monitoring'::text, 'resolved'::text, 'postmortem'::text])))
);
CREATE INDEX incident_updates_by_incident ON public.incident_updates USING btree (incident_id, display_at DESC);
CREATE INDEX incident_updates_due ON public.incident_updates USING btree (publish_at) WHERE ((published_at IS NULL) AND (publish_at IS NOT NULL));

create table incidents (
  id text not null,
  name text not null,
  status text not null,
  impact text not null,
  started_at timestamp with time zone not null,
  monitoring_at timestamp with time zone,
  resolved_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  origin text default 'person'::text not null,
  published_at timestamp with time zone default now(),
  publish_at timestamp with time zone,
  discarded_at timestamp with time zone,
  merged_into text,
  handled_at timestamp with time zone,
  asks_at timestamp with time zone,
  translations jsonb default '{}'::jsonb not null,
  constraint incidents_pkey PRIMARY KEY (id),
  constraint incidents_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES incidents(id),
  constraint incidents_check CHECK ((resolved_at >= started_at)),
  constraint incidents_check1 CHECK (((status = ANY (ARRAY['resolved'::text, 'postmortem'::text])) = (resolved_at IS NOT NULL))),
  constraint incidents_check2 CHECK ((merged_into <> id)),
  constraint incidents_impact_check CHECK ((impact = ANY (ARRAY['none'::text, 'minor'::text, 'major'::text, 'critical'::text]))),
  constraint incidents_name_check CHECK ((name <> ''::text)),
  constraint incidents_origin_check CHECK ((origin = ANY (ARRAY['person'::text, 'alert'::text]))),
  constraint incidents_status_check CHECK ((status = ANY (ARRAY['investigating'::text, 'identified'::text, 'monitoring'::text, 'resolved'::text, 'postmortem'::text])))
);
CREATE INDEX incidents_by_start ON public.incidents USING btree (started_at DESC, id DESC);
CREATE INDEX incidents_open ON public.incidents USING btree (id) WHERE (status <> ALL (ARRAY['resolved'::text, 'postmortem'::text]));

create table job_results (
  job_id text not null,
  part integer not null,
  body text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint job_results_pkey PRIMARY KEY (job_id, part),
  constraint job_results_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
);

create table jobs (
  id text not null,
  kind text not null,
  params jsonb not null,
  state text default 'queued'::text not null,
  actor text not null,
  author text not null,
  progress double precision default 0 not null,
  cursor text,
  result_url text,
  result_type text,
  error_code text,
  error_detail text,
  tries integer default 0 not null,
  due_at timestamp with time zone not null,
  claim bigint default 0 not null,
  claimed_until timestamp with time zone,
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  expires_at timestamp with time zone,
  callback_url text,
  callback_secret text,
  callback_due_at timestamp with time zone,
  callback_tries integer default 0 not null,
  callback_error text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone default now() not null,
  constraint jobs_pkey PRIMARY KEY (id),
  constraint jobs_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
  constraint jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text, 'canceled'::text])))
);
CREATE INDEX jobs_actor ON public.jobs USING btree (actor, created_at DESC, id DESC);
CREATE INDEX jobs_callback ON public.jobs USING btree (callback_due_at) WHERE (callback_due_at IS NOT NULL);
CREATE INDEX jobs_due ON public.jobs USING btree (due_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX jobs_expires_at ON public.jobs USING btree (expires_at);

create table leases (
  name text not null,
  holder text not null,
  token bigint not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint leases_pkey PRIMARY KEY (name),
  constraint leases_token_check CHECK ((token >= 1))
);

create table locations (
  no smallint generated always as identity not null,
  id text not null,
  name text not null,
  position integer not null,
  retired_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  reference_checks jsonb default '[]'::jsonb not null,
  constraint locations_pkey PRIMARY KEY (no),
  constraint locations_id_key UNIQUE (id),
  constraint locations_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
  constraint locations_name_check CHECK ((name <> ''::text)),
  constraint locations_position_check CHECK (("position" >= 0))
);

create table mail_settings (
  only_row boolean default true not null,
  url_ciphertext text not null,
  secret_ciphertext text default ''::text not null,
  sender text not null,
  username text,
  starttls boolean not null,
  max_per_second integer not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint mail_settings_pkey PRIMARY KEY (only_row),
  constraint mail_settings_max_per_second_check CHECK (((max_per_second >= 1) AND (max_per_second <= 1000))),
  constraint mail_settings_only_row_check CHECK (only_row)
);

create table maintenance_occurrences (
  maintenance_id text not null,
  service_id text not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  exclusion_id text not null,
  created_at timestamp with time zone default now() not null,
  planned_for timestamp with time zone,
  constraint maintenance_occurrences_pkey PRIMARY KEY (maintenance_id, service_id, starts_at),
  constraint maintenance_occurrences_exclusion_id_key UNIQUE (exclusion_id),
  constraint maintenance_occurrences_exclusion_id_fkey FOREIGN KEY (exclusion_id) REFERENCES exclusions(id),
  constraint maintenance_occurrences_maintenance_id_fkey FOREIGN KEY (maintenance_id) REFERENCES maintenances(id),
  constraint maintenance_occurrences_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint maintenance_occurrences_check CHECK ((ends_at > starts_at))
);
CREATE INDEX maintenance_occurrences_by_service ON public.maintenance_occurrences USING btree (service_id, ends_at);

create table maintenance_runs (
  maintenance_id text not null,
  planned_for timestamp with time zone not null,
  state text default 'scheduled'::text not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  sequence integer default 0 not null,
  reminded_minutes integer,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  canceled_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint maintenance_runs_pkey PRIMARY KEY (maintenance_id, planned_for),
  constraint maintenance_runs_maintenance_id_fkey FOREIGN KEY (maintenance_id) REFERENCES maintenances(id),
  constraint maintenance_runs_check CHECK ((ends_at > starts_at)),
  constraint maintenance_runs_sequence_check CHECK ((sequence >= 0)),
  constraint maintenance_runs_state_check CHECK ((state = ANY (ARRAY['scheduled'::text, 'in_progress'::text, 'verifying'::text, 'completed'::text, 'canceled'::text])))
);
CREATE INDEX maintenance_runs_ended ON public.maintenance_runs USING btree (ends_at);
CREATE INDEX maintenance_runs_open ON public.maintenance_runs USING btree (starts_at) WHERE (state = ANY (ARRAY['scheduled'::text, 'in_progress'::text, 'verifying'::text]));

create table maintenance_updates (
  id text not null,
  maintenance_id text not null,
  planned_for timestamp with time zone not null,
  status text not null,
  body text not null,
  author text not null,
  created_at timestamp with time zone default now() not null,
  translations jsonb default '{}'::jsonb not null,
  constraint maintenance_updates_pkey PRIMARY KEY (id),
  constraint maintenance_updates_maintenance_id_planned_for_fkey FOREIGN KEY (maintenance_id, planned_for) REFERENCES maintenance_runs(maintenance_id, planned_for),
  constraint maintenance_updates_author_check CHECK ((author <> ''::text)),
  constraint maintenance_updates_body_check CHECK ((body <> ''::text)),
  constraint maintenance_updates_status_check CHECK ((status = ANY (ARRAY['scheduled'::text, 'in_progress'::text, 'verifying'::text, 'completed'::text, 'canceled'::text])))
);
CREATE INDEX maintenance_updates_of_run ON public.maintenance_updates USING btree (maintenance_id, planned_for, created_at);

create table maintenances (
  id text not null,
  title text not null,
  body text default ''::text not null,
  impact text default 'none'::text not null,
  reminders jsonb default '[]'::jsonb not null,
  service_ids text[] not null,
  starts_at timestamp with time zone not null,
  duration_ms bigint not null,
  rrule text,
  time_zone text not null,
  announced_at timestamp with time zone not null,
  author text not null,
  canceled_at timestamp with time zone,
  canceled_by text,
  cancel_reason text,
  expanded_to timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  file_id text,
  sequence integer default 0 not null,
  translations jsonb default '{}'::jsonb not null,
  constraint maintenances_pkey PRIMARY KEY (id),
  constraint maintenances_author_check CHECK ((author <> ''::text)),
  constraint maintenances_check CHECK ((canceled_at >= created_at)),
  constraint maintenances_check1 CHECK (((canceled_at IS NULL) = (canceled_by IS NULL))),
  constraint maintenances_duration_ms_check CHECK ((duration_ms > 0)),
  constraint maintenances_impact_check CHECK ((impact = ANY (ARRAY['none'::text, 'minor'::text, 'major'::text, 'critical'::text]))),
  constraint maintenances_sequence_check CHECK ((sequence >= 0)),
  constraint maintenances_service_ids_check CHECK ((cardinality(service_ids) > 0)),
  constraint maintenances_title_check CHECK ((title <> ''::text))
);
CREATE UNIQUE INDEX maintenances_file_id ON public.maintenances USING btree (file_id) WHERE (file_id IS NOT NULL);
CREATE INDEX maintenances_to_expand ON public.maintenances USING btree (expanded_to) WHERE (canceled_at IS NULL);

create table migrations (
  name text not null,
  sha256 text not null,
  created_at timestamp with time zone default now() not null,
  constraint migrations_pkey PRIMARY KEY (name),
  constraint migrations_name_check CHECK ((name ~ '^[0-9]{4}_[a-z0-9_]+[.]sql$'::text)),
  constraint migrations_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);

create table outcome_classes (
  code smallint not null,
  class text not null,
  vote text not null,
  constraint outcome_classes_pkey PRIMARY KEY (code),
  constraint outcome_classes_class_key UNIQUE (class),
  constraint outcome_classes_vote_check CHECK ((vote = ANY (ARRAY['good'::text, 'bad'::text, 'none'::text])))
);

create table part_runs (
  scheduled_at timestamp with time zone not null,
  part_no integer not null,
  duration_us integer not null,
  location_no smallint not null,
  class smallint not null,
  http_status smallint,
  detail text,
  failures jsonb,
  constraint part_runs_pkey PRIMARY KEY (part_no, location_no, scheduled_at),
  constraint part_runs_class_check CHECK (((class >= 0) AND (class <= 17))),
  constraint part_runs_duration_us_check CHECK ((duration_us >= 0)),
  constraint part_runs_http_status_check CHECK (((http_status >= 0) AND (http_status <= 999)))
);
CREATE INDEX part_runs_by_class ON public.part_runs USING btree (part_no, location_no, class, scheduled_at);
CREATE INDEX part_runs_scheduled_at ON public.part_runs USING brin (scheduled_at) WITH (pages_per_range='16', autosummarize='on');

create table probe_parts (
  no integer generated always as identity not null,
  probe_no integer not null,
  key text not null,
  name text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint probe_parts_pkey PRIMARY KEY (no),
  constraint probe_parts_probe_no_key_key UNIQUE (probe_no, key),
  constraint probe_parts_probe_no_fkey FOREIGN KEY (probe_no) REFERENCES probes(no),
  constraint probe_parts_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200)))
);

create table probe_versions (
  probe_no integer not null,
  version integer not null,
  definition jsonb not null,
  active_from timestamp with time zone not null,
  active_until timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  is_without_secrets boolean default false not null,
  constraint probe_versions_pkey PRIMARY KEY (probe_no, version),
  constraint probe_versions_probe_no_fkey FOREIGN KEY (probe_no) REFERENCES probes(no),
  constraint probe_versions_check CHECK ((active_until >= active_from)),
  constraint probe_versions_version_check CHECK ((version >= 1))
);
CREATE UNIQUE INDEX probe_versions_one_in_force ON public.probe_versions USING btree (probe_no) WHERE (active_until IS NULL);
CREATE INDEX probe_versions_with_secrets ON public.probe_versions USING btree (probe_no) WHERE (NOT is_without_secrets);

create table probes (
  no integer generated always as identity not null,
  id text not null,
  service_id text not null,
  position integer not null,
  version integer not null,
  definition jsonb not null,
  retired_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  secrets_ciphertext text,
  token_sha256 text,
  managed_by text default 'file'::text not null,
  constraint probes_pkey PRIMARY KEY (no),
  constraint probes_id_key UNIQUE (id),
  constraint probes_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint probes_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
  constraint probes_managed_by_check CHECK ((managed_by = ANY (ARRAY['file'::text, 'ui'::text]))),
  constraint probes_position_check CHECK (("position" >= 0)),
  constraint probes_token_sha256_check CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint probes_version_check CHECK ((version >= 1))
);

create table promql_progress (
  slo_id text not null,
  version integer not null,
  polled_from timestamp with time zone,
  polled_until timestamp with time zone,
  state text not null,
  since timestamp with time zone not null,
  last_error text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint promql_progress_pkey PRIMARY KEY (slo_id),
  constraint promql_progress_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id),
  constraint promql_progress_slo_id_version_fkey FOREIGN KEY (slo_id, version) REFERENCES slo_versions(slo_id, version),
  constraint promql_progress_check CHECK (((polled_from IS NULL) = (polled_until IS NULL))),
  constraint promql_progress_check1 CHECK ((polled_from < polled_until)),
  constraint promql_progress_check2 CHECK (((state = 'ok'::text) OR (last_error IS NOT NULL))),
  constraint promql_progress_last_error_check CHECK ((length(last_error) <= 500)),
  constraint promql_progress_polled_from_check CHECK ((date_trunc('minute'::text, polled_from, 'UTC'::text) = polled_from)),
  constraint promql_progress_polled_until_check CHECK ((date_trunc('minute'::text, polled_until, 'UTC'::text) = polled_until)),
  constraint promql_progress_state_check CHECK ((state = ANY (ARRAY['ok'::text, 'failing'::text])))
);

create table rate_limits (
  caller text not null,
  capacity double precision not null,
  refill_per_second double precision not null,
  tokens double precision not null,
  refilled_at timestamp with time zone not null,
  constraint rate_limits_pkey PRIMARY KEY (caller)
);
CREATE INDEX rate_limits_refilled_at ON public.rate_limits USING btree (refilled_at);

create table rate_tiers (
  key_id text not null,
  tier text not null,
  set_by text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint rate_tiers_pkey PRIMARY KEY (key_id),
  constraint rate_tiers_key_id_fkey FOREIGN KEY (key_id) REFERENCES api_keys(id)
);

create table reconciliations (
  id text not null,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone not null,
  findings jsonb not null,
  created_at timestamp with time zone default now() not null,
  constraint reconciliations_pkey PRIMARY KEY (id)
);
CREATE INDEX reconciliations_started_at ON public.reconciliations USING btree (started_at);

create table recovery_codes (
  code_sha256 text not null,
  user_id text not null,
  used_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint recovery_codes_pkey PRIMARY KEY (code_sha256),
  constraint recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint recovery_codes_code_sha256_check CHECK ((code_sha256 ~ '^[0-9a-f]{64}$'::text))
);
CREATE INDEX recovery_codes_user ON public.recovery_codes USING btree (user_id);

create table reference_runs (
  scheduled_at timestamp with time zone not null,
  ingested_at timestamp with time zone not null,
  duration_us integer not null,
  location_no smallint not null,
  class smallint not null,
  check_id text not null,
  detail text,
  constraint reference_runs_pkey PRIMARY KEY (location_no, check_id, scheduled_at),
  constraint reference_runs_location_no_fkey FOREIGN KEY (location_no) REFERENCES locations(no),
  constraint reference_runs_check_id_check CHECK ((check_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
  constraint reference_runs_class_check CHECK (((class >= 0) AND (class <= 17))),
  constraint reference_runs_duration_us_check CHECK ((duration_us >= 0))
);
CREATE INDEX reference_runs_ingested_at ON public.reference_runs USING btree (ingested_at);

create table revoked_tokens (
  issuer text not null,
  jti text not null,
  expires_at timestamp with time zone not null,
  revoked_by text not null,
  reason text,
  created_at timestamp with time zone default now() not null,
  constraint revoked_tokens_pkey PRIMARY KEY (issuer, jti)
);
CREATE INDEX revoked_tokens_expires_at ON public.revoked_tokens USING btree (expires_at);

create table rollup_progress (
  only_row boolean default true not null,
  closed_until timestamp with time zone not null,
  updated_at timestamp with time zone default now() not null,
  constraint rollup_progress_pkey PRIMARY KEY (only_row),
  constraint rollup_progress_closed_until_check CHECK ((date_trunc('minute'::text, closed_until, 'UTC'::text) = closed_until)),
  constraint rollup_progress_only_row_check CHECK (only_row)
);

create table run_digests (
  position bigint generated always as identity not null,
  day date not null,
  runs bigint not null,
  sha256 text not null,
  chain text not null,
  created_at timestamp with time zone default now() not null,
  constraint run_digests_pkey PRIMARY KEY ("position"),
  constraint run_digests_chain_check CHECK ((chain ~ '^[0-9a-f]{64}$'::text)),
  constraint run_digests_runs_check CHECK ((runs >= 0)),
  constraint run_digests_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text))
);
CREATE INDEX run_digests_day ON public.run_digests USING btree (day, "position");
CREATE TRIGGER run_digests_append_only BEFORE DELETE OR UPDATE ON public.run_digests FOR EACH ROW EXECUTE FUNCTION guard_run_digest();

create table run_tries (
  scheduled_at timestamp with time zone not null,
  started_at timestamp with time zone not null,
  ingested_at timestamp with time zone not null,
  certificate_expires_at timestamp with time zone,
  probe_no integer not null,
  duration_us integer not null,
  dns_us integer,
  connect_us integer,
  tls_us integer,
  first_byte_us integer,
  transfer_us integer,
  bytes_read integer not null,
  location_no smallint not null,
  number smallint not null,
  class smallint not null,
  http_status smallint,
  trace_id uuid,
  address inet,
  detail text,
  failures jsonb,
  constraint run_tries_pkey PRIMARY KEY (probe_no, location_no, scheduled_at, number),
  constraint run_tries_bytes_read_check CHECK ((bytes_read >= 0)),
  constraint run_tries_class_check CHECK (((class >= 0) AND (class <= 17))),
  constraint run_tries_connect_us_check CHECK ((connect_us >= 0)),
  constraint run_tries_dns_us_check CHECK ((dns_us >= 0)),
  constraint run_tries_duration_us_check CHECK ((duration_us >= 0)),
  constraint run_tries_first_byte_us_check CHECK ((first_byte_us >= 0)),
  constraint run_tries_http_status_check CHECK (((http_status >= 0) AND (http_status <= 999))),
  constraint run_tries_number_check CHECK ((number >= 2)),
  constraint run_tries_tls_us_check CHECK ((tls_us >= 0)),
  constraint run_tries_transfer_us_check CHECK ((transfer_us >= 0))
);
CREATE INDEX run_tries_scheduled_at ON public.run_tries USING brin (scheduled_at) WITH (pages_per_range='16', autosummarize='on');

create table runs (
  scheduled_at timestamp with time zone not null,
  started_at timestamp with time zone,
  ingested_at timestamp with time zone not null,
  certificate_expires_at timestamp with time zone,
  probe_no integer not null,
  duration_us integer not null,
  dns_us integer,
  connect_us integer,
  tls_us integer,
  first_byte_us integer,
  transfer_us integer,
  bytes_read integer not null,
  location_no smallint not null,
  class smallint not null,
  http_status smallint,
  is_late boolean not null,
  trace_id uuid,
  address inet,
  detail text,
  failures jsonb,
  start_delay_ms smallint,
  constraint runs_pkey PRIMARY KEY (probe_no, location_no, scheduled_at),
  constraint runs_bytes_read_check CHECK ((bytes_read >= 0)),
  constraint runs_class_check CHECK (((class >= 0) AND (class <= 17))),
  constraint runs_connect_us_check CHECK ((connect_us >= 0)),
  constraint runs_dns_us_check CHECK ((dns_us >= 0)),
  constraint runs_duration_us_check CHECK ((duration_us >= 0)),
  constraint runs_first_byte_us_check CHECK ((first_byte_us >= 0)),
  constraint runs_http_status_check CHECK (((http_status >= 0) AND (http_status <= 999))),
  constraint runs_tls_us_check CHECK ((tls_us >= 0)),
  constraint runs_transfer_us_check CHECK ((transfer_us >= 0))
) partition by RANGE (scheduled_at);
CREATE INDEX runs_ingested_at ON ONLY public.runs USING brin (ingested_at) WITH (pages_per_range='16', autosummarize='on');
CREATE INDEX runs_scheduled_at ON ONLY public.runs USING brin (scheduled_at) WITH (pages_per_range='16', autosummarize='on');

create table service_states (
  service_id text not null,
  since timestamp with time zone not null,
  measured text not null,
  published text not null,
  created_at timestamp with time zone default now() not null,
  constraint service_states_pkey PRIMARY KEY (service_id, since),
  constraint service_states_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint service_states_measured_check CHECK ((measured = ANY (ARRAY['operational'::text, 'degraded_performance'::text, 'partial_outage'::text, 'major_outage'::text, 'unknown'::text]))),
  constraint service_states_published_check CHECK ((published = ANY (ARRAY['operational'::text, 'degraded_performance'::text, 'partial_outage'::text, 'major_outage'::text, 'under_maintenance'::text, 'unknown'::text])))
);

create table services (
  id text not null,
  name text not null,
  description text,
  group_name text,
  position integer not null,
  retired_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  depends_on text[] default '{}'::text[] not null,
  threshold_alerts jsonb default '[]'::jsonb not null,
  secrets_ciphertext text,
  managed_by text default 'file'::text not null,
  constraint services_pkey PRIMARY KEY (id),
  constraint services_group_name_check CHECK ((group_name <> ''::text)),
  constraint services_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
  constraint services_managed_by_check CHECK ((managed_by = ANY (ARRAY['file'::text, 'ui'::text]))),
  constraint services_name_check CHECK ((name <> ''::text)),
  constraint services_position_check CHECK (("position" >= 0))
);

create table sessions (
  token_sha256 text not null,
  last_seen_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  user_id text,
  method text default 'link'::text not null,
  user_agent text,
  constraint sessions_pkey PRIMARY KEY (token_sha256),
  constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint sessions_token_sha256_check CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text))
);
CREATE INDEX sessions_user ON public.sessions USING btree (user_id) WHERE (revoked_at IS NULL);

create table sign_in_failures (
  account text not null,
  network text not null,
  failures integer not null,
  first_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint sign_in_failures_pkey PRIMARY KEY (account, network)
);
CREATE INDEX sign_in_failures_first_at ON public.sign_in_failures USING btree (first_at);

create table sign_in_links (
  token_sha256 text not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  user_id text,
  constraint sign_in_links_pkey PRIMARY KEY (token_sha256),
  constraint sign_in_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
  constraint sign_in_links_token_sha256_check CHECK ((token_sha256 ~ '^[0-9a-f]{64}$'::text))
);

create table silences (
  id text not null,
  service_ids text[] not null,
  slo_ids text[] not null,
  pairs text[] not null,
  severities text[] not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  author text not null,
  comment text not null,
  expired_at timestamp with time zone,
  expired_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint silences_pkey PRIMARY KEY (id),
  constraint silences_author_check CHECK ((author <> ''::text)),
  constraint silences_check CHECK ((ends_at > starts_at)),
  constraint silences_check1 CHECK (((((service_ids || slo_ids) || pairs) || severities) <> '{}'::text[])),
  constraint silences_check2 CHECK (((expired_at IS NULL) = (expired_by IS NULL))),
  constraint silences_comment_check CHECK ((comment <> ''::text)),
  constraint silences_severities_check CHECK ((severities <@ ARRAY['page'::text, 'ticket'::text]))
);
CREATE INDEX silences_ends_at ON public.silences USING btree (ends_at) WHERE (expired_at IS NULL);

create table sli_corrections (
  slo_id text not null,
  version integer not null,
  minute timestamp with time zone not null,
  evaluated_through timestamp with time zone not null,
  good integer not null,
  total integer not null,
  expected integer not null,
  created_at timestamp with time zone default now() not null,
  constraint sli_corrections_pkey PRIMARY KEY (slo_id, evaluated_through, minute, version),
  constraint sli_corrections_slo_id_version_fkey FOREIGN KEY (slo_id, version) REFERENCES slo_versions(slo_id, version),
  constraint sli_corrections_check CHECK ((total >= good)),
  constraint sli_corrections_evaluated_through_check CHECK ((date_trunc('minute'::text, evaluated_through, 'UTC'::text) = evaluated_through)),
  constraint sli_corrections_expected_check CHECK ((expected >= 0)),
  constraint sli_corrections_good_check CHECK ((good >= 0)),
  constraint sli_corrections_minute_check CHECK ((date_trunc('minute'::text, minute, 'UTC'::text) = minute))
);
CREATE INDEX sli_corrections_minute ON public.sli_corrections USING brin (minute);

create table sli_days (
  slo_id text not null,
  version integer not null,
  day timestamp with time zone not null,
  counts bytea,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint sli_days_pkey PRIMARY KEY (slo_id, version, day),
  constraint sli_days_slo_id_version_fkey FOREIGN KEY (slo_id, version) REFERENCES slo_versions(slo_id, version),
  constraint sli_days_day_check CHECK ((date_trunc('day'::text, day, 'UTC'::text) = day))
);
CREATE INDEX sli_days_unpacked ON public.sli_days USING btree (day) WHERE (counts IS NULL);

create table sli_hours (
  slo_id text not null,
  version integer not null,
  hour timestamp with time zone not null,
  good integer[],
  total integer[] not null,
  expected integer[],
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint sli_hours_pkey PRIMARY KEY (slo_id, version, hour),
  constraint sli_hours_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id),
  constraint sli_hours_slo_id_version_fkey FOREIGN KEY (slo_id, version) REFERENCES slo_versions(slo_id, version),
  constraint sli_hours_check CHECK (is_elementwise_at_most(COALESCE(good, total), total)),
  constraint sli_hours_expected_check CHECK ((cardinality(expected) = 60)),
  constraint sli_hours_expected_check1 CHECK ((0 <= ALL (expected))),
  constraint sli_hours_good_check CHECK ((cardinality(good) = 60)),
  constraint sli_hours_hour_check CHECK ((date_trunc('hour'::text, hour, 'UTC'::text) = hour)),
  constraint sli_hours_total_check CHECK ((cardinality(total) = 60))
);
CREATE TRIGGER sli_hours_inserted AFTER INSERT ON public.sli_hours REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_sli_days();
CREATE TRIGGER sli_hours_updated AFTER UPDATE ON public.sli_hours REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_sli_days();

create table slo_readings (
  slo_id text not null,
  version integer not null,
  through_minute timestamp with time zone not null,
  reading jsonb not null,
  computed_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint slo_readings_pkey PRIMARY KEY (slo_id),
  constraint slo_readings_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id),
  constraint slo_readings_slo_id_version_fkey FOREIGN KEY (slo_id, version) REFERENCES slo_versions(slo_id, version),
  constraint slo_readings_through_minute_check CHECK ((date_trunc('minute'::text, through_minute, 'UTC'::text) = through_minute))
);

create table slo_versions (
  slo_id text not null,
  version integer not null,
  definition jsonb not null,
  active_from timestamp with time zone not null,
  active_until timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  is_without_secrets boolean default false not null,
  constraint slo_versions_pkey PRIMARY KEY (slo_id, version),
  constraint slo_versions_slo_id_fkey FOREIGN KEY (slo_id) REFERENCES slos(id),
  constraint slo_versions_check CHECK ((active_until >= active_from)),
  constraint slo_versions_version_check CHECK ((version >= 1))
);
CREATE UNIQUE INDEX slo_versions_one_in_force ON public.slo_versions USING btree (slo_id) WHERE (active_until IS NULL);
CREATE INDEX slo_versions_with_secrets ON public.slo_versions USING btree (slo_id) WHERE (NOT is_without_secrets);

create table slos (
  id text not null,
  service_id text not null,
  position integer not null,
  version integer not null,
  definition jsonb not null,
  retired_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  secrets_ciphertext text,
  managed_by text default 'file'::text not null,
  constraint slos_pkey PRIMARY KEY (id),
  constraint slos_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint slos_id_check CHECK ((id ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text)),
  constraint slos_managed_by_check CHECK ((managed_by = ANY (ARRAY['file'::text, 'ui'::text]))),
  constraint slos_position_check CHECK (("position" >= 0)),
  constraint slos_version_check CHECK ((version >= 1))
);

create table snapshots (
  only_row boolean default true not null,
  version bigint not null,
  document jsonb not null,
  built_at timestamp with time zone not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint snapshots_pkey PRIMARY KEY (only_row),
  constraint snapshots_only_row_check CHECK (only_row),
  constraint snapshots_version_check CHECK ((version >= 1))
);

create table statements (
  id text not null,
  period_kind text not null,
  period text not null,
  service_id text,
  version integer not null,
  replaces text,
  inputs_sha256 text not null,
  inputs text not null,
  document text not null,
  author text not null,
  created_at timestamp with time zone default now() not null,
  constraint statements_pkey PRIMARY KEY (id),
  constraint statements_replaces_fkey FOREIGN KEY (replaces) REFERENCES statements(id),
  constraint statements_service_id_fkey FOREIGN KEY (service_id) REFERENCES services(id),
  constraint statements_author_check CHECK ((author <> ''::text)),
  constraint statements_check CHECK (((version = 1) = (replaces IS NULL))),
  constraint statements_inputs_sha256_check CHECK ((inputs_sha256 ~ '^[0-9a-f]{64}$'::text)),
  constraint statements_period_check CHECK ((period ~ '^\d{4}-(\d\d|Q[1-4])$'::text)),
  constraint statements_period_kind_check CHECK ((period_kind = ANY (ARRAY['month'::text, 'quarter'::text]))),
  constraint statements_version_check CHECK ((version >= 1))
);
CREATE UNIQUE INDEX statements_versions ON public.statements USING btree (period, COALESCE(service_id, ''::text), version);
CREATE TRIGGER statements_append_only BEFORE DELETE OR UPDATE ON public.statements FOR EACH ROW EXECUTE FUNCTION guard_statement();

create table status_progress (
  only_row boolean default true not null,
  watched_until timestamp with time zone not null,
  updated_at timestamp with time zone default now() not null,
  constraint status_progress_pkey PRIMARY KEY (only_row),
  constraint status_progress_only_row_check CHECK (only_row)
);

create table subscriber_keys (
  only_row boolean default true not null,
  key_ciphertext text not null,
  created_at timestamp with time zone default now() not null,
  constraint subscriber_keys_pkey PRIMARY KEY (only_row),
  constraint subscriber_keys_only_row_check CHECK (only_row)
);

create table subscriber_limits (
  key text not null,
  window_start timestamp with time zone not null,
  count integer not null,
  constraint subscriber_limits_pkey PRIMARY KEY (key, window_start),
  constraint subscriber_limits_count_check CHECK ((count >= 1))
);

create table subscriber_messages (
  id text not null,
  subscriber_id text not null,
  channel text not null,
  kind text not null,
  event_id text,
  dedup_key text not null,
  state text default 'pending'::text not null,
  attempts_made integer default 0 not null,
  first_due_at timestamp with time zone not null,
  next_attempt_at timestamp with time zone not null,
  leased_until timestamp with time zone,
  lease_token text,
  finished_at timestamp with time zone,
  last_error text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint subscriber_messages_pkey PRIMARY KEY (id),
  constraint subscriber_messages_subscriber_id_dedup_key_key UNIQUE (subscriber_id, dedup_key),
  constraint subscriber_messages_subscriber_id_fkey FOREIGN KEY (subscriber_id) REFERENCES subscribers(id) ON DELETE CASCADE,
  constraint subscriber_messages_attempts_made_check CHECK ((attempts_made >= 0)),
  constraint subscriber_messages_check CHECK (((state = 'pending'::text) = (finished_at IS NULL))),
  constraint subscriber_messages_check1 CHECK (((leased_until IS NULL) = (lease_token IS NULL))),
  constraint subscriber_messages_check2 CHECK (((kind = 'event'::text) = (event_id IS NOT NULL))),
  constraint subscriber_messages_kind_check CHECK ((kind = ANY (ARRAY['confirmation'::text, 'reminder'::text, 'event'::text, 'digest'::text]))),
  constraint subscriber_messages_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text, 'canceled'::text])))
);
CREATE INDEX subscriber_messages_due ON public.subscriber_messages USING btree (channel, next_attempt_at, id) WHERE (state = 'pending'::text);
CREATE INDEX subscriber_messages_finished ON public.subscriber_messages USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX subscriber_messages_of ON public.subscriber_messages USING btree (subscriber_id) WHERE (state = 'pending'::text);

create table subscriber_progress (
  only_row boolean default true not null,
  position bigint not null,
  subscriber_id text default ''::text not null,
  updated_at timestamp with time zone default now() not null,
  constraint subscriber_progress_pkey PRIMARY KEY (only_row),
  constraint subscriber_progress_only_row_check CHECK (only_row)
);

create table subscriber_rates (
  channel text not null,
  tokens double precision not null,
  at timestamp with time zone not null,
  constraint subscriber_rates_pkey PRIMARY KEY (channel)
);

create table subscriber_receipts (
  id text not null,
  subscriber_id text,
  channel text not null,
  created_at timestamp with time zone not null,
  constraint subscriber_receipts_pkey PRIMARY KEY (id),
  constraint subscriber_receipts_subscriber_id_fkey FOREIGN KEY (subscriber_id) REFERENCES subscribers(id) ON DELETE SET NULL,
  constraint subscriber_receipts_id_check CHECK ((id ~ '^[a-z0-9]{12}$'::text))
);
CREATE INDEX subscriber_receipts_by_age ON public.subscriber_receipts USING btree (created_at);
CREATE INDEX subscriber_receipts_of ON public.subscriber_receipts USING btree (subscriber_id) WHERE (subscriber_id IS NOT NULL);

create table subscribers (
  id text not null,
  channel text not null,
  state text not null,
  address_ciphertext text not null,
  address_hash text not null,
  secret_ciphertext text,
  contact_ciphertext text,
  kinds text[] not null,
  service_ids text[],
  incident_id text,
  cadence text default 'each'::text not null,
  language text not null,
  base_url text not null,
  page_id text default 'main'::text not null,
  confirm_expires_at timestamp with time zone,
  confirmed_at timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_reason text,
  bounces integer default 0 not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint subscribers_pkey PRIMARY KEY (id),
  constraint subscribers_address_hash_key UNIQUE (address_hash),
  constraint subscribers_bounces_check CHECK ((bounces >= 0)),
  constraint subscribers_cadence_check CHECK ((cadence = ANY (ARRAY['each'::text, 'daily'::text]))),
  constraint subscribers_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'webhook'::text, 'slack'::text, 'discord'::text, 'teams'::text]))),
  constraint subscribers_check CHECK (((state = 'disabled'::text) = (disabled_at IS NOT NULL))),
  constraint subscribers_check1 CHECK (((state <> 'active'::text) OR (confirmed_at IS NOT NULL))),
  constraint subscribers_kinds_check CHECK (((cardinality(kinds) > 0) AND (kinds <@ ARRAY['incidents'::text, 'maintenance'::text, 'states'::text]))),
  constraint subscribers_language_check CHECK ((language = ANY (ARRAY['en'::text, 'ko'::text, 'ru'::text]))),
  constraint subscribers_state_check CHECK ((state = ANY (ARRAY['unconfirmed'::text, 'active'::text, 'disabled'::text])))
);
CREATE INDEX subscribers_active ON public.subscribers USING btree (id) WHERE (state = 'active'::text);
CREATE INDEX subscribers_by_age ON public.subscribers USING btree (created_at, id);

create table users (
  id text not null,
  login text not null,
  name text not null,
  role text not null,
  password_hash text,
  totp_ciphertext text,
  totp_enabled_at timestamp with time zone,
  totp_last_step bigint default 0 not null,
  oidc_issuer text,
  oidc_subject text,
  disabled_at timestamp with time zone,
  last_sign_in_at timestamp with time zone,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint users_pkey PRIMARY KEY (id),
  constraint users_login_key UNIQUE (login),
  constraint users_oidc_issuer_oidc_subject_key UNIQUE (oidc_issuer, oidc_subject),
  constraint users_check CHECK (((oidc_issuer IS NULL) = (oidc_subject IS NULL))),
  constraint users_login_check CHECK ((login ~ '^[a-z0-9][a-z0-9._+@-]{0,253}$'::text)),
  constraint users_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
  constraint users_password_hash_check CHECK ((password_hash ~~ '$argon2id$%'::text)),
  constraint users_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'responder'::text, 'editor'::text, 'admin'::text])))
);

create view part_run_details as
 SELECT p.id AS probe_id,
    t.key AS part_key,
    t.name AS part_name,
    l.id AS location_id,
    r.scheduled_at,
    c.class,
    c.vote,
    r.detail,
    r.http_status,
    r.duration_us,
    r.failures
   FROM part_runs r
     JOIN probe_parts t ON t.no = r.part_no
     JOIN probes p ON p.no = t.probe_no
     JOIN locations l ON l.no = r.location_no
     JOIN outcome_classes c ON c.code = r.class;

create view run_details as
 SELECT p.id AS probe_id,
    l.id AS location_id,
    r.scheduled_at,
    COALESCE(r.started_at, r.scheduled_at + r.start_delay_ms::double precision * '00:00:00.001'::interval) AS started_at,
    r.ingested_at,
    c.class,
    c.vote,
    r.detail,
    r.http_status,
    r.duration_us,
    r.dns_us,
    r.connect_us,
    r.tls_us,
    r.first_byte_us,
    r.transfer_us,
    r.bytes_read,
    r.address,
    r.certificate_expires_at,
    r.trace_id,
    r.is_late,
    r.failures
   FROM runs r
     JOIN probes p ON p.no = r.probe_no
     JOIN locations l ON l.no = r.location_no
     JOIN outcome_classes c ON c.code = r.class;

create view run_try_details as
 SELECT p.id AS probe_id,
    l.id AS location_id,
    t.scheduled_at,
    t.number,
    t.started_at,
    t.ingested_at,
    c.class,
    c.vote,
    t.detail,
    t.http_status,
    t.duration_us,
    t.dns_us,
    t.connect_us,
    t.tls_us,
    t.first_byte_us,
    t.transfer_us,
    t.bytes_read,
    t.address,
    t.certificate_expires_at,
    t.trace_id,
    t.failures
   FROM run_tries t
     JOIN probes p ON p.no = t.probe_no
     JOIN locations l ON l.no = t.location_no
     JOIN outcome_classes c ON c.code = t.class;

CREATE OR REPLACE FUNCTION public.audit_text(entry audit_log)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select jsonb_build_array(entry.position, to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                           entry.actor, entry.action, entry.subject, entry.before, entry.after)::text
$function$;

CREATE OR REPLACE FUNCTION public.chain_audit_row(entry audit_log)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.chain_new_audit_row()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ begin perform chain_audit_row(new); return null; end $function$;

CREATE OR REPLACE FUNCTION public.duration_bucket(us integer)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select width_bucket(us, array[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
           2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824]) * 32
       + (us >> width_bucket(us, array[64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576,
           2097152, 4194304, 8388608, 16777216, 33554432, 67108864, 134217728, 268435456, 536870912, 1073741824]))
$function$;

CREATE OR REPLACE FUNCTION public.ensure_partitions(first_day date, last_day date)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
declare
  parent text;
  day date;
  child text;
  made integer := 0;
begin
  if last_day - first_day > 1000 then
    raise exception 'refusing to make partitions for % days', last_day - first_day using errcode = 'invalid_parameter_value';
  end if;
  foreach parent in array array['runs', 'buckets'] loop
    for day in select generate_series(first_day::timestamp, last_day::timestamp, interval '1 day')::date loop
      child := parent || '_' || to_char(day, 'YYYYMMDD');
      continue when to_regclass(child) is not null;
      perform pg_advisory_xact_lock(x'6e696e65'::integer, x'70617274'::integer);
      -- Asked of the table: what to_regclass remembers may be older than the lock.
      continue when exists (
        select from pg_class c join pg_class p on p.relnamespace = c.relnamespace
         where p.oid = parent::regclass and c.relname = child);
      execute format('create table %I (like %I including defaults including constraints including indexes)', child, parent);
      execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child,
                     day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
      made := made + 1;
    end loop;
  end loop;
  return made;
end
$function$;

CREATE OR REPLACE FUNCTION public.guard_exclusion()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.guard_run_digest()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'a digest is published and never changed' using errcode = 'restrict_violation';
end
$function$;

CREATE OR REPLACE FUNCTION public.guard_statement()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'a statement is restated, never changed or deleted' using errcode = 'restrict_violation';
end
$function$;

CREATE OR REPLACE FUNCTION public.is_elementwise_at_most(part integer[], whole integer[])
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$ select coalesce(bool_and(coalesce(p between 0 and w, false)), true) from unnest(part, whole) as pair (p, w) $function$;

CREATE OR REPLACE FUNCTION public.mark_sli_days()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$ begin raise exception '% is append-only', tg_table_name; end $function$;

CREATE OR REPLACE FUNCTION public.refuse_emptying()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare has_rows boolean;
begin
  execute format('select exists (select from %I)', tg_table_name) into has_rows;
  if has_rows then raise exception '% is append-only', tg_table_name; end if;
  return null;
end $function$;
