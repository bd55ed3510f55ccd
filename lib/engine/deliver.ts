import type { Database } from "#db/database.ts";
import type { ClaimedDelivery } from "#db/queries/deliveries.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter, histogram } from "#lib/runtime/metrics.ts";
import { remindAlerts } from "./alerts/remind-alerts.ts";
import type { AttemptDeps, AttemptReport } from "./deliver/attempt.ts";
import { attemptDelivery } from "./deliver/attempt.ts";
import { claimThroughGates } from "./deliver/claim.ts";
import { fallBackOverdue } from "./deliver/fall-back.ts";
import { judgeEndpoints } from "./deliver/judge-endpoints.ts";
import { pingIdle } from "./deliver/ping-idle.ts";
import type { Settled } from "./deliver/settle.ts";
import { buryExpired, buryPoison, MOST_CRASHES, settleAttempt } from "./deliver/settle.ts";
import type { SettleAccepted } from "./deliver/settle-accepted.ts";
import { createSettleAccepted, isPlainlyAccepted } from "./deliver/settle-accepted.ts";
import { createPlaces } from "./places.ts";

export type DispatcherDeps = AttemptDeps & {
  readonly database: Database;
  readonly log: Logger;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  /** A new random text for each claim. */
  readonly newToken: () => string;
  /** Called when a place became free that a waiting delivery may need. */
  readonly onRoom?: () => void;
};

export type Dispatcher = {
  /** Claims what is due and begins the attempts; returns how many began. It does not wait for them. */
  readonly dispatchDue: () => Promise<number>;
  /** Resolves when no attempt is under way. */
  readonly settled: () => Promise<void>;
  /**
   * Ends what waited past the window, tells fallbacks of pages that were not taken, reminds of alerts that nobody looks
   * after, and warns of or disables endpoints that take nothing.
   */
  readonly sweep: () => Promise<void>;
  /** Ends the attempts under way; they are repeated later. */
  readonly abort: () => void;
};

/** Attempts at once in this process. Each endpoint has its own limit: a slow receiver never takes the places of the others. */
const MOST_AT_ONCE = 128;
/** A claim outlives the endpoint's deadline by this much; design.md, "Processes". */
const LEASE_MARGIN_MS = 10_000;
const RECORD_RETRY_MS = 250;
const LEFT_BEHIND_MS = 1_000;

const attemptsTotal = () =>
  counter({ name: "nines_delivery_attempts_total", help: "Webhook attempts by outcome.", labels: ["outcome"] });
const deliveriesTotal = () =>
  counter({ name: "nines_deliveries_finished_total", help: "Deliveries that ended, by state.", labels: ["state"] });
const attemptSeconds = () =>
  histogram({
    name: "nines_delivery_attempt_duration_seconds",
    help: "How long receivers took to answer.",
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });

/** Makes the metrics known before the first attempt, so that a dashboard tells "none yet" from "not measured". */
export const declareDeliveryMetrics = (): void => {
  for (const declare of [attemptsTotal, deliveriesTotal, attemptSeconds]) declare();
};

/** Records a result. While the database is away it is tried until the claim ends: a lost result means a repeated delivery. */
const recordPersistently = async (
  deps: DispatcherDeps,
  delivery: ClaimedDelivery,
  record: () => Promise<Settled>,
  signal: AbortSignal,
): Promise<Settled> => {
  for (;;) {
    try {
      return await record();
    } catch (error) {
      const isOver = deps.clock.now() + RECORD_RETRY_MS >= delivery.leasedUntil || signal.aborted;
      deps.log.warn({ deliveryId: delivery.id, error }, "the result of an attempt could not be recorded");
      if (isOver) return "lost";
      await deps.clock.sleep(RECORD_RETRY_MS, signal).catch(() => undefined);
    }
  }
};

const logAttempt = (log: Logger, delivery: ClaimedDelivery, report: AttemptReport, settled: Settled): void => {
  const fields = {
    deliveryId: delivery.id,
    endpointId: delivery.endpointId,
    eventId: delivery.event.id,
    eventType: delivery.event.type,
    attempt: delivery.attempt,
    statusCode: report.httpStatus,
    durationMs: Math.round(report.durationMs),
    result: settled,
  };
  if (settled === "delivered") log.info(fields, "event delivered");
  else if (report.outcome.kind === "accepted") log.info(fields, "event delivered a second time");
  else log.warn({ ...fields, reason: report.outcome.reason }, settled === "dead" ? "event given up" : "attempt failed");
};

type Work = {
  readonly delivery: ClaimedDelivery;
  readonly signal: AbortSignal;
  readonly settleAccepted: SettleAccepted;
  /** Called when the receiver has accepted and only our record of it is open. */
  readonly onAccepted: () => void;
};

/** Makes the attempt of a claim and records what it came to. */
const workOn = async (deps: DispatcherDeps, work: Work): Promise<void> => {
  const { delivery, signal } = work;
  const { database, clock, log } = deps;
  if (delivery.abandonedBefore >= MOST_CRASHES) {
    log.error({ deliveryId: delivery.id, eventId: delivery.event.id }, "a delivery crashed its dispatcher repeatedly");
    await recordPersistently(deps, delivery, () => buryPoison(database, { delivery, now: clock.now() }), signal);
    return;
  }
  const report = await attemptDelivery(deps, delivery, signal);
  attemptsTotal().inc({ outcome: report.outcome.kind });
  attemptSeconds().observe(report.durationMs / 1_000);
  const now = clock.now();
  const random = deps.random();
  // One at a time, or in order, means until it is recorded: a crash then repeats that one and no other.
  const isAlone = delivery.maxInFlight === 1 || delivery.isHeldBack;
  if (report.outcome.kind === "accepted" && !isAlone) work.onAccepted();
  const isPlain = isPlainlyAccepted(delivery, report);
  const together = isPlain ? await work.settleAccepted({ delivery, report, now }) : null;
  const record = () => settleAttempt(database, { delivery, report, now, random });
  const settled = together ?? (await recordPersistently(deps, delivery, record, signal));
  if (settled === "delivered" || settled === "dead") deliveriesTotal().inc({ state: settled });
  logAttempt(log, delivery, report, settled);
};

/** Ends what waited too long, tells of what was not taken, and looks after endpoints. */
const sweepOutbox = async (deps: DispatcherDeps): Promise<void> => {
  const { database, clock, log } = deps;
  const ended = await buryExpired(database, { leaseToken: deps.newToken(), now: clock.now() });
  if (ended > 0) log.warn({ count: ended }, "events to endpoints that could not be tried were given up");
  const fallenBack = await fallBackOverdue(database, clock.now());
  if (fallenBack > 0) log.warn({ count: fallenBack }, "pages that were not taken were given to fallbacks");
  const reminded = await remindAlerts(database, clock.now());
  if (reminded > 0) log.info({ count: reminded }, "alerts were told of again");
  await pingIdle(database, clock.now());
  const judged = await judgeEndpoints(database, clock.now());
  if (judged.disabled > 0 || judged.warned > 0) log.warn(judged, "endpoints that take nothing");
};

/**
 * The dispatcher of one process. Any number of them may share a database: a claim is a row lock plus a lease with a
 * random token. An event is delivered at least once, always under the same id.
 */
export const createDispatcher = (deps: DispatcherDeps): Dispatcher => {
  const { database, clock, log } = deps;
  const stop = new AbortController();
  const settleAccepted = createSettleAccepted(database, log);
  const underWay = new Set<Promise<void>>();
  const places = createPlaces();
  /** What others left behind is tried one at a time, so that a payload that crashes us is found out. */
  let suspects = 0;
  let searchedMs = Number.NEGATIVE_INFINITY;
  const begin = (delivery: ClaimedDelivery, isSuspect: boolean): void => {
    if (isSuspect) suspects += 1;
    places.take(delivery);
    const onAccepted = (): void => {
      if (!isSuspect && places.leave(delivery)) deps.onRoom?.();
    };
    const running: Promise<void> = workOn(deps, { delivery, signal: stop.signal, settleAccepted, onAccepted })
      .catch((error: unknown) => log.error({ deliveryId: delivery.id, error }, "an attempt failed unexpectedly"))
      .finally(() => {
        const wasFull = places.leave(delivery) || underWay.size >= MOST_AT_ONCE || delivery.isHeldBack;
        underWay.delete(running);
        if (isSuspect) suspects -= 1;
        if (wasFull || isSuspect) deps.onRoom?.();
      });
    underWay.add(running);
  };

  const claim = async (leftBehind: boolean, limit: number): Promise<number> => {
    if (limit <= 0) return 0;
    places.noteClaim(null);
    const claimed = await database.transaction((tx) =>
      claimThroughGates(tx, {
        now: clock.now(),
        leaseToken: deps.newToken(),
        leaseMarginMs: LEASE_MARGIN_MS,
        limit,
        busy: places.busy(),
        leftBehind,
      }),
    );
    places.noteClaim(leftBehind ? null : claimed.length);
    for (const delivery of claimed) begin(delivery, leftBehind);
    return claimed.length;
  };

  /** Looked for once a second, and again at once while there are any. */
  const claimLeftBehind = async (): Promise<number> => {
    if (suspects > 0 || clock.monotonicMs() - searchedMs < LEFT_BEHIND_MS) return 0;
    const found = await claim(true, 1);
    searchedMs = found > 0 ? Number.NEGATIVE_INFINITY : clock.monotonicMs();
    return found;
  };

  return {
    dispatchDue: async () => {
      if (stop.signal.aborted) return 0;
      const old = await claimLeftBehind();
      return old + (await claim(false, MOST_AT_ONCE - underWay.size));
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    sweep: () => sweepOutbox(deps),
    abort: () => stop.abort(),
  };
};
