import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import {
  hastenDelivery,
  readDelivery,
  replayDeliveries,
  replayDelivery as replayRow,
} from "#db/queries/delivery-log.ts";
import { readEndpoint } from "#db/queries/endpoints.ts";
import { notifyDeliveries } from "#db/queries/events.ts";
import { deliveryResource } from "#lib/contracts/deliveries.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";

type ReplayWorld = { readonly tx: Tx; readonly now: EpochMs; readonly actor: string };

/** Replayed by one call at most. */
const MOST_REPLAYED = 10_000;

const assertActive = async (tx: Tx, endpointId: string): Promise<void> => {
  const endpoint = await readEndpoint(tx, endpointId);
  if (endpoint === null) throw new AppError("CONFLICT", `the endpoint "${endpointId}" was removed`);
  if (endpoint.state === "disabled")
    throw new AppError("CONFLICT", `the endpoint "${endpointId}" is disabled; enable it first`);
};

/**
 * Sends an event again to its endpoint, under its old id and with a new 72 h of attempts. One that waits is tried at
 * once instead. @throws AppError NOT_FOUND; CONFLICT when its endpoint is gone or disabled.
 */
export const replayDelivery = async ({ tx, now, actor }: ReplayWorld, id: string): Promise<DeliveryResource> => {
  const before = await readDelivery(tx, id, { lock: true });
  if (before === null) throw new AppError("NOT_FOUND", `there is no delivery "${id}"`);
  await assertActive(tx, before.endpointId);
  if (before.toPendingUrl && before.state !== "pending")
    throw new AppError("CONFLICT", "this delivery proved an address; change the address again, or send a test");
  if (before.state === "pending") await hastenDelivery(tx, id, now);
  else await replayRow(tx, id, now);
  const after = (await readDelivery(tx, id)) ?? before;
  const states = { before: { state: before.state }, after: { state: after.state } };
  await insertAudit(tx, { at: now, actor, action: "delivery.replayed", subject: id, ...states });
  await notifyDeliveries(tx);
  return deliveryResource(after);
};

/**
 * The same for everything that an endpoint was to get from `from` until before `to` and that ended in one of `states`.
 * @throws AppError NOT_FOUND; CONFLICT; INVALID_REQUEST
 */
export const replayEndpoint = async (
  { tx, now, actor }: ReplayWorld,
  args: { readonly id: string; readonly from: EpochMs; readonly to: EpochMs; readonly states: readonly string[] },
): Promise<{ readonly replayed: number; readonly hasMore: boolean }> => {
  const { id, from, to, states } = args;
  if (from >= to) throw new AppError("INVALID_REQUEST", "from must be before to");
  if ((await readEndpoint(tx, id)) === null) throw new AppError("NOT_FOUND", `there is no endpoint "${id}"`);
  await assertActive(tx, id);
  const replayed = await replayDeliveries(tx, { endpointId: id, states, from, to, limit: MOST_REPLAYED, now });
  const span = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), states, replayed };
  await insertAudit(tx, { at: now, actor, action: "endpoint.replayed", subject: id, before: null, after: span });
  if (replayed > 0) await notifyDeliveries(tx);
  return { replayed, hasMore: replayed === MOST_REPLAYED };
};
