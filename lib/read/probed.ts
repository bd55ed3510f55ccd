import type { Database } from "#db/database.ts";
import { readActiveProbes, readConfigDocument, readConfigVersion } from "#db/queries/config.ts";
import type { ProbeDefinition } from "#lib/core/definitions.ts";

/** What is probed, with what it may reach. */
export type Probed = {
  readonly version: bigint;
  readonly definitions: readonly ProbeDefinition[];
  readonly allow: readonly string[];
};

/** What is probed; null when the configuration is still the one of `knownVersion`. @throws errors of the database. */
export const readChangedProbed = (database: Database, knownVersion: bigint | null): Promise<Probed | null> =>
  database.read(async (db) => {
    const version = await readConfigVersion(db);
    if (version === knownVersion) return null;
    const [probes, document] = [await readActiveProbes(db, null), await readConfigDocument(db)];
    return { version, definitions: probes.map(({ definition }) => definition), allow: document?.egress.allow ?? [] };
  });
