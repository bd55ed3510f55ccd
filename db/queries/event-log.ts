import type { Db } from "#db/database.ts";
import type { EventType } from "#lib/contracts/events.ts";
import type { EpochMs } from "#lib/core/units.ts";

// Events as consumers read them. How they are recorded is in events.ts.

export type EventRow = {
  readonly id: string;
  /** Events are committed in the order of their positions, so that whoever reads on after one misses none. */
  readonly position: bigint;
  readonly type: EventType;
  readonly subject: string;
  readonly occurredAt: Date;
  /** JSON. */
  readonly data: string;
};

const columns = (db: Db) => db`id, position, type, subject, occurred_at as "occurredAt", data::text as data`;

/** Events in the order in which they were recorded: those after a position, or the last ones before one. Unique index. */
export const readEventPage = async (
  db: Db,
  args: {
    readonly types: readonly string[] | null;
    readonly since: EpochMs;
    readonly createdAfter?: EpochMs | undefined;
    readonly after: bigint | null;
    readonly before: bigint | null;
    readonly limit: number;
  },
): Promise<EventRow[]> => {
  const { types, createdAfter, after, before } = args;
  const rows = await db<EventRow[]>`
    select ${columns(db)} from events
     where created_at >= ${new Date(args.since)}
       ${createdAfter === undefined ? db`` : db`and created_at > ${new Date(createdAfter)}`}
       ${types === null ? db`` : db`and type = any(${[...types]}::text[])`}
       ${after === null ? db`` : db`and position > ${after.toString()}::bigint`}
       ${before === null ? db`` : db`and position < ${before.toString()}::bigint`}
     order by position ${before === null ? db`asc` : db`desc`} limit ${args.limit}`;
  return before === null ? [...rows] : [...rows].reverse();
};

/** One event that is not older than `since`; null when there is none. */
export const readEvent = async (db: Db, id: string, since: EpochMs): Promise<EventRow | null> => {
  const rows = await db<EventRow[]>`
    select ${columns(db)} from events where id = ${id} and created_at >= ${new Date(since)}`;
  return rows[0] ?? null;
};
