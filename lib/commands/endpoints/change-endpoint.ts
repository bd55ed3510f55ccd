import type { Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { readServices } from "#db/queries/config.ts";
import type { EndpointRow, EndpointToWrite } from "#db/queries/endpoints.ts";
import {
  cancelVerifications,
  insertEndpoint,
  readEndpoint,
  readEndpointUse,
  removeEndpoint as removeRow,
  updateEndpoint,
} from "#db/queries/endpoints.ts";
import { lockEvents } from "#db/queries/events.ts";
import { assertKnown } from "#lib/commands/assert-known.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { endpointHeadersContext, endpointSecretContext, endpointUrlContext } from "#lib/commands/secret-box.ts";
import type { JudgeUrl } from "#lib/config/rules/egress.ts";
import type { EndpointResource, NewEndpointResource } from "#lib/contracts/endpoints.ts";
import { parseDuration } from "#lib/core/duration.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { shownEndpoint } from "./endpoint-facts.ts";
import { assertAddress, assertHeaders } from "./endpoint-rules.ts";
import { sendTest } from "./send-test.ts";

/** The world of a change to an endpoint: everything in `tx` commits together, or not at all. */
export type EndpointWorld = {
  readonly tx: Tx;
  readonly now: EpochMs;
  readonly actor: string;
  readonly randomBytes: RandomBytes;
  readonly secretBox: SecretBox;
  readonly judgeUrl: JudgeUrl;
};

/** What people say of an endpoint. `headers` replace all that were there. */
export type EndpointWishes = {
  readonly url: string;
  readonly description: string | null;
  readonly events: readonly string[];
  readonly filters: { readonly serviceIds: readonly string[]; readonly severities: readonly ("page" | "ticket")[] };
  readonly headers: Readonly<Record<string, string>>;
  /** With its unit, such as "5s". */
  readonly timeout: string;
  readonly isOrdered: boolean;
  readonly maxInFlight: number;
  readonly maxPerSecond: number | null;
};

/** As many as one installation may have by the API: every event looks at each of them. */
const MOST_ENDPOINTS = 1_000;
const SECRET_BYTES = 32;

/** A signing secret in the form of Standard Webhooks: `whsec_` and base64. */
export const newSecret = (randomBytes: RandomBytes): string =>
  `whsec_${Buffer.from(randomBytes(SECRET_BYTES)).toString("base64")}`;

/** Locks and reads an endpoint. @throws AppError NOT_FOUND */
export const lockEndpoint = async (tx: Tx, id: string): Promise<EndpointRow> => {
  // Events come before endpoints everywhere, so that nobody waits in a circle.
  await lockEvents(tx);
  const row = await readEndpoint(tx, id, { lock: true });
  if (row === null) throw new AppError("NOT_FOUND", `there is no endpoint "${id}"`);
  return row;
};

/** @throws AppError CONFLICT for an endpoint of the file. */
export const assertOwn = ({ id, managedBy }: EndpointRow): void => {
  if (managedBy === "api") return;
  throw new AppError(
    "CONFLICT",
    `the endpoint "${id}" stands in the configuration file under notifications: change it there`,
  );
};

const sealHeaders = (box: SecretBox, id: string, headers: Readonly<Record<string, string>>): string | null =>
  Object.keys(headers).length === 0 ? null : box.seal(JSON.stringify(headers), endpointHeadersContext(id));

const filtersOf = ({ serviceIds, severities }: EndpointWishes["filters"]): EndpointToWrite["filters"] => ({
  ...(serviceIds.length === 0 ? {} : { services: serviceIds }),
  ...(severities.length === 0 ? {} : { severities }),
});

const timeoutOf = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === null || ms < 1 || ms > 30_000)
    throw new AppError("INVALID_REQUEST", "timeout must be between 1ms and 30s");
  return ms;
};

const assertWishes = async ({ tx, judgeUrl }: EndpointWorld, wishes: Partial<EndpointWishes>): Promise<void> => {
  if (wishes.url !== undefined) await assertAddress(tx, wishes.url, judgeUrl);
  if (wishes.headers !== undefined) assertHeaders(wishes.headers);
  if (wishes.filters !== undefined) assertKnown(wishes.filters.serviceIds, await readServices(tx), "service");
};

const shown = async ({ tx, secretBox, now }: EndpointWorld, id: string): Promise<EndpointResource> => {
  const row = await readEndpoint(tx, id);
  if (row === null) throw new AppError("NOT_FOUND", `there is no endpoint "${id}"`);
  return shownEndpoint(secretBox, row, now);
};

const audit = (
  { tx, now, actor }: EndpointWorld,
  action: string,
  subject: string,
  states: { before: unknown; after: unknown },
): Promise<void> => insertAudit(tx, { at: now, actor, action, subject, ...states });

/**
 * Registers a webhook. It is in use from now on: what its receiver does not take yet is repeated for 72 h.
 * @throws AppError INVALID_REQUEST; CONFLICT when the id was used before, or there are too many.
 */
export const createEndpoint = async (
  world: EndpointWorld,
  { id: wanted, ...wishes }: EndpointWishes & { readonly id?: string | undefined },
): Promise<NewEndpointResource> => {
  const { tx, now, randomBytes, secretBox } = world;
  await assertWishes(world, wishes);
  await lockEvents(tx);
  const id = wanted ?? `webhook-${Buffer.from(randomBytes(6)).toString("hex")}`;
  const { isTaken, made } = await readEndpointUse(tx, id);
  if (isTaken) throw new AppError("CONFLICT", `the id "${id}" is in use, or was by an endpoint whose log is kept`);
  if (made >= MOST_ENDPOINTS) throw new AppError("CONFLICT", `there are ${MOST_ENDPOINTS} endpoints already`);
  const secret = newSecret(randomBytes);
  await insertEndpoint(tx, {
    id,
    description: wishes.description,
    urlCiphertext: secretBox.seal(wishes.url, endpointUrlContext(id)),
    pendingUrlCiphertext: null,
    secretCiphertext: secretBox.seal(secret, endpointSecretContext(id)),
    headersCiphertext: sealHeaders(secretBox, id, wishes.headers),
    events: wishes.events,
    filters: filtersOf(wishes.filters),
    timeoutMs: timeoutOf(wishes.timeout),
    isOrdered: wishes.isOrdered,
    maxInFlight: wishes.maxInFlight,
    maxPerSecond: wishes.maxPerSecond,
    now,
  });
  const endpoint = await shown(world, id);
  await audit(world, "endpoint.created", id, { before: null, after: endpoint });
  return { ...endpoint, secret };
};

/** Whether an address is another one than the one in use. What cannot be opened is replaced. */
const isOtherUrl = (box: SecretBox, row: EndpointRow, url: string): boolean => {
  try {
    return box.open(row.urlCiphertext, endpointUrlContext(row.id)) !== url;
  } catch {
    return true;
  }
};

/** The wishes of a change as they are stored; what is not named stays. */
const changed = (box: SecretBox, row: EndpointRow, wishes: Partial<EndpointWishes>, pendingUrl: string | null) => ({
  id: row.id,
  description: wishes.description === undefined ? row.description : wishes.description,
  urlCiphertext: row.urlCiphertext,
  pendingUrlCiphertext: pendingUrl,
  headersCiphertext: wishes.headers === undefined ? row.headersCiphertext : sealHeaders(box, row.id, wishes.headers),
  events: wishes.events ?? row.events,
  filters: wishes.filters === undefined ? row.filters : filtersOf(wishes.filters),
  timeoutMs: wishes.timeout === undefined ? row.timeoutMs : timeoutOf(wishes.timeout),
  isOrdered: wishes.isOrdered ?? row.isOrdered,
  maxInFlight: wishes.maxInFlight ?? row.maxInFlight,
  maxPerSecond: wishes.maxPerSecond === undefined ? row.maxPerSecond : wishes.maxPerSecond,
});

/**
 * Changes what is named. A new address waits until a test delivery has reached it, and the old one is in use meanwhile;
 * the address in use, named again, withdraws one that waits.
 * @throws AppError NOT_FOUND; CONFLICT for an endpoint of the file; INVALID_REQUEST
 */
export const changeEndpoint = async (
  world: EndpointWorld,
  id: string,
  wishes: Partial<EndpointWishes>,
): Promise<EndpointResource> => {
  const { tx, now, randomBytes, secretBox } = world;
  const row = await lockEndpoint(tx, id);
  assertOwn(row);
  await assertWishes(world, wishes);
  const before = shownEndpoint(secretBox, row, now);
  const { url } = wishes;
  if (url !== undefined) await cancelVerifications(tx, id, now);
  const isMoving = url !== undefined && isOtherUrl(secretBox, row, url);
  // Their values are never shown; whoever may move an endpoint must not read them at an address of their own.
  if (isMoving && row.headersCiphertext !== null && wishes.headers === undefined)
    throw new AppError("INVALID_REQUEST", "a new address needs its headers named again: send headers, {} for none");
  const kept = url === undefined ? row.pendingUrlCiphertext : null;
  const pendingUrl = isMoving ? secretBox.seal(url, endpointUrlContext(id)) : kept;
  await updateEndpoint(tx, { ...changed(secretBox, row, wishes, pendingUrl), now });
  if (isMoving) {
    const key = `move:${now}:${Buffer.from(randomBytes(4)).toString("hex")}`;
    await sendTest(tx, { endpointId: id, key, toPendingUrl: true, now });
  }
  const after = await shown(world, id);
  await audit(world, "endpoint.changed", id, { before, after });
  return after;
};

/** Removes an endpoint with its secrets; what waits for it is canceled. @throws AppError NOT_FOUND; CONFLICT */
export const removeEndpoint = async (world: EndpointWorld, id: string): Promise<void> => {
  const { tx, now, secretBox } = world;
  const row = await lockEndpoint(tx, id);
  assertOwn(row);
  const canceled = await removeRow(tx, id, now);
  const before = shownEndpoint(secretBox, row, now);
  await audit(world, "endpoint.removed", id, { before, after: { canceledDeliveries: canceled } });
};
