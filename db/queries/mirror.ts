import type { Db } from "#db/database.ts";
import type { EndpointType } from "#lib/core/channels/channel.ts";
import type {
  EndpointFilters,
  EndpointSettings,
  ProbeDefinition,
  ReferenceCheck,
  SloDefinition,
  ThresholdAlert,
} from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";

// How apply-config reads and writes the mirror tables. Everybody else reads them through config.ts.

/** The file, or people who made it by API or on a page. */
export type RowOwner = "file" | "ui";

export type LocationMirror = {
  readonly id: string;
  readonly name: string;
  readonly position: number;
  readonly reference_checks: readonly ReferenceCheck[];
};
/** A service with the credentials of its threshold alerts' sources in clear; never written. */
export type ServicePlain = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly group_name: string | null;
  readonly position: number;
  readonly depends_on: readonly string[];
  readonly threshold_alerts: readonly ThresholdAlert[];
  readonly managed_by: RowOwner;
};
/** As it is written: secrets are hidden and stand sealed beside. */
export type ServiceSealed = ServicePlain & { readonly secrets_ciphertext: string | null };
type Owned<Definition> = {
  readonly id: string;
  readonly service_id: string;
  readonly position: number;
  readonly definition: Definition;
  readonly managed_by: RowOwner;
};
/** A probe with its secrets in clear; never written. */
export type ProbePlain = Owned<ProbeDefinition>;
/** As it is written: secrets are hidden in `definition` and stand sealed beside it. */
export type ProbeSealed = Owned<ProbeDefinition> & {
  readonly secrets_ciphertext: string | null;
  readonly token_sha256: string | null;
};
/** The same of SLOs, whose PromQL source may have credentials. */
export type SloPlain = Owned<SloDefinition>;
export type SloSealed = SloPlain & { readonly secrets_ciphertext: string | null };
type EndpointCommon = {
  readonly id: string;
  readonly type: EndpointType;
  readonly events: readonly string[];
  readonly timeout_ms: number;
  readonly description: string | null;
  readonly filters: EndpointFilters;
  readonly settings: EndpointSettings;
  readonly is_ordered: boolean;
  readonly max_in_flight: number;
  readonly max_per_second: number | null;
  readonly fallback_id: string | null;
};
export type EndpointPlain = EndpointCommon & {
  readonly url: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>> | null;
};
export type EndpointSealed = EndpointCommon & {
  readonly url_ciphertext: string;
  readonly secret_ciphertext: string;
  readonly headers_ciphertext: string | null;
};

export type ConfigRows = {
  readonly locations: readonly LocationMirror[];
  readonly services: readonly ServicePlain[];
  readonly probes: readonly ProbePlain[];
  readonly slos: readonly SloPlain[];
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

/** Rows as they stand. Endpoints are those of the file; with `allEndpoints` those of the API in use too. */
export const readMirror = async (db: Db, { allEndpoints = false } = {}) => ({
  locations: byId(
    await db<StoredRow<LocationMirror>[]>`
      select id, name, position, reference_checks, retired_at is not null as is_retired, 0 as version from locations`,
  ),
  services: byId(
    await db<StoredRow<ServiceSealed>[]>`
      select id, name, description, group_name, position, depends_on, threshold_alerts, secrets_ciphertext, managed_by,
             retired_at is not null as is_retired, 0 as version from services`,
  ),
  probes: byId(
    await db<StoredRow<ProbeSealed>[]>`
      select id, service_id, position, definition, secrets_ciphertext, token_sha256, version, managed_by,
             retired_at is not null as is_retired
        from probes`,
  ),
  slos: byId(
    await db<StoredRow<SloSealed>[]>`
      select id, service_id, position, definition, secrets_ciphertext, version, managed_by,
             retired_at is not null as is_retired
        from slos`,
  ),
  endpoints: byId(
    await db<StoredRow<EndpointSealed>[]>`
      select id, type, url_ciphertext, secret_ciphertext, headers_ciphertext, events, timeout_ms, description, filters,
             settings, is_ordered, max_in_flight, max_per_second, fallback_id, retired_at is not null as is_retired,
             0 as version
        from endpoints where managed_by = 'file' or (${allEndpoints} and retired_at is null)`,
  ),
});

/** Writes locations of the configuration; one that was retired is in use again. */
export const upsertLocations = async (db: Db, rows: readonly LocationMirror[]): Promise<void> => {
  await db`
    insert into locations (id, name, position, reference_checks)
    select id, name, position, reference_checks
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, name text, position int, reference_checks jsonb)
    on conflict (id) do update
       set name = excluded.name, position = excluded.position, reference_checks = excluded.reference_checks, retired_at = null, updated_at = now()`;
};

/** Writes services of the configuration with their sealed secrets; one that was retired is in use again. */
export const upsertServices = async (db: Db, rows: readonly ServiceSealed[]): Promise<void> => {
  await db`
    insert into services (id, name, description, group_name, position, depends_on, threshold_alerts, secrets_ciphertext,
                          managed_by)
    select id, name, description, group_name, position, depends_on, threshold_alerts, secrets_ciphertext, managed_by
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, name text, description text, group_name text, position int, depends_on text[],
              threshold_alerts jsonb, secrets_ciphertext text, managed_by text)
    on conflict (id) do update
       set name = excluded.name, description = excluded.description, group_name = excluded.group_name,
           position = excluded.position, depends_on = excluded.depends_on, threshold_alerts = excluded.threshold_alerts,
           secrets_ciphertext = excluded.secrets_ciphertext, managed_by = excluded.managed_by, retired_at = null,
           updated_at = now()`;
};

/** Writes probes; where `version` differs from the one in force, ends that version at `now` and starts the new one. */
export const upsertProbes = async (
  db: Db,
  rows: readonly (ProbeSealed & { version: number })[],
  now: EpochMs,
): Promise<void> => {
  const at = new Date(now);
  await db`
    insert into probes (id, service_id, position, version, definition, secrets_ciphertext, token_sha256, managed_by)
    select id, service_id, position, version, definition, secrets_ciphertext, token_sha256, managed_by
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, service_id text, position int, version int, definition jsonb, secrets_ciphertext text,
              token_sha256 text, managed_by text)
    on conflict (id) do update
       set service_id = excluded.service_id, position = excluded.position, version = excluded.version,
           definition = excluded.definition, secrets_ciphertext = excluded.secrets_ciphertext,
           token_sha256 = excluded.token_sha256, managed_by = excluded.managed_by, retired_at = null, updated_at = now()`;
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
  rows: readonly (SloSealed & { version: number })[],
  now: EpochMs,
): Promise<void> => {
  const at = new Date(now);
  await db`
    insert into slos (id, service_id, position, version, definition, secrets_ciphertext, managed_by)
    select id, service_id, position, version, definition, secrets_ciphertext, managed_by
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, service_id text, position int, version int, definition jsonb, secrets_ciphertext text,
              managed_by text)
    on conflict (id) do update
       set service_id = excluded.service_id, position = excluded.position, version = excluded.version,
           definition = excluded.definition, secrets_ciphertext = excluded.secrets_ciphertext,
           managed_by = excluded.managed_by, retired_at = null, updated_at = now()`;
  await db`
    update slo_versions as v set active_until = greatest(v.active_from, ${at}::timestamptz)
      from slos s
     where s.id = v.slo_id and v.active_until is null and v.version <> s.version`;
  await db`
    insert into slo_versions as v (slo_id, version, definition, active_from, is_without_secrets)
    select s.id, s.version, s.definition, ${at}::timestamptz, true from slos s where s.retired_at is null
    on conflict (slo_id, version) do update set active_until = null where v.active_until is not null`;
};

/**
 * Writes endpoints. One whose address, key or headers changed is active again and judged anew, whatever had disabled it.
 * The file owns what it names, even if the API made it.
 */
export const upsertEndpoints = async (db: Db, rows: readonly EndpointSealed[]): Promise<void> => {
  const isSame = db`(e.retired_at is null and e.url_ciphertext = excluded.url_ciphertext
                     and e.secret_ciphertext = excluded.secret_ciphertext
                     and e.headers_ciphertext is not distinct from excluded.headers_ciphertext)`;
  await db`
    insert into endpoints as e (id, type, url_ciphertext, secret_ciphertext, headers_ciphertext, events, timeout_ms,
                                description, filters, settings, is_ordered, max_in_flight, max_per_second, fallback_id,
                                managed_by, state)
    select id, type, url_ciphertext, secret_ciphertext, headers_ciphertext, events, timeout_ms, description, filters,
           settings, is_ordered, max_in_flight, max_per_second, fallback_id, 'file', 'active'
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
        as r (id text, type text, url_ciphertext text, secret_ciphertext text, headers_ciphertext text, events text[],
              timeout_ms int, description text, filters jsonb, settings jsonb, is_ordered boolean, max_in_flight int,
              max_per_second int, fallback_id text)
    on conflict (id) do update
       set type = excluded.type, url_ciphertext = excluded.url_ciphertext, secret_ciphertext = excluded.secret_ciphertext,
           headers_ciphertext = excluded.headers_ciphertext, events = excluded.events, timeout_ms = excluded.timeout_ms,
           description = excluded.description, filters = excluded.filters, settings = excluded.settings,
           is_ordered = excluded.is_ordered, max_in_flight = excluded.max_in_flight,
           max_per_second = excluded.max_per_second, fallback_id = excluded.fallback_id, managed_by = 'file',
           rate_tokens = case when e.max_per_second = excluded.max_per_second then e.rate_tokens end,
           rate_at = case when e.max_per_second = excluded.max_per_second then e.rate_at end,
           retired_at = null, updated_at = now(),
           state = case when ${isSame} then e.state else 'active' end,
           disabled_reason = case when ${isSame} then e.disabled_reason end,
           breaker = case when ${isSame} then e.breaker end,
           admits_at = case when ${isSame} then e.admits_at end,
           failing_since = case when ${isSame} then e.failing_since end,
           failing_warned_at = case when ${isSame} then e.failing_warned_at end`;
};
