import type { Tx } from "#db/database.ts";

/** Text that breaks naive escaping. */
export const ODD_TEXT =
  "tab\t newline\n return\r backslash\\ \\N \\. quote\" apostrophe' comma, brace{} \u0001 é 漢字 🎉 ";

/** Rows in every kind of table, with odd text, in the days of the given instants. */
export const insertOddRows = async (tx: Tx, { runs }: { runs: number }): Promise<void> => {
  await tx`insert into services (id, name, description, position) values ('shop', ${ODD_TEXT}, '', 0), ('other', 'Other', null, 1)`;
  await tx`insert into locations (id, name, position) values ('fra', 'Frankfurt', 0), ('nyc', 'New York', 1)`;
  await tx`insert into probes (id, service_id, position, version, definition) values ('home', 'shop', 0, 1, ${tx.json({ text: ODD_TEXT, big: 1e21 })})`;
  await tx`insert into probe_versions (probe_no, version, definition, active_from) select no, 1, '{"a":[1.10]}', '2026-11-20T00:00:00.123456Z' from probes`;
  await tx`insert into slos (id, service_id, position, version, definition) values ('slo', 'shop', 0, 1, '{"objective":"99.90"}')`;
  await tx`insert into slo_versions (slo_id, version, definition, active_from) values ('slo', 1, '{}', now())`;
  await tx`
    insert into endpoints (id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, state, last_sequence)
    values ('oncall', 'webhook', 'v1.k.n.cipher', 'v1.k.n.secret', ${["alert.firing", "alert.resolved"]}, 5000, 'active', 9007199254740993)`;
  await tx`select ensure_partitions('2026-11-20', '2026-11-22')`;
  await tx`
    insert into runs (scheduled_at, started_at, ingested_at, certificate_expires_at, probe_no, duration_us, dns_us, bytes_read,
                      location_no, class, http_status, is_late, trace_id, address, detail, failures)
    select at, at + interval '1.5 ms', at + interval '1 s', case when n % 3 = 0 then at + interval '90 d' end, 1, n, nullif(n % 5, 0), n,
           1 + n % 2, n % 18, 200, n % 7 = 0, md5(n::text)::uuid, ('2001:db8::' || to_hex(n % 65536))::inet,
           case when n % 4 = 0 then ${ODD_TEXT} end, case when n % 4 = 1 then '[{"seen": "tab\\t\\\\"}]'::jsonb end
      from generate_series(1, ${runs}::int) n,
           lateral (select '2026-11-20T00:00:00Z'::timestamptz + (n::float8 / ${runs}::int) * interval '2 days 23 hours') as t (at)`;
  await tx`
    insert into buckets (minute, rolled_up_at, duration_sum_us, probe_no, expected, total, good, bad, unvoted, location_no)
    values ('2026-11-21T10:00:00Z', now(), 9223372036854775807, 1, 2, 2, 1, 1, 0, 1)`;
  await tx`insert into sli_hours (slo_id, version, hour, good, total, expected) values ('slo', 1, '2026-11-21T10:00:00Z', array_fill(1, array[60]), array_fill(2, array[60]), array_fill(2, array[60]))`;
  await tx`insert into events (id, type, subject, dedup_key, data, occurred_at) values ('evt_1', 'alert.firing', 'slo', 'k', ${tx.json({ text: ODD_TEXT })}, now())`;
  await tx`
    insert into deliveries (id, event_id, endpoint_id, sequence, state, first_due_at, next_attempt_at)
    values ('dlv_1', 'evt_1', 'oncall', 9007199254740993, 'pending', now(), now())`;
  await tx`insert into attempts (delivery_id, number, started_at) values ('dlv_1', 1, now())`;
  await tx`insert into audit_log (at, actor, action, subject, before) values (now(), 'me', 'a.b', 's', 'null'::jsonb)`;
};

/** Every row of every table as text, sorted: equal for equal databases. */
export const readEverything = async (tx: Tx): Promise<Record<string, string[]>> => {
  const tables = await tx<{ name: string }[]>`
    select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'migrations' order by relname`;
  const all: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await tx<{ row: string }[]>`select t::text as row from ${tx(name)} t order by 1`;
    all[name] = rows.map(({ row }) => row);
  }
  return all;
};
