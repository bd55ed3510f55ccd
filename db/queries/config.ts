import type { Db } from "#db/database.ts";
import type {
  Config,
  EgressDefinition,
  ExtraPageDefinition,
  PageDefinition,
  ProbeDefinition,
  ReferenceCheck,
  SloDefinition,
} from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What roles read of the applied configuration. `definition` columns are written by apply-config only, from values that
// passed the configuration's schema, so that a cast after JSON.parse holds; a test reads back what was applied.

/** A definition as it stands in a jsonb column, read as text. */
const definitionOf = <T>(text: string): T => JSON.parse(text) as T;
const instantOrNull = (at: Date | null): EpochMs | null => (at === null ? null : epochMs(at.getTime()));

/** The version that is in force; 0n before the first. Cheap: poll it once a second. */
export const readConfigVersion = async (db: Db): Promise<bigint> => {
  const rows = await db<{ version: string | null }[]>`select max(version)::text as version from config_versions`;
  return BigInt(rows[0]?.version ?? 0);
};

/** What of the file has no table of its own. */
export type ConfigDocument = {
  readonly version: bigint;
  readonly sha256: string;
  readonly page: PageDefinition;
  /** Beside the main one. */
  readonly pages: readonly ExtraPageDefinition[];
  /** Folder that the main page is written to as files; null: none. */
  readonly staticSiteDirectory: string | null;
  readonly egress: EgressDefinition;
  /** When the first and the newest version were applied. */
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

/**
 * The page, the egress rules and the age of the configuration in force; null before the first. The newest version is chosen
 * first: else the planner may unpack every document, of which a large one has hundreds of kilobytes, to sort them.
 */
export const readConfigDocument = async (db: Db): Promise<ConfigDocument | null> => {
  const rows = await db<{ version: string; sha256: string; document: string; applied_at: Date; first_at: Date }[]>`
    select version::text as version, sha256, applied_at,
           jsonb_build_object('page', document->'page', 'egress', document->'egress', 'pages', document->'pages',
                              'staticSite', document->'staticSite')::text as document,
           (select applied_at from config_versions order by version limit 1) as first_at
      from (select version, sha256, document, applied_at from config_versions order by version desc limit 1) as newest`;
  const row = rows[0];
  if (row === undefined) return null;
  const { page, egress, pages, staticSite } = definitionOf<{
    page: PageDefinition;
    egress: EgressDefinition;
    pages: Config["pages"] | null;
    staticSite: Config["staticSite"] | null;
  }>(row.document);
  const createdAt = epochMs(row.first_at.getTime());
  return {
    version: BigInt(row.version),
    sha256: row.sha256,
    page,
    pages: pages ?? [],
    staticSiteDirectory: staticSite?.directory ?? null,
    egress,
    createdAt,
    updatedAt: epochMs(row.applied_at.getTime()),
  };
};

/** Whether the configuration in force says that this installation is there to try things out. */
export const readIsSandbox = async (db: Db): Promise<boolean> => {
  const rows = await db<{ is_sandbox: boolean }[]>`
    select coalesce(document->'isSandbox' = 'true', false) as is_sandbox
      from config_versions order by version desc limit 1`;
  return rows[0]?.is_sandbox === true;
};

export type LocationRow = {
  readonly no: number;
  readonly id: string;
  readonly name: string;
  readonly retiredAt: EpochMs | null;
  readonly referenceChecks: readonly ReferenceCheck[];
};

/** Locations in the order of the file; with the retired ones at the end when asked for. */
export const readLocations = async (db: Db, options: { withRetired?: boolean } = {}): Promise<LocationRow[]> => {
  const rows = await db<{ no: number; id: string; name: string; retired_at: Date | null; checks: string }[]>`
    select no, id, name, retired_at, reference_checks::text as checks from locations
     where ${options.withRetired === true} or retired_at is null
     order by retired_at is not null, position, id`;
  return rows.map(({ no, id, name, retired_at, checks }) => ({
    no,
    id,
    name,
    retiredAt: instantOrNull(retired_at),
    referenceChecks: definitionOf<readonly ReferenceCheck[]>(checks),
  }));
};

export type ServiceRow = {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly group: string | null;
  /** From 0, as in the file. */
  readonly position: number;
  readonly managedBy?: "file" | "ui";
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

/** Services that are not retired, in the order of the file. */
export const readServices = async (db: Db): Promise<ServiceRow[]> => {
  const rows = await db<
    {
      id: string;
      name: string;
      description: string | null;
      group_name: string | null;
      position: number;
      managed_by: "file" | "ui";
      created_at: Date;
      updated_at: Date;
    }[]
  >`
    select id, name, description, group_name, position, managed_by, created_at, updated_at
      from services where retired_at is null order by position, id`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    group: row.group_name,
    position: row.position,
    managedBy: row.managed_by,
    createdAt: epochMs(row.created_at.getTime()),
    updatedAt: epochMs(row.updated_at.getTime()),
  }));
};

export type ActiveProbe = {
  readonly no: number;
  readonly version: number;
  readonly serviceId: string;
  /** With "[hidden]" for its secrets; `openProbe` of lib/commands puts them back. */
  readonly definition: ProbeDefinition;
  readonly secretsCiphertext: string | null;
};

/** Probes in force that run at one of these locations; null: at any. In the order of the file. */
export const readActiveProbes = async (db: Db, locationIds: readonly string[] | null): Promise<ActiveProbe[]> => {
  const wanted = locationIds === null ? null : JSON.stringify(locationIds);
  const rows = await db<
    { no: number; version: number; service_id: string; definition: string; secrets_ciphertext: string | null }[]
  >`
    select no, version, service_id, definition::text as definition, secrets_ciphertext
      from probes
     where retired_at is null
       and (${wanted}::text is null
            or definition -> 'locations' ?| array(select jsonb_array_elements_text(${wanted}::text::jsonb)))
     order by position, id`;
  return rows.map((row) => ({
    no: row.no,
    version: row.version,
    serviceId: row.service_id,
    definition: definitionOf<ProbeDefinition>(row.definition),
    secretsCiphertext: row.secrets_ciphertext,
  }));
};

export type ProbeListing = Omit<ActiveProbe, "secretsCiphertext"> & {
  readonly managedBy: "file" | "ui";
  readonly activeFrom: EpochMs;
  readonly createdAt: EpochMs;
};

/** Probes in force in the order of the file, with when they were made and last changed. */
export const readProbeListings = async (db: Db): Promise<ProbeListing[]> => {
  const rows = await db<
    {
      no: number;
      version: number;
      service_id: string;
      definition: string;
      managed_by: "file" | "ui";
      active_from: Date;
      created_at: Date;
    }[]
  >`
    select p.no, p.version, p.service_id, p.definition::text as definition, p.managed_by, v.active_from, p.created_at
      from probes p join probe_versions v on v.probe_no = p.no and v.version = p.version
     where p.retired_at is null
     order by p.position, p.id`;
  return rows.map((row) => ({
    no: row.no,
    version: row.version,
    serviceId: row.service_id,
    definition: definitionOf<ProbeDefinition>(row.definition),
    managedBy: row.managed_by,
    activeFrom: epochMs(row.active_from.getTime()),
    createdAt: epochMs(row.created_at.getTime()),
  }));
};

export type ProbeVersion = {
  readonly no: number;
  readonly version: number;
  readonly serviceId: string;
  readonly definition: ProbeDefinition;
  readonly activeFrom: EpochMs;
  /** Null: still in force. */
  readonly activeUntil: EpochMs | null;
};

/** All definitions of probes that were in force at some instant of [from, until), by probe number and age. */
export const readProbesForRollup = async (
  db: Db,
  { from, until }: { from: EpochMs; until: EpochMs },
): Promise<ProbeVersion[]> => {
  const rows = await db<
    {
      no: number;
      version: number;
      service_id: string;
      definition: string;
      active_from: Date;
      active_until: Date | null;
    }[]
  >`
    select v.probe_no as no, v.version, p.service_id, v.definition::text as definition, v.active_from, v.active_until
      from probe_versions v join probes p on p.no = v.probe_no
     where v.active_from < ${new Date(until)} and (v.active_until is null or v.active_until > ${new Date(from)})
     order by v.probe_no, v.version`;
  return rows.map((row) => ({
    no: row.no,
    version: row.version,
    serviceId: row.service_id,
    definition: definitionOf<ProbeDefinition>(row.definition),
    activeFrom: epochMs(row.active_from.getTime()),
    activeUntil: instantOrNull(row.active_until),
  }));
};

export type SloRow = {
  readonly id: string;
  readonly serviceId: string;
  readonly version: number;
  readonly definition: SloDefinition;
  /** When this version came into force. */
  readonly activeFrom: EpochMs;
  readonly managedBy?: "file" | "ui";
  readonly createdAt: EpochMs;
};

type SloDbRow = {
  id: string;
  service_id: string;
  version: number;
  definition: string;
  active_from: Date;
  managed_by: "file" | "ui";
  created_at: Date;
};

const sloOf = (row: SloDbRow): SloRow => ({
  id: row.id,
  serviceId: row.service_id,
  version: row.version,
  definition: definitionOf<SloDefinition>(row.definition),
  activeFrom: epochMs(row.active_from.getTime()),
  managedBy: row.managed_by,
  createdAt: epochMs(row.created_at.getTime()),
});

/** SLOs in force, in the order of the file. */
export const readSlos = async (db: Db): Promise<SloRow[]> => {
  const rows = await db<SloDbRow[]>`
    select s.id, s.service_id, s.version, s.definition::text as definition, v.active_from, s.managed_by, s.created_at
      from slos s join slo_versions v on v.slo_id = s.id and v.version = s.version
     where s.retired_at is null
     order by s.position, s.id`;
  return rows.map(sloOf);
};

/** Those of them that have no hours yet. One look-up in the primary key of `sli_hours` an SLO: asked every second. */
export const readUnstartedSlos = async (db: Db): Promise<SloRow[]> => {
  const rows = await db<SloDbRow[]>`
    select s.id, s.service_id, s.version, s.definition::text as definition, v.active_from, s.managed_by, s.created_at
      from slos s join slo_versions v on v.slo_id = s.id and v.version = s.version
     where s.retired_at is null
       and (select h.hour from sli_hours h where h.slo_id = s.id and h.version = s.version limit 1) is null
     order by s.position, s.id`;
  return rows.map(sloOf);
};
