import type { Db } from "#db/database.ts";
import type { EgressDefinition } from "#lib/core/definitions.ts";
import type { IdentityDefinition } from "#lib/core/identity/definition.ts";

/** Who may sign in, where connections may go and the page's address, of the configuration in force; null before the first. */
export const readIdentityDefinition = async (
  db: Db,
): Promise<{ identity: IdentityDefinition | null; allow: readonly string[]; pageUrl: string | null } | null> => {
  const rows = await db<{ identity: string | null; egress: string; url: string | null }[]>`
    select (document->'identity')::text as identity, (document->'egress')::text as egress,
           document->'page'->>'url' as url
      from config_versions order by version desc limit 1`;
  const row = rows[0];
  if (row === undefined) return null;
  return {
    identity: row.identity === null ? null : (JSON.parse(row.identity) as IdentityDefinition),
    allow: (JSON.parse(row.egress) as EgressDefinition).allow,
    pageUrl: row.url,
  };
};
