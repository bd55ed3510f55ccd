import type { Tx } from "#db/database.ts";
import { readMailSettings } from "#db/queries/mail-settings.ts";
import { insertMessages } from "#db/queries/subscriber-messages.ts";
import type { Subscriber } from "#db/queries/subscribers.ts";
import { countAgainst, insertReceipt, lockSubscriberByHash, writeSubscriber } from "#db/queries/subscribers.ts";
import { assertAddress } from "#lib/commands/endpoints/endpoint-rules.ts";
import type { JudgeUrl } from "#lib/config/rules/egress.ts";
import { createEgressRules } from "#lib/config/rules/egress.ts";
import { checkWebUrl } from "#lib/config/rules/url.ts";
import type { Language } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { mailAddressOf, webAddressOf } from "#lib/core/subscribers/address.ts";
import type { Wishes } from "#lib/core/subscribers/audience.ts";
import { LIMIT_BY_ADDRESS, LIMIT_BY_CLIENT, LIMIT_BY_PAGE } from "#lib/core/subscribers/pace.ts";
import { STRANGER } from "#lib/core/subscribers/reach.ts";
import type { SubscriberChannel } from "#lib/core/subscribers/words.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";
import type { SecretBox } from "../secret-box.ts";
import { assertServices } from "./assert-services.ts";
import type { SubscriberKeys } from "./keys.ts";
import {
  openSubscriberKeys,
  subscriberAddressContext,
  subscriberContactContext,
  subscriberSecretContext,
} from "./keys.ts";

export type SubscriberWorld = {
  readonly tx: Tx;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  readonly secretBox: SecretBox;
  readonly judgeUrl: JudgeUrl;
};

export type SignUp = Wishes & {
  readonly channel: SubscriberChannel;
  readonly address: string;
  /** A mail address beside that of a webhook; null: none. */
  readonly contact: string | null;
  readonly language: Language;
  /** Where links lead while the file names no address of the page. */
  readonly baseUrl: string;
  /** The page that is signed up at. */
  readonly pageId: string;
};

/** How long a confirmation is good. */
export const CONFIRM_WITHIN_MS = DAY_MS;

const refuse = (detail: string): never => {
  throw new AppError("INVALID_REQUEST", detail);
};

/** An address that a stranger names. What is wrong with it is not told: that would draw our network for them. */
const assertPublicAddress = (url: string, judgeUrl: JudgeUrl): void => {
  const complaint = checkWebUrl(url) ?? createEgressRules([], judgeUrl).checkWebhookUrl(url);
  if (complaint !== null) refuse("url must be an https address that the whole world can reach");
};

/**
 * The address in its stored form. `createdBy` STRANGER: `egress.allow` opens nothing.
 * @throws AppError INVALID_REQUEST, which never repeats it.
 */
export const readAddress = async (
  { tx, judgeUrl }: Pick<SubscriberWorld, "tx" | "judgeUrl">,
  channel: SubscriberChannel,
  text: string,
  createdBy: string,
): Promise<string> => {
  if (channel === "email") {
    const address = mailAddressOf(text) ?? refuse("email must be a mail address such as name@example.com");
    if ((await readMailSettings(tx)) === null) {
      refuse("subscribing by mail is not available: this page has no mail server (section mail of the configuration)");
    }
    return address;
  }
  const address = webAddressOf(text) ?? refuse("url must be a web address such as https://example.com/hook");
  if (createdBy === STRANGER) assertPublicAddress(address, judgeUrl);
  else await assertAddress(tx, address, judgeUrl);
  return address;
};

const SECRET_BYTES = 32;

/** A new subscriber that nobody confirmed yet. */
export const newSubscriber = (
  { now, randomBytes, secretBox }: SubscriberWorld,
  keys: SubscriberKeys,
  asked: SignUp,
  createdBy: string,
): Subscriber => {
  const { channel, address, contact, kinds, serviceIds, incidentId, language, baseUrl, pageId } = asked;
  // A program reads every event on its own.
  const cadence = channel === "webhook" ? "each" : asked.cadence;
  const id = newId("sub", now, randomBytes);
  const secret = `whsec_${Buffer.from(randomBytes(SECRET_BYTES)).toString("base64")}`;
  return {
    ...{ id, channel, kinds, serviceIds, incidentId, cadence, language, baseUrl, pageId, createdBy },
    state: "unconfirmed",
    addressCiphertext: secretBox.seal(address, subscriberAddressContext(id)),
    addressHash: keys.hashOfAddress(channel, address, pageId),
    secretCiphertext: channel === "webhook" ? secretBox.seal(secret, subscriberSecretContext(id)) : null,
    contactCiphertext: contact === null ? null : secretBox.seal(contact, subscriberContactContext(id)),
    confirmExpiresAt: addMs(now, CONFIRM_WITHIN_MS),
    confirmedAt: null,
    disabledAt: null,
    disabledReason: null,
    bounces: 0,
    createdAt: now,
    updatedAt: now,
  };
};

/** What a known address is when it is signed up again: nothing changes for whoever is told already. */
const signedUpAgain = (known: Subscriber, asked: SignUp, now: EpochMs): Subscriber => {
  if (known.state === "active") return { ...known, updatedAt: now };
  const { kinds, serviceIds, incidentId, cadence, language, baseUrl } = asked;
  return {
    ...known,
    ...{ kinds, serviceIds, incidentId, cadence, language, baseUrl },
    state: "unconfirmed",
    confirmExpiresAt: addMs(now, CONFIRM_WITHIN_MS),
    disabledAt: null,
    disabledReason: null,
    bounces: 0,
    updatedAt: now,
  };
};

/** Puts the message that asks for confirmation, or tells of a subscription that is there already, into the outbox. */
export const askToConfirm = async (
  { tx, now, randomBytes }: Pick<SubscriberWorld, "tx" | "now" | "randomBytes">,
  one: Subscriber,
): Promise<void> => {
  const kind = one.state === "active" ? "reminder" : "confirmation";
  const message = { subscriberId: one.id, channel: one.channel, kind, eventId: null, dueAt: now } as const;
  const id = newId("smg", now, randomBytes);
  await insertMessages(tx, [{ ...message, id, dedupKey: `${kind}:${id}` }]);
};

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
/** A random id in the form of the contract. */
const receiptId = (randomBytes: RandomBytes): string =>
  [...randomBytes(24)]
    .slice(0, 12)
    .map((byte) => ALPHABET[byte % ALPHABET.length])
    .join("");

/** Whether a sign-up from this client is within the limits. Its own transaction: refusals count too. */
export const admitClient = async (
  { tx, now, randomBytes, secretBox }: Omit<SubscriberWorld, "judgeUrl">,
  client: string,
): Promise<boolean> => {
  const keys = await openSubscriberKeys(tx, secretBox, randomBytes);
  const byClient = await countAgainst(tx, keys.hashOfLimit("client", client), LIMIT_BY_CLIENT, now);
  return byClient && (await countAgainst(tx, keys.hashOfLimit("page", ""), LIMIT_BY_PAGE, now));
};

/**
 * Signs an address up. Whoever asks is told the same whether it was known or not: the same statements run, a receipt of
 * the same form is made, and one message goes to the address, unless it had three within the hour.
 * @throws AppError INVALID_REQUEST for what is wrong by itself; the message never repeats the address.
 */
export const signUp = async (
  world: SubscriberWorld,
  wanted: SignUp,
  createdBy: "public" | typeof STRANGER,
): Promise<{ readonly id: string; readonly createdAt: EpochMs }> => {
  const { tx, now, randomBytes, secretBox } = world;
  const address = await readAddress(world, wanted.channel, wanted.address, createdBy);
  const contact =
    wanted.contact === null ? null : (mailAddressOf(wanted.contact) ?? refuse("email is no mail address"));
  await assertServices(tx, wanted.serviceIds ?? []);
  const asked = { ...wanted, address, contact };
  const keys = await openSubscriberKeys(tx, secretBox, randomBytes);
  const fresh = newSubscriber(world, keys, asked, createdBy);
  const isWithin = await countAgainst(tx, keys.hashOfLimit("address", fresh.addressHash), LIMIT_BY_ADDRESS, now);
  const known = await lockSubscriberByHash(tx, fresh.addressHash);
  const one = known === null ? fresh : signedUpAgain(known, asked, now);
  await writeSubscriber(tx, isWithin || known === null ? one : { ...known, updatedAt: now });
  if (isWithin) await askToConfirm(world, one);
  const id = receiptId(randomBytes);
  const isOwn = known === null || known.state !== "active";
  await insertReceipt(tx, { id, subscriberId: isOwn ? one.id : null, channel: one.channel, createdAt: now });
  return { id, createdAt: now };
};
