import { createHash } from "node:crypto";
import type { Tx } from "#db/database.ts";
import { readEndpointFacts } from "#db/queries/endpoint-health.ts";
import { markVerification } from "#db/queries/endpoints.ts";
import { insertDeliveries, insertEvent, lockEvents, notifyDeliveries, takeSequences } from "#db/queries/events.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { newId } from "#lib/runtime/ids.ts";
import { stateOfEndpoint } from "./tell-endpoint.ts";

/**
 * Puts `endpoint.test` into the outbox of one endpoint, whatever it subscribes to, and of no other. It is delivered,
 * repeated and given up as any event. With `toPendingUrl` it goes to the address that is to be proved.
 * Returns the id of the delivery. Null when the endpoint is gone, or the test of this `key` was sent before.
 */
export const sendTest = async (
  tx: Tx,
  args: {
    readonly endpointId: string;
    /** Names the occasion: the same one sends nothing more. */
    readonly key: string;
    readonly toPendingUrl: boolean;
    readonly now: EpochMs;
  },
): Promise<string | null> => {
  const { endpointId, now } = args;
  await lockEvents(tx);
  const facts = await readEndpointFacts(tx, endpointId);
  if (facts === null) return null;
  const dedupKey = `endpoint.test:${endpointId}:${args.key}`;
  const bytes = (size: number) => createHash("sha256").update(dedupKey).digest().subarray(0, size);
  const eventId = newId("evt", now, bytes);
  const event = {
    id: eventId,
    type: "endpoint.test",
    subject: endpointId,
    dedupKey,
    data: stateOfEndpoint(facts),
    occurredAt: now,
  };
  if (!(await insertEvent(tx, event))) return null;
  const sequence = (await takeSequences(tx, [endpointId])).get(endpointId);
  if (sequence === undefined) return null;
  const id = newId("dlv", now, bytes);
  await insertDeliveries(tx, [{ id, eventId, endpointId, sequence }], now);
  if (args.toPendingUrl) await markVerification(tx, id);
  await notifyDeliveries(tx);
  return id;
};
