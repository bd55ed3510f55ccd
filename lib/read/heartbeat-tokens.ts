import type { Database } from "#db/database.ts";
import { readConfigVersion } from "#db/queries/config.ts";
import { readHeartbeatTokens } from "#db/queries/heartbeats.ts";

/** Numbers of heartbeats by the hash of their token. */
export type HeartbeatTokens = { readonly version: bigint; readonly probeNoByHash: ReadonlyMap<string, number> };

/** The tokens in force; null when the configuration is still the one of `knownVersion`. @throws errors of the database. */
export const readChangedTokens = (database: Database, knownVersion: bigint | null): Promise<HeartbeatTokens | null> =>
  database.read(async (db) => {
    const version = await readConfigVersion(db);
    if (version === knownVersion) return null;
    const rows = await readHeartbeatTokens(db);
    return { version, probeNoByHash: new Map(rows.map(({ tokenSha256, probeNo }) => [tokenSha256, probeNo])) };
  });
