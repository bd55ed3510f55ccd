import type { Database, Tx } from "#db/database.ts";
import type { Subscriber, UndeliveredEvent } from "#db/queries/reconcile.ts";
import {
  closeAbandonedAttempts,
  readEmptyLeases,
  readOverdueDeliveries,
  readSequenceGaps,
  readSubscribers,
  readUndeliveredEvents,
  readUntoldAlerts,
  readUntriedDeliveries,
} from "#db/queries/reconcile.ts";
import { releaseEvent } from "#lib/commands/record-event.ts";
import type { FindingResource } from "#lib/contracts/reconciliation.ts";
import { DELIVERY_WINDOW_MS } from "#lib/core/delivery/ladder.ts";
import { factsOfEvent, recipientsOf } from "#lib/core/delivery/recipients.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { recordAlertEvent } from "../alerts/record-alert.ts";
import type { Lease } from "../lease.ts";
import { assertLease } from "../lease.ts";
import { findingOf } from "./finding.ts";

/** What is younger may be under way. */
const SETTLE_MS = 5 * MINUTE_MS;
/** Longer than any attempt and its lease. */
const ATTEMPT_MS = 10 * MINUTE_MS;
/** Events are kept for 30 days: what an older alert lacks was forgotten, not lost. */
const ALERTS_MS = 7 * DAY_MS;
const LIMIT = 500;

export type StepArgs = {
  readonly database: Database;
  readonly lease: Lease;
  readonly now: EpochMs;
};
type Finding = FindingResource | null;

const boundsOf = (now: EpochMs, ms: number) => ({
  since: addMs(now, -ms),
  before: addMs(now, -SETTLE_MS),
  limit: LIMIT,
});

/** Every repair stands alone under the lease, so that one that fails undoes no other. */
const guarded = <T>({ database, lease }: StepArgs, work: (tx: Tx) => Promise<T>): Promise<T> =>
  database.transaction(async (tx) => {
    await assertLease(tx, lease);
    return work(tx);
  });

/** Alerts whose event is missing: it is recorded now; the key of the event lets it exist once only. */
export const checkAlertEvents = async (args: StepArgs): Promise<Finding> => {
  const { database, now } = args;
  const untold = await database.read((db) => readUntoldAlerts(db, boundsOf(now, ALERTS_MS)));
  for (const { state, isSuppressed, ...episode } of untold)
    await guarded(args, (tx) => recordAlertEvent(tx, episode, { what: state, isSuppressed, now }));
  return findingOf(
    "alert_without_event",
    untold.map(({ id, state }) => `${id} ${state}`),
    untold.length,
  );
};

/** Whom an event should have gone to, of those that have been as they are since before it happened. */
const certainRecipients = (event: UndeliveredEvent, subscribers: readonly Subscriber[]): string[] => {
  const then = subscribers.filter(({ sameSince }) => sameSince <= event.createdAt);
  const facts = factsOfEvent(event.type, JSON.parse(event.data) as unknown);
  return recipientsOf(then, facts, event.notify).map(({ endpoint }) => endpoint.id);
};

/**
 * Events that nobody was told of although somebody wanted them then and nobody muted them. They are delivered now: an
 * event without a single delivery was given to nobody, and one delivery an event and endpoint is all the table takes.
 */
export const checkEventDeliveries = async (args: StepArgs): Promise<Finding> => {
  const { database, now } = args;
  const events = await database.read((db) => readUndeliveredEvents(db, boundsOf(now, DAY_MS)));
  if (events.length === 0) return null;
  const subscribers = await database.read(readSubscribers);
  const lost = events
    .map((event) => ({ event, notify: certainRecipients(event, subscribers) }))
    .filter(({ notify }) => notify.length > 0);
  for (const { event, notify } of lost)
    await guarded(args, (tx) => releaseEvent(tx, { type: event.type, dedupKey: event.dedupKey, notify, now }));
  return findingOf(
    "event_without_delivery",
    lost.map(({ event }) => `${event.type} ${event.subject}`),
    lost.length,
  );
};

/** Numbers that an endpoint's deliveries skip: a row is gone, and what it told cannot be known from here. */
export const checkSequences = async ({ database, now }: StepArgs): Promise<Finding> => {
  const gaps = await database.read((db) => readSequenceGaps(db, addMs(now, -DAY_MS)));
  return findingOf(
    "missing_delivery",
    gaps.map(({ endpointId, missing }) => `${endpointId}: ${missing}`),
  );
};

/** Deliveries that should have ended. The dispatcher ends them when it runs; that it did not is what people should know. */
export const checkOverdue = async ({ database, now }: StepArgs): Promise<Finding> => {
  const firstDueBefore = addMs(now, -(DELIVERY_WINDOW_MS + HOUR_MS));
  return findingOf(
    "delivery_overdue",
    await database.read((db) => readOverdueDeliveries(db, { firstDueBefore, limit: LIMIT })),
  );
};

/** Deliveries of the last day that are said to be delivered although nobody ever tried them. */
export const checkUntried = async ({ database, now }: StepArgs): Promise<Finding> =>
  findingOf("delivery_without_attempt", await database.read((db) => readUntriedDeliveries(db, boundsOf(now, DAY_MS))));

/** Attempts that nobody will finish are closed. The delivery itself is left alone: its lease decides who goes on. */
export const closeAttempts = async (args: StepArgs): Promise<Finding> => {
  const { now } = args;
  const startedBefore = addMs(now, -ATTEMPT_MS);
  const closed = await guarded(args, (tx) => closeAbandonedAttempts(tx, { startedBefore, now, limit: LIMIT }));
  return findingOf("attempt_without_outcome", closed, closed.length);
};

/** Leases that nobody has taken for the length of an attempt. */
export const checkLeases = async ({ database, lease }: StepArgs): Promise<Finding> =>
  findingOf(
    "lease_without_holder",
    await database.read((db) => readEmptyLeases(db, { forMs: ATTEMPT_MS, but: lease.name })),
  );
