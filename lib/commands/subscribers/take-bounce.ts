import { readSubscriber } from "#db/queries/subscribers.ts";
import { AppError } from "#lib/core/errors.ts";
import { comparableAddress } from "#lib/core/subscribers/address.ts";
import type { DeliveryReport } from "#lib/core/subscribers/delivery-report.ts";
import { bounceKind, subscriberOfMail } from "#lib/core/subscribers/delivery-report.ts";
import type { AdminWorld } from "./change-subscriber.ts";
import { noteBounce } from "./change-subscriber.ts";
import { subscriberAddressContext } from "./keys.ts";

export type BounceTaken = {
  /** `ignored`: it says nothing against the mailbox. `unknown`: the subscription has ended already. */
  readonly result: "disabled" | "counted" | "ignored" | "unknown";
  readonly subscriberId: string;
};

/**
 * Takes in the report of a mail server. Only a report about a mail of ours, and about the address that it was sent to,
 * counts: whoever has never seen the mail cannot write one.
 * @throws AppError INVALID_REQUEST for any other
 */
export const takeBounce = async (world: AdminWorld, report: DeliveryReport): Promise<BounceTaken> => {
  const subscriberId = subscriberOfMail(report.messageId);
  if (subscriberId === null) throw new AppError("INVALID_REQUEST", "the report is not about a mail to a subscriber");
  const one = await readSubscriber(world.tx, subscriberId);
  if (one === null) return { result: "unknown", subscriberId };
  const own = comparableAddress("email", world.secretBox.open(one.addressCiphertext, subscriberAddressContext(one.id)));
  const isOwn = report.recipients.some((recipient) => comparableAddress("email", recipient) === own);
  if (one.channel !== "email" || !isOwn)
    throw new AppError("INVALID_REQUEST", "the report is about another address than the mail was sent to");
  const kind = bounceKind(report);
  if (kind === "ignored") return { result: "ignored", subscriberId };
  const reason = `the mail server reported ${report.status}`;
  const noted = await noteBounce(world, subscriberId, { reason, isPermanent: kind === "hard" });
  return { result: noted.state === "disabled" ? "disabled" : "counted", subscriberId };
};
