import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type FailingEndpoint = { readonly id: string; readonly failingSince: EpochMs; readonly isWarned: boolean };

/** Active endpoints that took nothing since `since` or longer. */
export const readFailingEndpoints = async (db: Db, since: EpochMs): Promise<FailingEndpoint[]> => {
  const rows = await db<{ id: string; failingSince: Date; isWarned: boolean }[]>`
    select id, failing_since as "failingSince", failing_warned_at is not null as "isWarned"
      from endpoints
     where state = 'active' and retired_at is null and failing_since <= ${new Date(since)}::timestamptz
     order by id`;
  return rows.map((row) => ({ ...row, failingSince: row.failingSince.getTime() as EpochMs }));
};

/** Notes that the owners were told. */
export const markWarned = async (db: Db, ids: readonly string[], now: EpochMs): Promise<void> => {
  await db`update endpoints set failing_warned_at = ${new Date(now)} where id = any(${[...ids]}::text[])`;
};

/** What the world may know of an endpoint: neither its address nor its secrets. */
export type EndpointFacts = {
  readonly id: string;
  readonly type: string;
  readonly description: string | null;
  readonly events: readonly string[];
  readonly state: "active" | "disabled";
  readonly disabledReason: string | null;
  readonly failingSince: EpochMs | null;
};

/** Reads one endpoint as events tell it. Null when there is none. */
export const readEndpointFacts = async (db: Db, id: string): Promise<EndpointFacts | null> => {
  const rows = await db<(Omit<EndpointFacts, "failingSince"> & { failingSince: Date | null })[]>`
    select id, type, description, events, state, disabled_reason as "disabledReason", failing_since as "failingSince"
      from endpoints where id = ${id}`;
  const row = rows[0];
  if (row === undefined) return null;
  const failingSince = row.failingSince === null ? null : (row.failingSince.getTime() as EpochMs);
  return { ...row, failingSince };
};
