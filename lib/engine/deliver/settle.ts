import type postgres from "postgres";
import type { Database } from "#db/database.ts";
import type { ClaimedDelivery } from "#db/queries/deliveries.ts";
import {
  finishAttempt,
  leaseExpired,
  lockEndpoints,
  markDead,
  markDelivered,
  putBack,
} from "#db/queries/deliveries.ts";
import { markToldTogether, noteToldEvents } from "#db/queries/delivery-groups.ts";
import { isTroubled, lockHealth, writeHealth } from "#db/queries/endpoint-gates.ts";
import { adoptPendingUrl } from "#db/queries/endpoints.ts";
import { disableAndTell } from "#lib/commands/endpoints/tell-endpoint.ts";
import { recordEvent } from "#lib/commands/record-event.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import { admitsAt, afterResult } from "#lib/core/delivery/gate.ts";
import { DELIVERY_WINDOW_MS, nextAttempt } from "#lib/core/delivery/ladder.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import type { AttemptReport } from "./attempt.ts";
import { tellFallback } from "./fall-back.ts";

/** What became of a delivery after an attempt. `lost`: another dispatcher took it over or finished it. */
export type Settled = "delivered" | "waiting" | "dead" | "lost";

type Decision =
  | { readonly kind: "delivered" }
  | { readonly kind: "again"; readonly at: EpochMs; readonly reason: string }
  | { readonly kind: "dead"; readonly reason: string; readonly disables: boolean };

/** How often in a row a delivery may take its dispatcher down with it. */
export const MOST_CRASHES = 3;

/** Ends of deliveries are told one after the other; whoever waits for its turn is still within the lease. */
const RECORD_DEADLINE_MS = 8_000;

const decide = (delivery: ClaimedDelivery, report: AttemptReport, now: EpochMs, random: number): Decision => {
  const { outcome } = report;
  switch (outcome.kind) {
    case "accepted":
      return { kind: "delivered" };
    case "refused":
      // What refuses at a new address says nothing about the one in use.
      return { kind: "dead", reason: outcome.reason, disables: !delivery.toPendingUrl };
    case "undeliverable":
      return { kind: "dead", reason: outcome.reason, disables: false };
    case "try_later": {
      const next = nextAttempt({
        number: delivery.attempt - delivery.ladderFrom,
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
  if (disables) await disableAndTell(tx, { id: delivery.endpointId, reason, now });
  if (dead === null) return "lost";
  // A test says nothing but whether this endpoint works.
  if (dead.eventType !== "endpoint.test") await tellFallback(tx, { ...dead, now });
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
    dedupKey: `delivery.dead:${dead.id}:${dead.attemptsMade}`,
    data,
    occurredAt: now,
    notify: null,
    now,
  });
  return "dead";
};

/**
 * Notes what an attempt says about its endpoint's health. An answer that refuses one message says nothing about the next.
 * A success of a healthy endpoint changes nothing, so that the usual case locks no shared row. Called before anything
 * else of the delivery is locked: endpoints come first everywhere.
 */
const noteResult = async (
  tx: postgres.TransactionSql,
  { id, endpointId, toPendingUrl }: ClaimedDelivery,
  { outcome }: AttemptReport,
  now: EpochMs,
): Promise<void> => {
  if (toPendingUrl) {
    // The answer comes from another address: it says nothing of the health of this one.
    if (outcome.kind === "accepted") await adoptPendingUrl(tx, { id: endpointId, deliveryId: id, now });
    return;
  }
  if (outcome.kind === "undeliverable") return;
  const isSuccess = outcome.kind === "accepted";
  if (isSuccess && !(await isTroubled(tx, endpointId))) return;
  const health = await lockHealth(tx, endpointId);
  if (health === null) return;
  const breaker = afterResult(health.breaker, isSuccess, now);
  await writeHealth(tx, { id: endpointId, breaker, admitsAt: admitsAt(breaker, now), isSuccess, now });
};

/** Notes what else an attempt told of; what was told with it is delivered too. */
const noteGroup = async (
  tx: postgres.TransactionSql,
  { id, attempt, event, groupedWith }: ClaimedDelivery,
  isDelivered: boolean,
  now: EpochMs,
): Promise<void> => {
  const eventIds = [event.id, ...groupedWith.map((grouped) => grouped.event.id)];
  await noteToldEvents(tx, { deliveryId: id, number: attempt, eventIds });
  if (!isDelivered) return;
  const reason = `told in one message with ${id}, attempt ${attempt}`;
  await markToldTogether(tx, { ids: groupedWith.map((grouped) => grouped.id), reason, now });
};

/** Writes what an attempt came to, and what follows from it, in one transaction. `random` is 0 to 1. */
export const settleAttempt = (
  database: Database,
  { delivery, report, now, random }: { delivery: ClaimedDelivery; report: AttemptReport; now: EpochMs; random: number },
): Promise<Settled> =>
  database.transaction(
    async (tx) => {
      const decision = decide(delivery, report, now, random);
      // Whoever locks all endpoints does so before it locks one, so that nobody waits in a circle.
      if (decision.kind === "dead") await lockEndpoints(tx);
      await noteResult(tx, delivery, report, now);
      await finishAttempt(tx, {
        deliveryId: delivery.id,
        number: delivery.attempt,
        finishedAt: now,
        outcome: report.outcome.kind === "undeliverable" ? "refused" : report.outcome.kind,
        reason: report.outcome.kind === "accepted" ? null : report.outcome.reason,
        httpStatus: report.httpStatus,
        durationMs: report.durationMs,
        responseExcerpt: report.responseExcerpt,
        requestHeaders: report.requestHeaders,
        // The bytes of a retry are those of the first attempt.
        requestBody: delivery.attempt === delivery.ladderFrom + 1 ? report.requestBody : null,
      });
      if (delivery.groupedWith.length > 0) await noteGroup(tx, delivery, decision.kind === "delivered", now);
      if (decision.kind === "delivered") {
        return (await markDelivered(tx, { id: delivery.id, now })) ? "delivered" : "lost";
      }
      if (decision.kind === "dead") return bury(tx, delivery, decision, now);
      const { at, reason } = decision;
      return (await putBack(tx, { id: delivery.id, leaseToken: delivery.leaseToken, at, reason, now }))
        ? "waiting"
        : "lost";
    },
    { deadlineMs: RECORD_DEADLINE_MS },
  );

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
      requestHeaders: null,
      requestBody: null,
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
    const reason = "the endpoint could not be tried within 72 h: it was disabled or its breaker open";
    for (const delivery of expired) await bury(tx, { ...delivery, leaseToken }, { reason, disables: false }, now);
    return expired.length;
  });
