import { insertAudit } from "#db/queries/audit.ts";
import { lockEndpoints } from "#db/queries/deliveries.ts";
import { readDelivery } from "#db/queries/delivery-log.ts";
import type { OldSecret } from "#db/queries/endpoints.ts";
import { enableEndpoint as enableRow, readEndpoint, writeSecrets } from "#db/queries/endpoints.ts";
import { notifyDeliveries } from "#db/queries/events.ts";
import { endpointSecretContext } from "#lib/commands/secret-box.ts";
import { deliveryResource } from "#lib/contracts/deliveries.ts";
import type { EndpointResource, NewEndpointResource } from "#lib/contracts/endpoints.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import { AppError } from "#lib/core/errors.ts";
import { addMs, HOUR_MS } from "#lib/core/units.ts";
import type { EndpointWorld } from "./change-endpoint.ts";
import { assertOwn, lockEndpoint, newSecret } from "./change-endpoint.ts";
import { shownEndpoint } from "./endpoint-facts.ts";
import { sendTest } from "./send-test.ts";
import { disableAndTell } from "./tell-endpoint.ts";

// What people do with an endpoint beside changing it. All but the rotation works for those of the file too.

/** Receivers take ten signatures at most; each live secret makes one. */
const MOST_LIVE_SECRETS = 5;

const shown = async ({ tx, secretBox, now }: EndpointWorld, id: string): Promise<EndpointResource> => {
  const row = await readEndpoint(tx, id);
  if (row === null) throw new AppError("NOT_FOUND", `there is no endpoint "${id}"`);
  return shownEndpoint(secretBox, row, now);
};

/**
 * Replaces the signing secret. The old one goes on signing for `graceHours`, so that the receiver can change over
 * without refusing anything; 0 ends it at once. @throws AppError NOT_FOUND; CONFLICT
 */
export const rotateEndpointSecret = async (
  world: EndpointWorld,
  id: string,
  graceHours: number,
): Promise<NewEndpointResource> => {
  const { tx, now, actor, randomBytes, secretBox } = world;
  const row = await lockEndpoint(tx, id);
  assertOwn(row);
  const live = row.oldSecrets.filter(({ expiresAt }) => Date.parse(expiresAt) > now);
  const replaced: OldSecret = {
    ciphertext: row.secretCiphertext,
    expiresAt: new Date(addMs(now, graceHours * HOUR_MS)).toISOString(),
  };
  const old = graceHours === 0 ? live : [replaced, ...live];
  if (old.length >= MOST_LIVE_SECRETS)
    throw new AppError("CONFLICT", `${MOST_LIVE_SECRETS} secrets sign already; wait until one of them has ended`);
  const secret = newSecret(randomBytes);
  await writeSecrets(tx, { id, secretCiphertext: secretBox.seal(secret, endpointSecretContext(id)), old, now });
  const after = await shown(world, id);
  const states = { before: null, after: { secrets: after.secrets } };
  await insertAudit(tx, { at: now, actor, action: "endpoint.secret_rotated", subject: id, ...states });
  return { ...after, secret };
};

/** Sends `endpoint.test` to one endpoint. @throws AppError NOT_FOUND; CONFLICT while it is disabled. */
export const testEndpoint = async (world: EndpointWorld, id: string): Promise<DeliveryResource> => {
  const { tx, now, actor, randomBytes } = world;
  const row = await lockEndpoint(tx, id);
  if (row.state === "disabled")
    throw new AppError("CONFLICT", `the endpoint "${id}" is disabled (${row.disabledReason}); enable it first`);
  const key = `${now}:${Buffer.from(randomBytes(6)).toString("hex")}`;
  const deliveryId = await sendTest(tx, { endpointId: id, key, toPendingUrl: false, now });
  const delivery = deliveryId === null ? null : await readDelivery(tx, deliveryId);
  if (delivery === null) throw new AppError("CONFLICT", "the test could not be sent; try again");
  const states = { before: null, after: { deliveryId } };
  await insertAudit(tx, { at: now, actor, action: "endpoint.tested", subject: id, ...states });
  return deliveryResource(delivery);
};

/** Sends to an endpoint again, what waits for it first. @throws AppError NOT_FOUND */
export const enableEndpoint = async (world: EndpointWorld, id: string): Promise<EndpointResource> => {
  const { tx, now, actor } = world;
  const row = await lockEndpoint(tx, id);
  if (row.state === "active") return shown(world, id);
  await enableRow(tx, id, now);
  const states = { before: { disabledReason: row.disabledReason }, after: { state: "active" } };
  await insertAudit(tx, { at: now, actor, action: "endpoint.enabled", subject: id, ...states });
  await notifyDeliveries(tx);
  return shown(world, id);
};

/** Sends nothing more to an endpoint, and tells the others. What waits for it stays for 72 h. @throws AppError NOT_FOUND */
export const disableEndpoint = async (
  world: EndpointWorld,
  id: string,
  reason: string | undefined,
): Promise<EndpointResource> => {
  const { tx, now, actor } = world;
  await lockEndpoints(tx);
  const row = await lockEndpoint(tx, id);
  if (row.state === "disabled") return shown(world, id);
  const why = reason === undefined ? "disabled by hand" : `disabled by hand: ${reason}`;
  await disableAndTell(tx, { id, reason: why, now });
  const states = { before: { state: "active" }, after: { disabledReason: why } };
  await insertAudit(tx, { at: now, actor, action: "endpoint.disabled", subject: id, ...states });
  return shown(world, id);
};
