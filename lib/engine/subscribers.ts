import type { ClaimedMessage } from "#db/queries/subscriber-messages.ts";
import { hasMessageDue, readNewestPosition } from "#db/queries/subscriber-messages.ts";
import { forgetOld } from "#db/queries/subscribers.ts";
import type { SubscriberChannel } from "#lib/core/subscribers/words.ts";
import { addMs, DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import type { Logger } from "#lib/runtime/logger.ts";
import { counter } from "#lib/runtime/metrics.ts";
import { runLoop } from "#lib/runtime/run-loop.ts";
import type { RoundFacts, SubscriberAttemptDeps } from "./subscribers/attempt.ts";
import { attemptMessage, readRoundFacts, SUBSCRIBER_TIMEOUT_MS } from "./subscribers/attempt.ts";
import { claimRound } from "./subscribers/claim.ts";
import { fanOutOnce } from "./subscribers/fan-out.ts";
import { settleMessage } from "./subscribers/settle.ts";

export type SubscribersDeps = SubscriberAttemptDeps & {
  readonly log: Logger;
  /** 0 to 1, for jitter. */
  readonly random: () => number;
  /** A new random text for each claim. */
  readonly newToken: () => string;
};

export type SubscriberDispatcher = {
  /** Fans out what is new and begins the attempts that are due; returns how many began. */
  readonly dispatch: (signal: AbortSignal) => Promise<number>;
  /** Resolves when the next attempt ends; at once when none is under way. */
  readonly nextFree: () => Promise<void>;
  /** Resolves when no attempt is under way. */
  readonly settled: () => Promise<void>;
  /** Ends the attempts under way; they are repeated later. */
  readonly abort: () => void;
};

/** Attempts at once of each channel in one process: slow receivers of one channel never take the places of another. */
const MOST_OF_CHANNEL = 16;
const LEASE_MARGIN_MS = 20_000;
const POLL_MS = 250;
/** Alerts go first, but not for ever: a page whose receiver is away must not silence the customers. */
const MOST_YIELDS = 20;
const LOOK_AGAIN_MS = 2_000;
const FORGET_EVERY_MS = 10 * MINUTE_MS;
const MOST_FORGOTTEN = 1_000;
const STOP_GRACE_MS = 3_000;

const finished = () =>
  counter({
    name: "nines_subscriber_messages_total",
    help: "Attempts to reach subscribers.",
    labels: ["channel", "result"],
  });

const workOn = async (deps: SubscribersDeps, message: ClaimedMessage, facts: RoundFacts, signal: AbortSignal) => {
  const { database, clock, log } = deps;
  const report = await attemptMessage(deps, message, facts, signal);
  const settled = await settleMessage(database, { message, report, now: clock.now(), random: deps.random() });
  finished().inc({ channel: message.channel, result: settled });
  const { id: messageId, subscriberId, channel, attempt } = message;
  const reason = report.outcome.kind === "accepted" ? undefined : report.outcome.reason;
  log.debug({ messageId, subscriberId, channel, attempt, result: settled, reason }, "a subscriber was told");
};

/** The sender of one process. Any number may share a database: a claim is a row lock and a lease with a random token. */
export const createSubscriberDispatcher = (deps: SubscribersDeps): SubscriberDispatcher => {
  const { database, clock, log, newToken, randomBytes } = deps;
  const stop = new AbortController();
  const underWay = new Set<Promise<void>>();
  const busy = new Map<SubscriberChannel, number>();
  let yields = 0;
  let facts: RoundFacts | null = null;
  let seen = -1n;
  let lookedMs = Number.NEGATIVE_INFINITY;

  const begin = (message: ClaimedMessage, facts: RoundFacts): void => {
    const { channel } = message;
    busy.set(channel, (busy.get(channel) ?? 0) + 1);
    const running: Promise<void> = workOn(deps, message, facts, stop.signal)
      // The claim runs out, and the message is sent again under the same id.
      .catch((error: unknown) => log.warn({ messageId: message.id, error }, "the result of a message was not recorded"))
      .finally(() => {
        underWay.delete(running);
        busy.set(channel, (busy.get(channel) ?? 1) - 1);
      });
    underWay.add(running);
  };

  const claim = async (): Promise<number> => {
    if (!(await database.read((db) => hasMessageDue(db, clock.now())))) return 0;
    facts = await readRoundFacts(deps, facts?.snapshot ?? null);
    if (facts === null) return 0;
    const round = facts;
    const claimed = await database.transaction((tx) =>
      claimRound(tx, {
        now: clock.now(),
        leaseToken: newToken(),
        leaseMs: SUBSCRIBER_TIMEOUT_MS + LEASE_MARGIN_MS,
        places: (channel) => MOST_OF_CHANNEL - (busy.get(channel) ?? 0),
        yieldsToAlerts: yields < MOST_YIELDS,
      }),
    );
    yields = claimed === null ? yields + 1 : 0;
    for (const message of claimed ?? []) begin(message, round);
    return claimed?.length ?? 0;
  };

  return {
    dispatch: async (signal) => {
      const newest = await database.read(readNewestPosition);
      let hasMore = newest !== seen;
      while (hasMore && !signal.aborted) hasMore = await fanOutOnce({ database, now: clock.now(), randomBytes });
      // Another instance that is at it may die: it is looked after again within seconds.
      seen = clock.monotonicMs() - lookedMs > LOOK_AGAIN_MS ? -1n : newest;
      if (seen === -1n) lookedMs = clock.monotonicMs();
      return signal.aborted || stop.signal.aborted ? 0 : claim();
    },
    nextFree: async () => {
      if (underWay.size > 0) await Promise.race(underWay);
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    abort: () => stop.abort(),
  };
};

/** Tells subscribers until the signal aborts. Part of the deliver role, beside the on-call deliveries. */
export const runSubscribers = async (deps: SubscribersDeps & { readonly signal: AbortSignal }): Promise<void> => {
  const { database, clock, log, signal } = deps;
  const dispatcher = createSubscriberDispatcher(deps);
  let forgotMs = Number.NEGATIVE_INFINITY;
  let began = 0;
  const round = async (): Promise<void> => {
    began = 0;
    began = await dispatcher.dispatch(signal);
    if (clock.monotonicMs() - forgotMs < FORGET_EVERY_MS) return;
    forgotMs = clock.monotonicMs();
    const now = clock.now();
    const ages = {
      unconfirmedBefore: addMs(now, -DAY_MS),
      messagesBefore: addMs(now, -30 * DAY_MS),
      limitsBefore: addMs(now, -DAY_MS),
    };
    await database.transaction((tx) => forgetOld(tx, { ...ages, most: MOST_FORGOTTEN }));
  };
  const onError = (error: unknown): void => log.warn({ error }, "a round of telling subscribers failed; trying again");
  try {
    // While there is something to send, a place that is free is used at once; the rate of the channel is the limit.
    const wake = (over: AbortSignal): Promise<void> => (began > 0 ? dispatcher.nextFree() : clock.sleep(POLL_MS, over));
    await runLoop({ intervalMs: POLL_MS, work: round, onError, clock, signal, wake });
  } finally {
    const ended = new AbortController();
    const grace = clock.sleep(STOP_GRACE_MS, ended.signal).then(dispatcher.abort, () => undefined);
    await dispatcher.settled();
    ended.abort();
    await grace;
  }
};
