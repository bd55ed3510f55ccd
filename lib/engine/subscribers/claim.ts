import type { Tx } from "#db/database.ts";
import { hasUrgentDue } from "#db/queries/deliveries.ts";
import { readMailSettings } from "#db/queries/mail-settings.ts";
import type { ClaimedMessage } from "#db/queries/subscriber-messages.ts";
import { claimMessages } from "#db/queries/subscriber-messages.ts";
import { lockBucket, writeBucket } from "#db/queries/subscribers.ts";
import { tokensAt } from "#lib/core/subscribers/pace.ts";
import type { SubscriberChannel } from "#lib/core/subscribers/words.ts";
import { SUBSCRIBER_CHANNELS } from "#lib/core/subscribers/words.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";

/** Messages a second of a channel, all instances together. Mail has a limit of its own in the file. */
const PER_SECOND: Readonly<Record<Exclude<SubscriberChannel, "email">, number>> = {
  webhook: 100,
  slack: 20,
  discord: 20,
  teams: 20,
};

export type ClaimRound = {
  readonly now: EpochMs;
  readonly leaseToken: string;
  readonly leaseMs: number;
  /** Places that are free, by channel. */
  readonly places: (channel: SubscriberChannel) => number;
  /** What wakes somebody is still to be sent: subscribers wait. */
  readonly yieldsToAlerts: boolean;
};

/** Claims what is due and within the rate of its channel. Null: alerts go first. */
export const claimRound = async (tx: Tx, round: ClaimRound): Promise<ClaimedMessage[] | null> => {
  const { now, leaseToken } = round;
  if (round.yieldsToAlerts && (await hasUrgentDue(tx, now))) return null;
  // Without a mail server mails wait.
  const mailPerSecond = (await readMailSettings(tx))?.maxPerSecond ?? null;
  const claimed: ClaimedMessage[] = [];
  for (const channel of SUBSCRIBER_CHANNELS) {
    const perSecond = channel === "email" ? mailPerSecond : PER_SECOND[channel];
    const places = round.places(channel);
    if (perSecond === null || places <= 0) continue;
    const tokens = tokensAt(await lockBucket(tx, channel, now, perSecond), perSecond, now);
    const limit = Math.min(places, Math.floor(tokens));
    const some = await claimMessages(tx, { channel, limit, now, leaseToken, leasedUntil: addMs(now, round.leaseMs) });
    if (some.length > 0) await writeBucket(tx, channel, { tokens: tokens - some.length, at: now });
    claimed.push(...some);
  }
  return claimed;
};
