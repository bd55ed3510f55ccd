import type { Db } from "#db/database.ts";
import type { ProbeDefinition, SloDefinition, ThresholdAlert } from "#lib/core/definitions.ts";

// Takes out of the tables what older releases wrote there in clear.

export type PastDefinition = {
  readonly probe_no: number;
  readonly version: number;
  readonly definition: ProbeDefinition;
};

/** At most `limit` past and present definitions that nobody has looked through yet. Partial index. */
export const readUncheckedDefinitions = async (db: Db, limit: number): Promise<PastDefinition[]> => {
  const rows = await db<{ probe_no: number; version: number; definition: string }[]>`
    select probe_no, version, definition::text as definition
      from probe_versions where not is_without_secrets order by probe_no, version limit ${limit}::int`;
  return rows.map((row) => ({ ...row, definition: JSON.parse(row.definition) as ProbeDefinition }));
};

/** Writes definitions that hold no secret any more. */
export const writeCheckedDefinitions = async (db: Db, rows: readonly PastDefinition[]): Promise<void> => {
  await db`
    update probe_versions as v set definition = r.definition, is_without_secrets = true
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (probe_no int, version int, definition jsonb)
     where v.probe_no = r.probe_no and v.version = r.version`;
};

/** Writes definitions of probes that are retired: they need no secrets. */
export const writeRetiredDefinitions = async (
  db: Db,
  rows: readonly { readonly id: string; readonly definition: ProbeDefinition }[],
): Promise<void> => {
  await db`
    update probes as p set definition = r.definition, secrets_ciphertext = null, token_sha256 = null
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (id text, definition jsonb)
     where p.id = r.id`;
};

export type PastSlo = { readonly slo_id: string; readonly version: number; readonly definition: SloDefinition };

/** As `readUncheckedDefinitions`, of SLOs. Partial index. */
export const readUncheckedSloDefinitions = async (db: Db, limit: number): Promise<PastSlo[]> => {
  const rows = await db<{ slo_id: string; version: number; definition: string }[]>`
    select slo_id, version, definition::text as definition
      from slo_versions where not is_without_secrets order by slo_id, version limit ${limit}::int`;
  return rows.map((row) => ({ ...row, definition: JSON.parse(row.definition) as SloDefinition }));
};

/** Writes past definitions of SLOs back without secrets, marked as checked. */
export const writeCheckedSloDefinitions = async (db: Db, rows: readonly PastSlo[]): Promise<void> => {
  await db`
    update slo_versions as v set definition = r.definition, is_without_secrets = true
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (slo_id text, version int, definition jsonb)
     where v.slo_id = r.slo_id and v.version = r.version`;
};

/** Writes definitions of retired SLOs back without secrets. */
export const writeRetiredSlos = async (
  db: Db,
  rows: readonly { readonly id: string; readonly definition: SloDefinition }[],
): Promise<void> => {
  await db`
    update slos as s set definition = r.definition, secrets_ciphertext = null
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (id text, definition jsonb)
     where s.id = r.id`;
};

/** Writes threshold alerts of retired services back without secrets. */
export const writeRetiredServices = async (
  db: Db,
  rows: readonly { readonly id: string; readonly threshold_alerts: readonly ThresholdAlert[] }[],
): Promise<void> => {
  await db`
    update services as s set threshold_alerts = r.threshold_alerts, secrets_ciphertext = null
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r (id text, threshold_alerts jsonb)
     where s.id = r.id`;
};

/** The sealed credentials of the sources of SLOs in force, by SLO; only of those that have any. */
export const readSloSecrets = async (db: Db): Promise<Map<string, string>> => {
  const rows = await db<{ id: string; text: string }[]>`
    select id, secrets_ciphertext as text from slos where retired_at is null and secrets_ciphertext is not null`;
  return new Map(rows.map(({ id, text }) => [id, text]));
};

/** The same of the threshold alerts of services in force, by service. */
export const readServiceSecrets = async (db: Db): Promise<Map<string, string>> => {
  const rows = await db<{ id: string; text: string }[]>`
    select id, secrets_ciphertext as text from services where retired_at is null and secrets_ciphertext is not null`;
  return new Map(rows.map(({ id, text }) => [id, text]));
};
