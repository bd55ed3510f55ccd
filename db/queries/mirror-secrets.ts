import type { Db } from "#db/database.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";

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
