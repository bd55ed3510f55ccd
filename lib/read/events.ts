import type { Database } from "#db/database.ts";
import { readConfigDocument } from "#db/queries/config.ts";
import type { EventRow } from "#db/queries/event-log.ts";
import { readEvent, readEventPage } from "#db/queries/event-log.ts";
import type { EventResource } from "#lib/contracts/event-log.ts";
import { eventResource } from "#lib/contracts/event-log.ts";
import { eventSource } from "#lib/contracts/events.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor, foreignCursor, pageOf } from "./pagination.ts";

const KIND = "events";
/** Events are kept for as long, and shown for no longer even where a firing alert still needs one. */
const SHOWN_MS = 30 * DAY_MS;

const cursorOf = ({ position }: EventRow): string => encodeCursor(KIND, position.toString());

/** A cursor, or the id of an event: whoever got one by webhook can go on from there. */
const placeOf = async (database: Database, text: string | undefined, since: EpochMs): Promise<bigint | null> => {
  if (text === undefined) return null;
  if (text.startsWith("evt_")) {
    const event = await database.read((db) => readEvent(db, text, since));
    if (event !== null) return event.position;
    throw new AppError("INVALID_REQUEST", "there is no such event within the last 30 days; begin without after");
  }
  const [position] = decodeCursor(KIND, text);
  if (typeof position === "string" && /^\d{1,18}$/.test(position)) return BigInt(position);
  throw foreignCursor();
};

const shown = (event: EventRow, source: string): EventResource =>
  eventResource(
    { ...event, occurredAtMs: event.occurredAt.getTime(), data: JSON.parse(event.data) as unknown },
    source,
  );

const readSource = async (database: Database): Promise<string> =>
  eventSource((await database.read(readConfigDocument))?.page.url ?? null);

/**
 * Events of the last 30 days, oldest first. `nextCursor` is there at the end too: asked again with it, the list goes on
 * with what was recorded since, and leaves nothing out.
 */
export const listEvents = async (
  database: Database,
  query: Paging & { readonly type?: string | undefined; readonly createdAfter?: EpochMs | undefined },
  now: EpochMs,
): Promise<Listed<EventResource>> => {
  assertOneDirection(query);
  const { limit, createdAfter } = query;
  const since = addMs(now, -SHOWN_MS);
  const after = await placeOf(database, query.after, since);
  const before = await placeOf(database, query.before, since);
  const types = query.type?.split(",") ?? null;
  const found = await database.read((db) =>
    readEventPage(db, { types, since, createdAfter, after, before, limit: limit + 1 }),
  );
  const source = await readSource(database);
  const resourceOf = (event: EventRow): EventResource => shown(event, source);
  const { data, pagination } = pageOf(found, { limit, after, before }, { cursorOf, resourceOf });
  const last = before === null ? found[data.length - 1] : found.at(-1);
  const end = last?.position ?? after;
  return { data, pagination: { ...pagination, nextCursor: end === null ? null : encodeCursor(KIND, end.toString()) } };
};

/** @throws AppError NOT_FOUND */
export const getEvent = async (database: Database, id: string, now: EpochMs): Promise<EventResource> => {
  const event = await database.read((db) => readEvent(db, id, addMs(now, -SHOWN_MS)));
  if (event === null) throw new AppError("NOT_FOUND", "there is no event with this id within the last 30 days");
  return shown(event, await readSource(database));
};
