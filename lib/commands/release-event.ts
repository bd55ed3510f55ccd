import { createHash } from "node:crypto";
import type { Tx } from "#db/database.ts";
import { readEventDelivery } from "#db/queries/alerts.ts";
import { insertDeliveries, lockSubscribers, notifyDeliveries, takeSequences } from "#db/queries/events.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { newId } from "#lib/runtime/ids.ts";

/**
 * Delivers an event that was recorded without deliveries because it was muted. Does nothing when it has deliveries
 * already or was never recorded.
 */
export const releaseEvent = async (
  tx: Tx,
  args: { dedupKey: string; type: EventType; notify: readonly string[] | null; now: EpochMs },
): Promise<void> => {
  const known = await readEventDelivery(tx, args.dedupKey);
  if (known === null || known.isDelivered) return;
  const endpointIds = await lockSubscribers(tx, { type: args.type, notify: args.notify });
  if (endpointIds.length === 0) return;
  const sequences = await takeSequences(tx, endpointIds);
  const bytesOf = (endpointId: string) => (size: number) =>
    createHash("sha256").update(`${args.dedupKey}\n${endpointId}`).digest().subarray(0, size);
  const deliveries = endpointIds.map((endpointId) => ({
    id: newId("dlv", args.now, bytesOf(endpointId)),
    eventId: known.eventId,
    endpointId,
    sequence: sequences.get(endpointId) as bigint,
  }));
  await insertDeliveries(tx, deliveries, args.now);
  await notifyDeliveries(tx);
};
