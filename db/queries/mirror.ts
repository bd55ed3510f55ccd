import type { Db } from "#db/database.ts";
import type { ProbeDefinition, ReferenceCheck, SloDefinition } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";

// How apply-config reads and writes the mirror tables. Everybody else reads them through config.ts.

export type LocationMirror = {
  readonly id: string;
  readonly name: string;
  readonly position: number;
  readonly reference_checks: readonly ReferenceCheck[];
};
export type ServiceMirror = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly group_name: string | null;
  readonly position: number;
};
type Owned<Definition> = {
  readonly id: string;
  readonly service_id: string;
  readonly position: number;
  readonly definition: Definition;
};
/** A probe with its secrets in clear; never written. */
export type ProbePlain = Owned<ProbeDefinition>;
/** As it is written: secrets are hidden in `definition` and stand sealed beside it. */
export type ProbeSealed = Owned<ProbeDefinition> & {
  readonly secrets_ciphertext: string | null;
  readonly token_sha256: string | null;
};
export type SloMirror = Owned<SloDefinition>;
type EndpointCommon = {
  readonly id: string;
  readonly type: "webhook";
  readonly events: readonly string[];
  readonly timeout_ms: number;
};
export type EndpointPlain = EndpointCommon & { readonly url: string; readonly secret: string };
export type EndpointSealed = EndpointCommon & { readonly url_ciphertext: string; readonly secret_ciphertext: string };

export type ConfigRows = {
  readonly locations: readonly LocationMirror[];
  readonly services: readonly ServiceMirror[];
  readonly probes: readonly ProbePlain[];
  readonly slos: readonly SloMirror[];
  readonly endpoints: readonly EndpointPlain[];
};

/** A row as it stands, retired or not. `version` is 0 where a table has none. */
export type Stored<Row> = { readonly row: Row; readonly isRetired: boolean; readonly version: number };
type StoredRow<Row> = Row & { readonly is_retired: boolean; readonly version: number };

const byId = <Row extends { readonly id: string }>(rows: readonly StoredRow<Row>[]): Map<string, Stored<Row>> =>
  new Map(
    rows.map(({ is_retired, version, ...row }) => [
      row.id,
      { row: row as unknown as Row, isRetired: is_retired, version },
    ]),
  );

/** Holds off other writers of the configuration until the transaction ends; readers go on. */
export const lockConfig = async (db: Db): Promise<void> => {
  await db`lock table config_versions in share row exclusive mode`;
};

export const readMirror = async (db: Db) => ({
  locations: byId(
    await db<StoredRow<LocationMirror>[]>`
      select id, name, position, reference_checks, retired_at is not null as is_retired, 0 as version from locations`,
  ),
  services: byId(
    await db<StoredRow<ServiceMirror>[]>`
      select id, name, description, group_name, position, retired_at is not null as is_retired, 0 as version from services`,
  ),
  probes: byId(
    await db<StoredRow<ProbeSealed>[]>`
      select id, service_id, position, definition, secrets_ciphertext, token_sha256, version,
             retired_at is not null as is_retired
        from probes`,
  ),
  slos: byId(
    await db<StoredRow<SloMirror>[]>`
      select id, service_id, position, definition, version, retired_at is not null as is_retired from slos`,
  ),
  endpoints: byId(
    await db<StoredRow<EndpointSealed>[]>`
      select id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, retired_at is not null as is_retired, 0 as version
        from endpoints`,
  ),
});

export const upsertLocations = async (db: Db, rows: readonly LocationMirror[]): Promise<void> => {
  await db`
    insert into locations (id, name, position, reference_checks)
    select id, name, position, reference_checks
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, name text, position int, reference_checks jsonb)
    on conflict (id) do update
       set name = excluded.name, position = excluded.position, reference_checks = excluded.reference_checks, retired_at = null, updated_at = now()`;
};

export const upsertServices = async (db: Db, rows: readonly ServiceMirror[]): Promise<void> => {
  await db`
    insert into services (id, name, description, group_name, position)
    select id, name, description, group_name, position
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, name text, description text, group_name text, position int)
    on conflict (id) do update
       set name = excluded.name, description = excluded.description, group_name = excluded.group_name,
           position = excluded.position, retired_at = null, updated_at = now()`;
};

/** Writes probes; where `version` differs from the one in force, ends that version at `now` and starts the new one. */
export const upsertProbes = async (
  db: Db,
  rows: readonly (ProbeSealed & { version: number })[],
  now: EpochMs,
): Promise<void> => {
  const at = new Date(now);
  await db`
    insert into probes (id, service_id, position, version, definition, secrets_ciphertext, token_sha256)
    select id, service_id, position, version, definition, secrets_ciphertext, token_sha256
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, service_id text, position int, version int, definition jsonb, secrets_ciphertext text,
              token_sha256 text)
    on conflict (id) do update
       set service_id = excluded.service_id, position = excluded.position, version = excluded.version,
           definition = excluded.definition, secrets_ciphertext = excluded.secrets_ciphertext,
           token_sha256 = excluded.token_sha256, retired_at = null, updated_at = now()`;
  await db`
    update probe_versions as v set active_until = greatest(v.active_from, ${at}::timestamptz)
      from probes p
     where p.no = v.probe_no and v.active_until is null and v.version <> p.version`;
  await db`
    insert into probe_versions (probe_no, version, definition, active_from, is_without_secrets)
    select p.no, p.version, p.definition, ${at}::timestamptz, true
      from probes p
     where not exists (select 1 from probe_versions v where v.probe_no = p.no and v.version = p.version)`;
};

/** As `upsertProbes`. An SLO that comes back unchanged gets its old version back, and with it its history. */
export const upsertSlos = async (
  db: Db,
  rows: readonly (SloMirror & { version: number })[],
  now: EpochMs,
): Promise<void> => {
  const at = new Date(now);
  await db`
    insert into slos (id, service_id, position, version, definition)
    select id, service_id, position, version, definition
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, service_id text, position int, version int, definition jsonb)
    on conflict (id) do update
       set service_id = excluded.service_id, position = excluded.position, version = excluded.version,
           definition = excluded.definition, retired_at = null, updated_at = now()`;
  await db`
    update slo_versions as v set active_until = greatest(v.active_from, ${at}::timestamptz)
      from slos s
     where s.id = v.slo_id and v.active_until is null and v.version <> s.version`;
  await db`
    insert into slo_versions as v (slo_id, version, definition, active_from)
    select s.id, s.version, s.definition, ${at}::timestamptz from slos s where s.retired_at is null
    on conflict (slo_id, version) do update set active_until = null where v.active_until is not null`;
};

/** Writes endpoints. One whose address or secret changed is active again, whatever had disabled it. */
export const upsertEndpoints = async (db: Db, rows: readonly EndpointSealed[]): Promise<void> => {
  await db`
    insert into endpoints as e (id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, state)
    select id, type, url_ciphertext, secret_ciphertext, events, timeout_ms, 'active'
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, type text, url_ciphertext text, secret_ciphertext text, events text[], timeout_ms int)
    on conflict (id) do update
       set type = excluded.type, url_ciphertext = excluded.url_ciphertext, secret_ciphertext = excluded.secret_ciphertext,
           events = excluded.events, timeout_ms = excluded.timeout_ms, retired_at = null, updated_at = now(),
           state = case when e.retired_at is null and e.url_ciphertext = excluded.url_ciphertext
                         and e.secret_ciphertext = excluded.secret_ciphertext then e.state else 'active' end,
           disabled_reason = case when e.retired_at is null and e.url_ciphertext = excluded.url_ciphertext
                         and e.secret_ciphertext = excluded.secret_ciphertext then e.disabled_reason end`;
};
