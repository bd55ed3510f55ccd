import type { Database } from "#db/database.ts";
import type { EventRow } from "#db/queries/event-log.ts";
import { readEvent, readEventPage } from "#db/queries/event-log.ts";
import { factsOfEvent } from "#lib/core/delivery/recipients.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";

/** As long as the list of events goes back. */
const SHOWN_MS = 30 * DAY_MS;
const BEYOND_ALL = 9_223_372_036_854_775_807n;

export type LiveEvent = {
  readonly id: string;
  readonly position: bigint;
  readonly type: string;
  /** Services that it is about; empty: none. */
  readonly serviceIds: readonly string[];
  /** JSON of the resource. */
  readonly data: string;
};

const liveEvent = ({ id, position, type, data }: EventRow): LiveEvent => {
  const { serviceIds } = factsOfEvent(type, JSON.parse(data) as unknown);
  return { id, position, type, serviceIds, data };
};

/** Events after a position, at most `limit`, in the order in which they were recorded. */
export const readLiveEvents = async (
  database: Database,
  { after, limit, now }: { readonly after: bigint; readonly limit: number; readonly now: EpochMs },
): Promise<LiveEvent[]> => {
  const args = { types: null, since: addMs(now, -SHOWN_MS), after, before: null, limit };
  return (await database.read((db) => readEventPage(db, args))).map(liveEvent);
};

/** The position of the newest event; 0 before the first. */
export const readNewestPosition = async (database: Database, now: EpochMs): Promise<bigint> => {
  const args = { types: null, since: addMs(now, -SHOWN_MS), after: null, before: BEYOND_ALL, limit: 1 };
  const [newest] = await database.read((db) => readEventPage(db, args));
  return newest?.position ?? 0n;
};

/** The position of an event that is not too old; null when there is none. */
export const readPositionOf = async (database: Database, id: string, now: EpochMs): Promise<bigint | null> =>
  (await database.read((db) => readEvent(db, id, addMs(now, -SHOWN_MS))))?.position ?? null;
