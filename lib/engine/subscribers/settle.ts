import type { Database } from "#db/database.ts";
import type { ClaimedMessage } from "#db/queries/subscriber-messages.ts";
import { cancelMessages, finishMessage, putMessageBack } from "#db/queries/subscriber-messages.ts";
import type { Subscriber } from "#db/queries/subscribers.ts";
import { readSubscriber, writeSubscriber } from "#db/queries/subscribers.ts";
import { confirmed } from "#lib/commands/subscribers/change-subscriber.ts";
import type { AttemptOutcome } from "#lib/core/delivery/judge-answer.ts";
import { nextAttempt } from "#lib/core/delivery/ladder.ts";
import type { Failure } from "#lib/core/subscribers/bounce.ts";
import { endsSubscription } from "#lib/core/subscribers/bounce.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** What an attempt came to. `canceled`: nothing was to be sent. */
export type MessageReport = {
  readonly outcome: AttemptOutcome | { readonly kind: "canceled"; readonly reason: string };
  /** What the mail server refused by; null: it was none, or no refusal. */
  readonly refusal: { readonly code: number; readonly isOfRecipient: boolean } | null;
  /** The receiver answered the challenge of the confirmation. */
  readonly isProven?: boolean;
};

export type MessageSettled = "delivered" | "waiting" | "dead" | "canceled" | "lost";

type Settling = {
  readonly message: ClaimedMessage;
  readonly report: MessageReport;
  readonly now: EpochMs;
  readonly random: number;
};

/** Taking the confirmation proves nothing: many receivers take any post. A person presses the button, or a program answers. */
const afterSuccess = (one: Subscriber, { message, report, now }: Settling): Subscriber | null => {
  const proves = message.kind === "confirmation" && report.isProven === true && one.state === "unconfirmed";
  if (proves) return confirmed({ ...one, confirmedAt: now }, now);
  return one.bounces === 0 || one.state !== "active" ? null : { ...one, bounces: 0, updatedAt: now };
};

const afterRefusal = (one: Subscriber, failure: Failure, { report, now }: Settling): Subscriber => {
  const isOver = endsSubscription(failure, {
    smtpCode: report.refusal?.code ?? null,
    isOfRecipient: report.refusal?.isOfRecipient ?? false,
    bouncesBefore: one.bounces,
  });
  const isCounted = report.refusal === null || report.refusal.isOfRecipient;
  const bounces = one.bounces + (isCounted ? 1 : 0);
  if (!isOver || one.state !== "active") return { ...one, bounces, updatedAt: now };
  return { ...one, bounces, state: "disabled", disabledAt: now, disabledReason: failure.reason, updatedAt: now };
};

/** Writes what an attempt came to, and what follows for the subscriber, in one transaction. `random` is 0 to 1. */
export const settleMessage = (database: Database, settling: Settling): Promise<MessageSettled> =>
  database.transaction(async (tx) => {
    const { message, report, now, random } = settling;
    const { outcome } = report;
    const { id, leaseToken, subscriberId } = message;
    const one = await readSubscriber(tx, subscriberId, { lock: true });
    if (one === null) return "lost";
    const end = async (state: "delivered" | "dead" | "canceled", reason: string | null): Promise<MessageSettled> =>
      (await finishMessage(tx, { id, leaseToken, state, reason, now })) ? state : "lost";
    if (outcome.kind === "canceled") return end("canceled", outcome.reason);
    if (outcome.kind === "accepted") {
      const after = afterSuccess(one, settling);
      if (after !== null) await writeSubscriber(tx, after);
      return end("delivered", null);
    }
    if (outcome.kind === "try_later") {
      const { firstDueAt, attempt } = message;
      const next = nextAttempt({
        number: attempt,
        firstDueAt,
        finishedAt: now,
        retryAfterMs: outcome.retryAfterMs,
        random,
      });
      if (next.kind === "dead") return end("dead", `not accepted within 72 h; the last attempt: ${outcome.reason}`);
      const isBack = await putMessageBack(tx, { id, leaseToken, at: next.at, reason: outcome.reason, now });
      return isBack ? "waiting" : "lost";
    }
    const settled = await end("dead", outcome.reason);
    if (settled === "lost") return settled;
    const after = afterRefusal(one, outcome, settling);
    await writeSubscriber(tx, after);
    if (after.state === "disabled") await cancelMessages(tx, subscriberId, "the subscriber was disabled", now);
    return settled;
  });
