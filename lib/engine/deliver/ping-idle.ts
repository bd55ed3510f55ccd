import type { Database } from "#db/database.ts";
import { readIdleEndpoints } from "#db/queries/endpoints.ts";
import { lockEvents } from "#db/queries/events.ts";
import { sendTest } from "#lib/commands/endpoints/send-test.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";

/** A webhook that nothing was sent to for this long gets a test, so that its owner hears of a dead one before it is needed. */
const IDLE_MS = DAY_MS;

/** Pings idle webhooks; channels that people read are left alone. Any number of processes may do so. Returns how many. */
export const pingIdle = async (database: Database, now: EpochMs): Promise<number> => {
  const before = addMs(now, -IDLE_MS);
  if ((await database.read((db) => readIdleEndpoints(db, before))).length === 0) return 0;
  return database.transaction(async (tx) => {
    await lockEvents(tx);
    const idle = await readIdleEndpoints(tx, before);
    for (const endpointId of idle) await sendTest(tx, { endpointId, key: `idle:${now}`, toPendingUrl: false, now });
    return idle.length;
  });
};
