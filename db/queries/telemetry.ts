import type { Db } from "#db/database.ts";

/** Address of a trace by the configuration in force, with the place of the id in it; null: none is configured. */
export const readTraceUrl = async (db: Db): Promise<string | null> => {
  const [row] = await db<{ url: string | null }[]>`
    select document->'telemetry'->>'traceUrl' as url from config_versions order by version desc limit 1`;
  return row?.url ?? null;
};

/** Number of the version in force; 0 before the first. */
export const readNewestVersion = async (db: Db): Promise<bigint> => {
  const [row] = await db<{ version: string }[]>`select coalesce(max(version), 0)::text as version from config_versions`;
  return BigInt(row?.version ?? 0);
};
