import { insertAudit } from "#db/queries/audit.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import { cancelMessages } from "#db/queries/subscriber-messages.ts";
import type { Subscriber } from "#db/queries/subscribers.ts";
import {
  deleteReceipt,
  deleteSubscriber,
  lockSubscriberByHash,
  readReceipt,
  readSubscriber,
  writeSubscriber,
} from "#db/queries/subscribers.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import type { Language } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Wishes } from "#lib/core/subscribers/audience.ts";
import { MOST_BOUNCES } from "#lib/core/subscribers/bounce.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { assertServices } from "./assert-services.ts";
import type { LinkPurpose, SubscriberKeys } from "./keys.ts";
import { openSubscriberKeys } from "./keys.ts";
import type { SignUp, SubscriberWorld } from "./sign-up.ts";
import { askToConfirm, newSubscriber, readAddress } from "./sign-up.ts";

type OwnWorld = Omit<SubscriberWorld, "judgeUrl">;
export type AdminWorld = SubscriberWorld & { readonly actor: string };

const notFound = (): AppError => new AppError("NOT_FOUND", "there is no subscriber with this id");
const LINK_OVER = "this link is not valid any more; subscribe again, or take the newest link";

const byToken = async (world: OwnWorld, purpose: LinkPurpose, token: string): Promise<Subscriber | null> => {
  const keys = await openSubscriberKeys(world.tx, world.secretBox, world.randomBytes);
  const named = keys.readToken(purpose, token);
  if (named === null || (named.expiresAt !== 0 && named.expiresAt <= world.now)) return null;
  return readSubscriber(world.tx, named.id, { lock: true });
};

/** A subscriber whose address is proven. */
export const confirmed = (one: Subscriber, now: EpochMs): Subscriber => ({
  ...one,
  state: "active",
  confirmedAt: one.confirmedAt ?? now,
  confirmExpiresAt: null,
  updatedAt: now,
});

/** Confirms by the link of the confirmation; again it changes nothing. @throws AppError NOT_FOUND when it is over. */
export const confirmSubscriber = async (world: OwnWorld, token: string): Promise<Subscriber> => {
  const one = await byToken(world, "confirm", token);
  if (one === null || one.state === "disabled") throw new AppError("NOT_FOUND", LINK_OVER);
  if (one.state === "active") return one;
  const active = { ...confirmed(one, world.now), confirmedAt: world.now };
  await writeSubscriber(world.tx, active);
  return active;
};

/** Whom a link of a message names. Null: the link is not ours, or there is no such subscriber any more. */
export const findByManageToken = (world: OwnWorld, token: string): Promise<Subscriber | null> =>
  byToken(world, "manage", token);

/** Ends a subscription by the link of a message and forgets the address. False: the link is not ours. Again: true. */
export const unsubscribe = async (world: OwnWorld, token: string): Promise<boolean> => {
  const keys = await openSubscriberKeys(world.tx, world.secretBox, world.randomBytes);
  const named = keys.readToken("manage", token);
  if (named === null) return false;
  await deleteSubscriber(world.tx, named.id);
  return true;
};

export type Preferences = Omit<Wishes, "incidentId"> & { readonly language: Language };

/** Changes what a subscriber is told, by the link of a message. @throws AppError NOT_FOUND, INVALID_REQUEST */
export const changePreferences = async (world: OwnWorld, token: string, wanted: Preferences): Promise<Subscriber> => {
  const one = await byToken(world, "manage", token);
  if (one === null) throw new AppError("NOT_FOUND", LINK_OVER);
  await assertServices(world.tx, wanted.serviceIds ?? []);
  const cadence = one.channel === "webhook" ? "each" : wanted.cadence;
  const changed = { ...one, ...wanted, cadence, updatedAt: world.now };
  await writeSubscriber(world.tx, changed);
  return changed;
};

/** Takes back a sign-up by its receipt; what is over already stays so. False: there is no such receipt. */
export const withdrawSignUp = async ({ tx }: Pick<OwnWorld, "tx">, receiptId: string): Promise<boolean> => {
  const receipt = await readReceipt(tx, receiptId);
  if (receipt === null) return false;
  if (receipt.subscriberId !== null) await deleteSubscriber(tx, receipt.subscriberId);
  await deleteReceipt(tx, receiptId);
  return true;
};

const audit = (world: AdminWorld, action: string, one: Subscriber): Promise<void> => {
  // Never the address: the log outlives the subscription.
  const { state, channel, kinds, serviceIds, cadence, language } = one;
  const after = { state, channel, kinds, serviceIds, cadence, language };
  return insertAudit(world.tx, { at: world.now, actor: world.actor, action, subject: one.id, before: null, after });
};

/**
 * Adds a subscriber on behalf of the page's owner. `skipsConfirmation`: its consent was given elsewhere.
 * @throws AppError CONFLICT when the address is subscribed already, INVALID_REQUEST
 */
export const addSubscriber = async (
  world: AdminWorld,
  wanted: Omit<SignUp, "baseUrl" | "pageId"> & { readonly skipsConfirmation: boolean },
): Promise<Subscriber> => {
  const { tx, now, secretBox, randomBytes, actor } = world;
  const address = await readAddress(world, wanted.channel, wanted.address, actor);
  const baseUrl = (await readConfigDocument(tx))?.page.url ?? null;
  if (baseUrl === null)
    throw new AppError("CONFLICT", "set page.url in the configuration first: links of messages lead there");
  await assertServices(tx, wanted.serviceIds ?? []);
  const keys: SubscriberKeys = await openSubscriberKeys(tx, secretBox, randomBytes);
  const fresh = newSubscriber(world, keys, { ...wanted, address, baseUrl, pageId: MAIN_PAGE_ID }, actor);
  const known = await lockSubscriberByHash(tx, fresh.addressHash);
  if (known !== null) throw new AppError("CONFLICT", `this address is subscribed already, as ${known.id}`);
  const one = wanted.skipsConfirmation ? confirmed(fresh, now) : fresh;
  await writeSubscriber(tx, one);
  if (!wanted.skipsConfirmation) await askToConfirm(world, one);
  await audit(world, "subscriber.added", one);
  return one;
};

/** Changes what a subscriber is told; `state` "active" sends again to one that was disabled. @throws AppError NOT_FOUND, CONFLICT */
export const changeSubscriber = async (
  world: AdminWorld,
  id: string,
  change: Partial<Preferences> & { readonly state?: "active" | "disabled" },
): Promise<Subscriber> => {
  const one = await readSubscriber(world.tx, id, { lock: true });
  if (one === null) throw notFound();
  await assertServices(world.tx, change.serviceIds ?? []);
  const { state = one.state, ...wishes } = change;
  if (state === "active" && one.confirmedAt === null)
    throw new AppError("CONFLICT", "the owner of the address has not confirmed it yet");
  const isDisabled = state === "disabled";
  const changed: Subscriber = {
    ...one,
    ...wishes,
    state,
    disabledAt: isDisabled ? (one.disabledAt ?? world.now) : null,
    disabledReason: isDisabled ? (one.disabledReason ?? "disabled by an administrator") : null,
    bounces: isDisabled ? one.bounces : 0,
    updatedAt: world.now,
  };
  await writeSubscriber(world.tx, changed);
  if (isDisabled) await cancelMessages(world.tx, id, "the subscriber was disabled", world.now);
  await audit(world, "subscriber.changed", changed);
  return changed;
};

/** Removes a subscriber and forgets the address. @throws AppError NOT_FOUND */
export const removeSubscriber = async (world: AdminWorld, id: string): Promise<void> => {
  const one = await readSubscriber(world.tx, id, { lock: true });
  if (one === null) throw notFound();
  await deleteSubscriber(world.tx, id);
  await audit(world, "subscriber.removed", one);
};

/**
 * Notes that a mail came back. A permanent bounce disables at once, others the third time in a row.
 * @throws AppError NOT_FOUND
 */
export const noteBounce = async (
  world: AdminWorld,
  id: string,
  { reason, isPermanent }: { readonly reason: string; readonly isPermanent: boolean },
): Promise<Subscriber> => {
  const { tx, now } = world;
  const one = await readSubscriber(tx, id, { lock: true });
  if (one === null) throw notFound();
  const bounces = one.bounces + 1;
  const isOver = isPermanent || bounces >= MOST_BOUNCES;
  const noted: Subscriber = {
    ...one,
    bounces,
    ...(isOver ? { state: "disabled", disabledAt: one.disabledAt ?? now, disabledReason: `bounced: ${reason}` } : {}),
    updatedAt: now,
  };
  await writeSubscriber(tx, noted);
  if (isOver) await cancelMessages(tx, id, "the subscriber was disabled after a bounce", now);
  await audit(world, "subscriber.bounced", noted);
  return noted;
};
