import type { Database, Db, Tx } from "#db/database.ts";
import type { OverduePage, StandIn } from "#db/queries/delivery-fallbacks.ts";
import { hasDelivery, readEventKey, readFallbacks, readOverduePages } from "#db/queries/delivery-fallbacks.ts";
import { insertDeliveries, lockSubscribers, notifyDeliveries, takeSequences } from "#db/queries/events.ts";
import { deliveryIdOf } from "#lib/commands/record-event.ts";
import { standInFor } from "#lib/core/delivery/recipients.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS } from "#lib/core/units.ts";

/** How long a page may wait for an endpoint before its fallback is told. */
const FALLBACK_AFTER_MS = 5 * MINUTE_MS;

/**
 * Tells the fallback of an endpoint of an event, at once and without its filters: what the endpoint wanted. Once: an
 * endpoint that has the event already gets it no second time. Locks the active endpoints. Returns who is told now.
 */
export const tellFallback = async (
  tx: Tx,
  { eventId, endpointId, now }: { eventId: string; endpointId: string; now: EpochMs },
): Promise<string | null> => {
  const candidates = new Map((await lockSubscribers(tx)).map((candidate) => [candidate.id, candidate]));
  const stand = standInFor(endpointId, candidates);
  const event = stand === null ? null : await readEventKey(tx, eventId);
  if (stand === null || event === null || (await hasDelivery(tx, { eventId, endpointId: stand.id }))) return null;
  const sequence = (await takeSequences(tx, [stand.id])).get(stand.id) as bigint;
  const id = deliveryIdOf({ dedupKey: event.dedupKey, now }, stand.id);
  await insertDeliveries(
    tx,
    [{ id, eventId, endpointId: stand.id, sequence, standsInFor: endpointId, isUrgent: true }],
    now,
  );
  await notifyDeliveries(tx);
  return stand.id;
};

/** Who stands in for each endpoint that has somebody. */
const standInsOf = (fallbacks: Awaited<ReturnType<typeof readFallbacks>>): StandIn[] => {
  const byId = new Map(fallbacks.map((endpoint) => [endpoint.id, endpoint]));
  return fallbacks.flatMap(({ id }) => {
    const stand = standInFor(id, byId);
    return stand === null ? [] : [{ endpointId: id, standInId: stand.id }];
  });
};

const readOverdue = async (db: Db, since: EpochMs): Promise<OverduePage[]> => {
  const standIns = standInsOf(await readFallbacks(db));
  return standIns.length === 0 ? [] : readOverduePages(db, { standIns, since });
};

/** Tells fallbacks of pages that their endpoints did not take within five minutes. Returns how many. */
export const fallBackOverdue = async (database: Database, now: EpochMs): Promise<number> => {
  const since = addMs(now, -FALLBACK_AFTER_MS);
  if ((await database.read((db) => readOverdue(db, since))).length === 0) return 0;
  return database.transaction(async (tx) => {
    let told = 0;
    await lockSubscribers(tx);
    for (const { eventId, endpointId } of await readOverdue(tx, since)) {
      if ((await tellFallback(tx, { eventId, endpointId, now })) !== null) told += 1;
    }
    return told;
  });
};
