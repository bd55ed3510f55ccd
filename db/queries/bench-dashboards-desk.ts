import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS, HOUR_MS } from "#lib/core/units.ts";

// What the desk, the portal and the administration show, for `nines bench dashboards`, in a database of its own.

const instant = (at: number): string => new Date(at).toISOString();

/** Two incidents that are open, one with the alerts that fire; a silence, and states that changed. Needs the alerts. */
export const insertDesk = async (db: Db, now: EpochMs): Promise<void> => {
  await db`
    insert into incidents (id, name, status, impact, started_at)
    select 'inc_open_' || i, 'Open incident ' || i, 'investigating', 'minor', ${instant(now - HOUR_MS)} from generate_series(0, 1) as i`;
  await db`
    insert into incident_services (incident_id, service_id) select 'inc_open_' || i, 'service-' || i from generate_series(0, 1) as i`;
  await db`
    insert into incident_updates (id, incident_id, status, body, affected, display_at)
    select 'upd_' || i.id || '_' || n, i.id, 'investigating', 'We look into it.', '[]'::jsonb, i.started_at + make_interval(mins => n)
      from incidents i, generate_series(1, 3) as n`;
  await db`
    insert into incident_alerts (alert_id, incident_id)
    select id, 'inc_open_0' from (select id from alerts where state = 'firing' order by id limit 20) as a`;
  await db`
    insert into incident_templates (id, name, title, message, status, impact)
    select 'tpl_' || i, 'Template ' || i, 'Slow', 'We look into it.', 'investigating', 'minor' from generate_series(0, 19) as i`;
  await db`
    insert into silences (id, service_ids, slo_ids, pairs, severities, starts_at, ends_at, author, comment)
    select 'sil_' || i, array['service-' || i], '{}', '{}', '{}', ${instant(now - DAY_MS)}::timestamptz - make_interval(days => i),
           ${instant(now + HOUR_MS)}::timestamptz - make_interval(days => i), 'Ada', 'moving house' from generate_series(0, 19) as i`;
  await db`
    insert into service_states (service_id, since, measured, published)
    select s.id, ${instant(now)}::timestamptz - make_interval(hours => n * 7), case n % 2 when 0 then 'operational' else 'partial_outage' end,
           case n % 2 when 0 then 'operational' else 'partial_outage' end
      from services s, generate_series(1, 120) as n`;
};

/** Events, and a delivery of each to an endpoint with one or two attempts; one in fifty is dead, one in a hundred waits. */
export const insertDeliveries = async (db: Db, args: { now: EpochMs; events: number }): Promise<void> => {
  const { now, events } = args;
  await db`
    insert into events (id, type, subject, dedup_key, data, occurred_at)
    select 'evt_' || lpad(i::text, 8, '0'), 'alert.firing', 'slo/slo-' || i % 500, 'bench:' || i, '{"id":"alt_10_5"}'::jsonb,
           ${instant(now)}::timestamptz - make_interval(secs => (${events}::int - i) * 60.0) from generate_series(1, ${events}::int) as i`;
  await db`
    insert into deliveries (id, event_id, endpoint_id, sequence, state, attempts_made, first_due_at, next_attempt_at, finished_at, last_error)
    select 'dlv_' || lpad(i::text, 8, '0'), 'evt_' || lpad(i::text, 8, '0'), 'hook-' || i % 10, i,
           case when i % 100 = 1 then 'pending' when i % 50 = 0 then 'dead' else 'delivered' end, 1 + i % 2, e.occurred_at, e.occurred_at,
           case when i % 100 = 1 then null else e.occurred_at + interval '1 second' end, case when i % 50 = 0 then 'status 500' end
      from generate_series(1, ${events}::int) as i join events e on e.id = 'evt_' || lpad(i::text, 8, '0')`;
  await db`
    insert into attempts (delivery_id, number, started_at, finished_at, outcome, http_status, duration_ms, response_excerpt)
    select d.id, n, d.first_due_at, d.first_due_at + interval '1 second', case d.state when 'delivered' then 'accepted' else 'try_later' end,
           case d.state when 'delivered' then 200 else 500 end, 40, 'ok'
      from deliveries d, generate_series(1, d.attempts_made) as n`;
};

/** Users, keys, entries of the audit log, past versions of the configuration and times of maintenance, so many of each. */
export const insertAdministration = async (db: Db, args: { now: EpochMs; entries: number }): Promise<void> => {
  const { now, entries } = args;
  await db`
    insert into users (id, login, name, role, created_by)
    select 'usr_' || i, 'user-' || i || '@acme.example', 'User ' || i, 'viewer', 'cli' from generate_series(0, 99) as i`;
  await db`
    insert into api_keys (id, name, token_sha256, scopes, api_version, created_by)
    select 'key_' || i, 'Key ' || i, encode(sha256(('bench' || i)::bytea), 'hex'), array['slos:read'], '2026-11-22', 'cli'
      from generate_series(0, 99) as i`;
  await db`
    insert into audit_log (at, actor, action, subject, before, after)
    select ${instant(now)}::timestamptz - make_interval(mins => ${entries}::int - i), 'user:usr_' || i % 100, 'silence.created',
           'silence/' || i % 300, null, '{"comment":"bench"}'::jsonb from generate_series(1, ${entries}::int) as i`;
  await db`
    insert into config_versions (sha256, document, applied_at, actor, changes)
    select sha256, document, applied_at + make_interval(hours => n), actor, changes from config_versions, generate_series(1, 60) as n`;
  await db`
    insert into maintenances (id, title, service_ids, starts_at, duration_ms, time_zone, announced_at, author)
    select 'mnt_' || i, 'Maintenance ' || i, array['service-' || i % 10], ${instant(now)}::timestamptz + make_interval(days => 20 - i),
           3600000, 'UTC', ${instant(now)}::timestamptz - make_interval(days => i), 'Ada' from generate_series(0, 199) as i`;
  await db`
    insert into maintenance_runs (maintenance_id, planned_for, state, starts_at, ends_at)
    select id, starts_at, case when starts_at < ${instant(now)} then 'completed' else 'scheduled' end, starts_at,
           starts_at + interval '1 hour' from maintenances`;
};

/** Statements of the service `service-0` for so many months, all with the same document. */
export const insertStatements = async (
  db: Db,
  args: { document: string; periods: readonly string[] },
): Promise<void> => {
  const { document, periods } = args;
  await db`
    insert into statements (id, period_kind, period, service_id, version, inputs_sha256, inputs, document, author)
    select 'stm_' || n, 'month', p.period, 'service-' || n % 5, 1, ${"0".repeat(64)}, '{}', ${document}, 'Ada'
      from unnest(${`{${periods.join(",")}}`}::text::text[]) with ordinality as p (period, n)`;
};

type SealedSubscriber = { readonly id: string; readonly address: string };

/** Confirmed subscribers by mail with sealed addresses, a minute apart. */
export const insertSubscribers = async (db: Db, sealed: readonly SealedSubscriber[], now: EpochMs): Promise<void> => {
  const column = (of: (one: SealedSubscriber) => string): string =>
    `{${sealed.map((one) => `"${of(one)}"`).join(",")}}`;
  await db`
    insert into subscribers (id, channel, state, address_ciphertext, address_hash, kinds, language, base_url, confirmed_at, created_by, created_at)
    select s.id, 'email', 'active', s.address, 'hash-' || s.n, array['incidents'], 'en', 'https://status.acme.example',
           ${instant(now)}, 'page', ${instant(now)}::timestamptz - make_interval(mins => s.n::int)
      from unnest(${column(({ id }) => id)}::text::text[], ${column(({ address }) => address)}::text::text[]) with ordinality as s (id, address, n)`;
};

/** Takes all but the first `kept` services out of force, with their probes and SLOs. */
export const retireServices = async (db: Db, args: { kept: number; now: EpochMs }): Promise<void> => {
  const at = instant(args.now);
  await db`update services set retired_at = ${at} where substr(id, 9)::int >= ${args.kept}`;
  await db`update probes set retired_at = ${at} where substr(id, 7)::int >= ${args.kept}`;
  await db`update slos set retired_at = ${at} where substr(service_id, 9)::int >= ${args.kept}`;
};

/** Takes them all back into force. */
export const restoreServices = async (db: Db): Promise<void> => {
  await db`update services set retired_at = null`;
  await db`update probes set retired_at = null`;
  await db`update slos set retired_at = null`;
};
