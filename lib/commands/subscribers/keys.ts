import { createHmac, timingSafeEqual } from "node:crypto";
import type { Tx } from "#db/database.ts";
import { keepSubscriberKey, readSubscriberKey } from "#db/queries/subscribers.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import { comparableAddress } from "#lib/core/subscribers/address.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import type { SecretBox } from "../secret-box.ts";

/** What the ciphertexts of subscribers are bound to. */
export const SUBSCRIBER_KEY_CONTEXT = "subscribers:key";

/** Where the address of a subscriber is sealed for. */
export const subscriberAddressContext = (id: string): string => `subscribers:${id}:address`;

/** Where the signing secret of a subscriber is sealed for. */
export const subscriberSecretContext = (id: string): string => `subscribers:${id}:secret`;

/** Where the mail address beside a webhook of a subscriber is sealed for. */
export const subscriberContactContext = (id: string): string => `subscribers:${id}:contact`;

/** What links do. A link of one purpose is no link of another. */
export type LinkPurpose = "confirm" | "manage";

/** Hashes of addresses and signatures of links, both by one key that stays the same for good. */
export type SubscriberKeys = {
  /** The same address may be signed up at each page. */
  readonly hashOfAddress: (channel: string, address: string, pageId: string) => string;
  /** Names something in `subscriber_limits` without saying what. */
  readonly hashOfLimit: (what: string, value: string) => string;
  /** `<id>.<expiry>.<signature>` for confirmation, `<id>.0.<signature>` for links that do not expire. */
  readonly linkToken: (purpose: LinkPurpose, id: string, expiresAt: EpochMs | null) => string;
  /** Whom a token names, and until when it is good; null when it was not made by us for this purpose. */
  readonly readToken: (
    purpose: LinkPurpose,
    token: string,
  ) => { readonly id: string; readonly expiresAt: number } | null;
};

const TOKEN = /^(sub_[0-9a-f]{32})\.(\d{1,15})\.([A-Za-z0-9_-]{43})$/;

const subscriberKeysOf = (key: Uint8Array): SubscriberKeys => {
  const mac = (text: string): Buffer => createHmac("sha256", key).update(text).digest();
  const signature = (purpose: LinkPurpose, id: string, expiresAt: number): Buffer =>
    mac(`link\n${purpose}\n${id}\n${expiresAt}`);
  return {
    hashOfAddress: (channel, address, pageId) => {
      const at = pageId === MAIN_PAGE_ID ? "" : `\n${pageId}`;
      return mac(`address\n${comparableAddress(channel, address)}${at}`).toString("hex");
    },
    hashOfLimit: (what, value) => mac(`limit\n${what}\n${value}`).toString("hex"),
    linkToken: (purpose, id, expiresAt) =>
      `${id}.${expiresAt ?? 0}.${signature(purpose, id, expiresAt ?? 0).toString("base64url")}`,
    readToken: (purpose, token) => {
      const [, id, expiry, given] = TOKEN.exec(token) ?? [];
      if (id === undefined || expiry === undefined || given === undefined) return null;
      const bytes = Buffer.from(given, "base64url");
      const wanted = signature(purpose, id, Number(expiry));
      const isOurs = bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
      return isOurs ? { id, expiresAt: Number(expiry) } : null;
    },
  };
};

/** The keys of this database, made at the first use. @throws AppError SECRET_KEY_INVALID */
export const openSubscriberKeys = async (tx: Tx, box: SecretBox, randomBytes: RandomBytes): Promise<SubscriberKeys> => {
  const stored =
    (await readSubscriberKey(tx)) ??
    (await keepSubscriberKey(tx, box.seal(Buffer.from(randomBytes(32)).toString("base64url"), SUBSCRIBER_KEY_CONTEXT)));
  return subscriberKeysOf(Buffer.from(box.open(stored, SUBSCRIBER_KEY_CONTEXT), "base64url"));
};
