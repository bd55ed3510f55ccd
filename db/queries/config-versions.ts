import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// Versions of the configuration: one for each change, by the file or by hand.

/** The newest version with its whole document as JSON text, which holds no secret; null before the first. */
export const readConfigText = async (
  db: Db,
): Promise<{ readonly version: bigint; readonly sha256: string; readonly text: string } | null> => {
  const rows = await db<{ version: string; sha256: string; text: string }[]>`
    select version::text as version, sha256, document::text as text from config_versions order by version desc limit 1`;
  const row = rows[0];
  return row === undefined ? null : { ...row, version: BigInt(row.version) };
};

export type ConfigVersionRow = {
  readonly version: bigint;
  readonly sha256: string;
  readonly actor: string;
  /** By table: which ids were added, changed, revived and retired. */
  readonly changes: Readonly<Record<string, unknown>>;
  readonly appliedAt: EpochMs;
};

/** Versions below `beyond` from the newest down, or above it from the oldest up. */
export const readConfigVersions = async (
  db: Db,
  { beyond, isUpward, limit }: { readonly beyond: bigint | null; readonly isUpward: boolean; readonly limit: number },
): Promise<ConfigVersionRow[]> => {
  const place = beyond === null ? null : beyond.toString();
  const rows = await db<{ version: string; sha256: string; actor: string; changes: string; applied_at: Date }[]>`
    select version::text as version, sha256, actor, changes::text as changes, applied_at
      from config_versions
     where ${place}::bigint is null
        or (${isUpward} and version > ${place}::bigint) or (not ${isUpward} and version < ${place}::bigint)
     order by case when ${isUpward} then version else -version end limit ${limit}`;
  return rows.map((row) => ({
    version: BigInt(row.version),
    sha256: row.sha256,
    actor: row.actor,
    changes: JSON.parse(row.changes) as Record<string, unknown>,
    appliedAt: epochMs(row.applied_at.getTime()),
  }));
};

/** Records a version and tells listeners; returns its number. `actor` left out: the file. */
export const insertConfigVersion = async (
  db: Db,
  args: { sha256: string; document: string; actor?: string; changes?: unknown; now: EpochMs },
): Promise<bigint> => {
  const rows = await db<{ version: string }[]>`
    insert into config_versions (sha256, document, actor, changes, applied_at)
    values (${args.sha256}, ${args.document}::text::jsonb, ${args.actor ?? "config"},
            ${JSON.stringify(args.changes ?? {})}::text::jsonb,
            ${new Date(args.now)})
    returning version::text as version`;
  const version = BigInt(rows[0]?.version ?? 0);
  await db`select pg_notify('nines_config', ${version.toString()})`;
  return version;
};

/** Who owns what is in force: ids of rows that were not made by the file. */
export const readHandMade = async (
  db: Db,
): Promise<{
  readonly services: readonly string[];
  readonly probes: readonly string[];
  readonly slos: readonly string[];
}> => {
  const rows = await db<{ kind: "services" | "probes" | "slos"; id: string }[]>`
    select 'services' as kind, id from services where managed_by = 'ui' and retired_at is null
    union all select 'probes', id from probes where managed_by = 'ui' and retired_at is null
    union all select 'slos', id from slos where managed_by = 'ui' and retired_at is null
    order by 1, 2`;
  const of = (kind: string) => rows.filter((row) => row.kind === kind).map(({ id }) => id);
  return { services: of("services"), probes: of("probes"), slos: of("slos") };
};
