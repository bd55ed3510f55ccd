import type postgres from "postgres";
import type { Database } from "#db/database.ts";
import type { ClaimedDelivery } from "#db/queries/deliveries.ts";
import {
  disableEndpoint,
  finishAttempt,
  leaseExpired,
  lockEndpoints,
  markDead,
  markDelivered,
  putBack,
} from "#db/queries/deliveries.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import { DELIVERY_WINDOW_MS, nextAttempt } from "#lib/core/delivery/ladder.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import type { AttemptReport } from "./deliver-attempt.ts";

/** What became of a delivery after an attempt. `lost`: another dispatcher took it over or finished it. */
export type Settled = "delivered" | "waiting" | "dead" | "lost";

type Decision =
  | { readonly kind: "delivered" }
  | { readonly kind: "again"; readonly at: EpochMs; readonly reason: string }
  | { readonly kind: "dead"; readonly reason: string; readonly disables: boolean };

/** How often in a row a delivery may take its dispatcher down with it. */
export const MOST_CRASHES = 3;

const decide = (delivery: ClaimedDelivery, report: AttemptReport, now: EpochMs, random: number): Decision => {
  const { outcome } = report;
  switch (outcome.kind) {
    case "accepted":
      return { kind: "delivered" };
    case "refused":
      return { kind: "dead", reason: outcome.reason, disables: true };
    case "try_later": {
      const next = nextAttempt({
        number: delivery.attempt,
        firstDueAt: delivery.firstDueAt,
        finishedAt: now,
        retryAfterMs: outcome.retryAfterMs,
        random,
      });
      return next.kind === "again"
        ? { kind: "again", at: next.at, reason: outcome.reason }
        : { kind: "dead", reason: `not accepted within 72 h; the last attempt: ${outcome.reason}`, disables: false };
    }
  }
};

/** Ends a delivery and tells the other endpoints, once: a dead `delivery.dead` makes no further event. */
const bury = async (
  tx: postgres.TransactionSql,
  delivery: Pick<ClaimedDelivery, "id" | "endpointId" | "leaseToken">,
  { reason, disables }: { reason: string; disables: boolean },
  now: EpochMs,
): Promise<Settled> => {
  await lockEndpoints(tx);
  const dead = await markDead(tx, { id: delivery.id, leaseToken: delivery.leaseToken, reason, now });
  if (disables) await disableEndpoint(tx, { id: delivery.endpointId, reason, now });
  if (dead === null) return "lost";
  if (dead.eventType === "delivery.dead") return "dead";
  const data: DeliveryResource = {
    id: dead.id,
    eventId: dead.eventId,
    eventType: dead.eventType,
    endpointId: dead.endpointId,
    sequence: dead.sequence,
    state: "dead",
    attemptsMade: dead.attemptsMade,
    firstDueAt: new Date(dead.firstDueAtMs).toISOString(),
    finishedAt: new Date(now).toISOString(),
    lastError: reason,
  };
  await recordEvent(tx, {
    type: "delivery.dead",
    subject: dead.id,
    dedupKey: `delivery.dead:${dead.id}`,
    data,
    occurredAt: now,
    notify: null,
    now,
  });
  return "dead";
};

/** Writes what an attempt came to, and what follows from it, in one transaction. `random` is 0 to 1. */
export const settleAttempt = (
  database: Database,
  { delivery, report, now, random }: { delivery: ClaimedDelivery; report: AttemptReport; now: EpochMs; random: number },
): Promise<Settled> =>
  database.transaction(async (tx) => {
    const decision = decide(delivery, report, now, random);
    await finishAttempt(tx, {
      deliveryId: delivery.id,
      number: delivery.attempt,
      finishedAt: now,
      outcome: report.outcome.kind,
      reason: report.outcome.kind === "accepted" ? null : report.outcome.reason,
      httpStatus: report.httpStatus,
      durationMs: report.durationMs,
      responseExcerpt: report.responseExcerpt,
    });
    if (decision.kind === "delivered") {
      return (await markDelivered(tx, { id: delivery.id, now })) ? "delivered" : "lost";
    }
    if (decision.kind === "dead") return bury(tx, delivery, decision, now);
    const { at, reason } = decision;
    return (await putBack(tx, { id: delivery.id, leaseToken: delivery.leaseToken, at, reason, now }))
      ? "waiting"
      : "lost";
  });

/** Ends a delivery that took its dispatcher down too often, without another attempt. */
export const buryPoison = (
  database: Database,
  { delivery, now }: { delivery: ClaimedDelivery; now: EpochMs },
): Promise<Settled> => {
  const reason = `the dispatcher ended ${delivery.abandonedBefore} times in a row while it worked on this delivery`;
  return database.transaction(async (tx) => {
    await finishAttempt(tx, {
      deliveryId: delivery.id,
      number: delivery.attempt,
      finishedAt: now,
      outcome: "refused",
      reason,
      httpStatus: null,
      durationMs: 0,
      responseExcerpt: null,
    });
    return bury(tx, delivery, { reason, disables: false }, now);
  });
};

/** Ends deliveries that a disabled endpoint kept waiting past the window. Returns how many. */
export const buryExpired = (
  database: Database,
  { leaseToken, now }: { leaseToken: string; now: EpochMs },
): Promise<number> =>
  database.transaction(async (tx) => {
    const expired = await leaseExpired(tx, { firstDueBefore: addMs(now, -DELIVERY_WINDOW_MS), leaseToken, now });
    const reason = "the endpoint was disabled for all of the 72 h";
    for (const delivery of expired) await bury(tx, { ...delivery, leaseToken }, { reason, disables: false }, now);
    return expired.length;
  });
