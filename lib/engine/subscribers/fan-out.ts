import type { Database } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { NewMessage, ToldEvent } from "#db/queries/subscriber-messages.ts";
import {
  insertMessages,
  lockProgress,
  readNewestPosition,
  readNextTold,
  writeProgress,
} from "#db/queries/subscriber-messages.ts";
import type { Subscriber } from "#db/queries/subscribers.ts";
import { readActiveAfter } from "#db/queries/subscribers.ts";
import { DELIVERY_WINDOW_MS } from "#lib/core/delivery/ladder.ts";
import { isFor, tellingOf } from "#lib/core/subscribers/audience.ts";
import { nextDigestAt } from "#lib/core/subscribers/pace.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

export type FanOutArgs = {
  readonly database: Database;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  /** Subscribers looked at in one transaction. */
  readonly chunk?: number;
};

/** Small enough that a transaction takes milliseconds: nothing of the on-call path ever waits for it. */
const CHUNK = 500;

const messageFor = (
  event: ToldEvent,
  one: Subscriber,
  { now, randomBytes, timeZone }: FanOutArgs & { readonly timeZone: string },
): NewMessage => {
  const shared = { id: newId("smg", now, randomBytes), subscriberId: one.id, channel: one.channel };
  if (one.cadence === "each") return { ...shared, kind: "event", eventId: event.id, dedupKey: event.id, dueAt: now };
  const dueAt = nextDigestAt(event.occurredAt, timeZone);
  return { ...shared, kind: "digest", eventId: null, dedupKey: `digest:${dueAt}`, dueAt };
};

/** Who was confirmed later is not told of what went before. */
const wasThere = ({ confirmedAt }: Subscriber, event: ToldEvent): boolean =>
  confirmedAt !== null && confirmedAt <= event.occurredAt;

/**
 * Takes one step along the log of events: puts the messages of one event to the next chunk of subscribers into the outbox,
 * and moves the cursor, in one transaction. A process that dies in the middle leaves the cursor where the last commit
 * put it, and the next one goes on there. False: there is nothing to do, or another instance does it.
 */
export const fanOutOnce = (args: FanOutArgs): Promise<boolean> =>
  args.database.transaction(async (tx) => {
    const { now, chunk = CHUNK } = args;
    const progress = await lockProgress(tx);
    if (progress === null) return false;
    const newest = await readNewestPosition(tx);
    const event = await readNextTold(tx, progress.position);
    if (event === null) {
      // What customers are not told of is left behind, so that the next look is as short as this one.
      if (newest > progress.position) await writeProgress(tx, { position: newest, subscriberId: "" }, now);
      return false;
    }
    const telling = tellingOf(event.type, event.subject, event.data);
    const isStale = event.occurredAt < addMs(now, -DELIVERY_WINDOW_MS);
    if (telling === null || isStale) {
      await writeProgress(tx, { position: event.position, subscriberId: "" }, now);
      return true;
    }
    const some = await readActiveAfter(tx, progress.subscriberId, chunk);
    const told = some.filter((one) => wasThere(one, event) && isFor(telling, one));
    const hasDigests = told.some(({ cadence }) => cadence === "daily");
    const timeZone = hasDigests ? ((await readConfigDocument(tx))?.page.timeZone ?? "UTC") : "UTC";
    await insertMessages(
      tx,
      told.map((one) => messageFor(event, one, { ...args, timeZone })),
    );
    const last = some.at(-1);
    const isDone = some.length < chunk || last === undefined;
    await writeProgress(
      tx,
      isDone ? { position: event.position, subscriberId: "" } : { position: progress.position, subscriberId: last.id },
      now,
    );
    return true;
  });
