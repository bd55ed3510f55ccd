import type { Subscriber } from "#db/queries/subscribers.ts";
import type { SubscriberResource } from "#lib/contracts/subscribers.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { SecretBox } from "../secret-box.ts";
import { subscriberAddressContext, subscriberContactContext, subscriberSecretContext } from "./keys.ts";

const iso = (at: EpochMs | null): string | null => (at === null ? null : new Date(at).toISOString());

/** A subscriber as the API shows it, address and all: only for whoever holds `subscribers:read`. */
export const subscriberResource = (box: Pick<SecretBox, "open">, one: Subscriber): SubscriberResource => ({
  id: one.id,
  channel: one.channel,
  address: box.open(one.addressCiphertext, subscriberAddressContext(one.id)),
  contact: one.contactCiphertext === null ? null : box.open(one.contactCiphertext, subscriberContactContext(one.id)),
  state: one.state,
  kinds: [...one.kinds],
  serviceIds: one.serviceIds === null ? null : [...one.serviceIds],
  incidentId: one.incidentId,
  cadence: one.cadence,
  language: one.language,
  bounces: one.bounces,
  confirmedAt: iso(one.confirmedAt),
  disabledAt: iso(one.disabledAt),
  disabledReason: one.disabledReason,
  createdAt: iso(one.createdAt) as string,
  updatedAt: iso(one.updatedAt) as string,
});

/** The key that a webhook's messages are signed with; null for other channels. */
export const signingSecretOf = (box: SecretBox, { id, secretCiphertext }: Subscriber): string | null =>
  secretCiphertext === null ? null : box.open(secretCiphertext, subscriberSecretContext(id));
