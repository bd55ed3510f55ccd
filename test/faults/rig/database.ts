import postgres from "postgres";
import { openDatabase } from "#db/database.ts";
import { startEmbedded } from "#db/embedded/index.ts";
import { epochMs } from "#lib/core/units.ts";
import { acquireLease, releaseLease } from "#lib/engine/lease.ts";
import { runRollupOnce } from "#lib/engine/rollup.ts";
import { silentLogger } from "#lib/runtime/logger.ts";
import { waitFor } from "../../support/wait-for.ts";

const LEASE_MS = 120_000;
/** Past the grace of the rollup, so that every minute with a run is closed. */
const AHEAD_MS = 150_000;

/**
 * Closes every minute that has a run with the engine's own rollup, as if two minutes had passed. The service must be
 * stopped; its lease is waited for.
 */
export const closeAllMinutes = async (url: string): Promise<void> => {
  const database = openDatabase({ url, applicationName: "nines-faults" });
  try {
    const args = { name: "engine", holder: "faults", ttlMs: LEASE_MS };
    const lease = await waitFor("the engine's lease", () => acquireLease(database, args), { everyMs: 200 });
    const now = epochMs(Date.now() + AHEAD_MS);
    for (let hasMore = true; hasMore; )
      ({ hasMore } = await runRollupOnce({ database, lease, now, log: silentLogger }));
    await releaseLease(database, lease);
  } finally {
    await database.close();
  }
};

/** Starts the database of a service that was stopped, closes its minutes, and hands it to the checkers. */
export const withStoppedData = async <T>(dataDir: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const server = await startEmbedded({ dataDir, log: silentLogger });
  const sql = postgres(server.url, { max: 2, onnotice: () => undefined });
  try {
    await closeAllMinutes(server.url);
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
    await server.stop();
  }
};
