import type { AttemptOutcome } from "../delivery/judge-answer.ts";

/** Permanent refusals in a row after which nothing more is sent. */
export const MOST_BOUNCES = 3;

export type Failure = Extract<AttemptOutcome, { kind: "refused" | "undeliverable" }>;

/** Codes by which a server says that the mailbox itself is not there or takes nothing (RFC 5321, RFC 7504). */
const NO_MAILBOX: ReadonlySet<number> = new Set([521, 550, 551, 553, 556]);

/**
 * Whether a permanent refusal ends a subscription: at once where the address itself is gone (410 or 404 of a receiver,
 * no such mailbox), else after three in a row. `smtpCode` counts only when the server said it of the recipient: what it
 * says of the sender or of the text is our own fault, and would otherwise end every subscription of a page at once.
 */
export const endsSubscription = (
  failure: Failure,
  args: { readonly smtpCode: number | null; readonly isOfRecipient: boolean; readonly bouncesBefore: number },
): boolean => {
  if (failure.kind === "refused") return true;
  if (args.smtpCode === null) return args.bouncesBefore + 1 >= MOST_BOUNCES;
  if (!args.isOfRecipient) return false;
  return NO_MAILBOX.has(args.smtpCode) || args.bouncesBefore + 1 >= MOST_BOUNCES;
};
