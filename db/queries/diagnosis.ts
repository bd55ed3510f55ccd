import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// What a look at the set-up asks the server about itself and about the service.

export type ServerFacts = {
  /** The server's clock while it answered. */
  readonly now: EpochMs;
  readonly isDurable: boolean;
  readonly encoding: string;
  readonly connectionsLeft: number;
  readonly isReadOnly: boolean;
};

/** The server's own settings. */
export const readServerFacts = async (db: Db): Promise<ServerFacts> => {
  const rows = await db<
    { now: Date; fsync: string; sync: string; encoding: string; left: number; read_only: boolean }[]
  >`
    select clock_timestamp() as now, current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync,
           current_setting('server_encoding') as encoding, pg_is_in_recovery() as read_only,
           current_setting('max_connections')::int - (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as left`;
  const row = rows[0];
  if (row === undefined) throw new Error("the server answered no row");
  return {
    now: epochMs(row.now.getTime()),
    isDurable: row.fsync === "on" && row.sync !== "off",
    encoding: row.encoding,
    connectionsLeft: row.left,
    isReadOnly: row.read_only,
  };
};

export type ServiceFacts = {
  /** When the last run that is stored arrived; null: none in the last hour. */
  readonly lastRunAt: EpochMs | null;
  readonly probes: number;
  /** Ids of endpoints that are switched off. */
  readonly disabledEndpoints: readonly string[];
  readonly deadDeliveries: number;
};

/** What the service did of late. Runs are looked at by the newest partitions only. */
export const readServiceFacts = async (db: Db, now: EpochMs): Promise<ServiceFacts> => {
  const hourAgo = new Date(now - 3_600_000);
  const rows = await db<{ last: Date | null; probes: number; disabled: string[] | null; dead: number }[]>`
    select (select max(scheduled_at) from runs where scheduled_at > ${hourAgo}) as last,
           (select count(*)::int from probes where retired_at is null) as probes,
           (select array_agg(id order by id) from endpoints where state = 'disabled' and retired_at is null) as disabled,
           (select count(*)::int from deliveries where state = 'dead' and created_at > ${new Date(now - 86_400_000)}) as dead`;
  const row = rows[0];
  return {
    lastRunAt: row?.last instanceof Date ? epochMs(row.last.getTime()) : null,
    probes: row?.probes ?? 0,
    disabledEndpoints: row?.disabled ?? [],
    deadDeliveries: row?.dead ?? 0,
  };
};
