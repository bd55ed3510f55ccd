import type { Db } from "#db/database.ts";
import type { AttemptFacts, DeliveryStateName } from "#lib/contracts/deliveries.ts";
import type { EpochMs } from "#lib/core/units.ts";

// The log of deliveries and attempts, and what people do with it. How deliveries are made is in deliveries.ts.

export type DeliveryRow = {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly endpointId: string;
  readonly sequence: string;
  readonly state: DeliveryStateName;
  readonly attemptsMade: number;
  readonly firstDueAt: Date;
  readonly nextAttemptAt: Date;
  readonly finishedAt: Date | null;
  readonly lastError: string | null;
  readonly replayedAt: Date | null;
  readonly toPendingUrl: boolean;
  readonly createdAt: Date;
};

const columns = (db: Db) => db`
  d.id, d.event_id as "eventId", v.type as "eventType", d.endpoint_id as "endpointId", d.sequence::text as sequence,
  d.state, d.attempts_made as "attemptsMade", d.first_due_at as "firstDueAt", d.next_attempt_at as "nextAttemptAt",
  d.finished_at as "finishedAt", d.last_error as "lastError", d.replayed_at as "replayedAt",
  d.to_pending_url as "toPendingUrl", d.created_at as "createdAt"`;

export type DeliveryFilter = {
  readonly endpoint: string | null;
  readonly event: string | null;
  readonly state: DeliveryStateName | null;
  readonly createdAfter?: EpochMs | undefined;
};

/**
 * One page of the log, newest first, or oldest first when it goes up; ids are in the order in which they were made:
 * those beyond `after`, or the nearest of those before `before`. Indexes
 * deliveries_by_endpoint, (event_id, endpoint_id), the partial ones of states, or the primary key.
 */
export const readDeliveryPage = async (
  db: Db,
  args: { filter: DeliveryFilter; isUpward: boolean; limit: number; after: string | null; before: string | null },
): Promise<DeliveryRow[]> => {
  const { endpoint, event, state, createdAfter } = args.filter;
  const [further, nearer] = args.isUpward ? [db`>`, db`<`] : [db`<`, db`>`];
  const rows = await db<DeliveryRow[]>`
    select ${columns(db)} from deliveries d join events v on v.id = d.event_id
     where true
       ${endpoint === null ? db`` : db`and d.endpoint_id = ${endpoint}`}
       ${event === null ? db`` : db`and d.event_id = ${event}`}
       ${state === null ? db`` : db`and d.state = ${state}`}
       ${createdAfter === undefined ? db`` : db`and d.created_at > ${new Date(createdAfter)}`}
       ${args.after === null ? db`` : db`and d.id ${further} ${args.after}`}
       ${args.before === null ? db`` : db`and d.id ${nearer} ${args.before}`}
     order by d.id ${args.isUpward === (args.before === null) ? db`asc` : db`desc`} limit ${args.limit}`;
  return args.before === null ? [...rows] : [...rows].reverse();
};

/** One delivery; null when there is none. Locked until the transaction ends when asked for. */
export const readDelivery = async (
  db: Db,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<DeliveryRow | null> => {
  const lock = options.lock === true ? db`for no key update of d` : db``;
  const rows = await db<DeliveryRow[]>`
    select ${columns(db)} from deliveries d join events v on v.id = d.event_id where d.id = ${id} ${lock}`;
  return rows[0] ?? null;
};

/** The newest attempts of a delivery, at most `limit`, oldest first. */
export const readAttempts = async (db: Db, deliveryId: string, limit: number): Promise<AttemptFacts[]> => {
  const rows = await db<AttemptFacts[]>`
    select number, started_at as "startedAt", finished_at as "finishedAt", outcome, reason, http_status as "httpStatus",
           duration_ms as "durationMs", request_headers as "requestHeaders", request_body as "requestBody",
           response_excerpt as "responseExcerpt"
      from attempts where delivery_id = ${deliveryId} order by number desc limit ${limit}`;
  return [...rows].reverse();
};

/** Begins a new ladder for a delivery that has ended, under the id of its event and in a message of its own. */
export const replayDelivery = async (db: Db, id: string, now: EpochMs): Promise<void> => {
  const at = new Date(now);
  await db`
    update deliveries
       set state = 'pending', ladder_from = attempts_made, first_due_at = ${at}, next_attempt_at = ${at},
           finished_at = null, last_error = null, grouped_into = null, replayed_at = ${at}, updated_at = ${at}
     where id = ${id} and state <> 'pending'`;
};

/** Makes the next attempt of a waiting delivery due now, unless it is under way. */
export const hastenDelivery = async (db: Db, id: string, now: EpochMs): Promise<void> => {
  const at = new Date(now);
  await db`
    update deliveries set next_attempt_at = ${at}, updated_at = ${at}
     where id = ${id} and state = 'pending' and lease_token is null and next_attempt_at > ${at}`;
};

/**
 * Begins new ladders for what an endpoint was to get between two instants, oldest first, at most `limit`. Returns how
 * many. A delivery that proved an address is not repeated.
 */
export const replayDeliveries = async (
  db: Db,
  args: {
    readonly endpointId: string;
    readonly states: readonly string[];
    readonly from: EpochMs;
    readonly to: EpochMs;
    readonly limit: number;
    readonly now: EpochMs;
  },
): Promise<number> => {
  const at = new Date(args.now);
  const rows = await db`
    with chosen as (
      select id, row_number() over (order by sequence) as place
        from (select id, sequence from deliveries
               where endpoint_id = ${args.endpointId} and state = any(${[...args.states]}::text[]) and state <> 'pending'
                 and not to_pending_url and (replayed_at is null or replayed_at < ${at}::timestamptz)
                 and created_at >= ${new Date(args.from)}::timestamptz and created_at < ${new Date(args.to)}::timestamptz
               order by sequence limit ${args.limit} for no key update) as found
    )
    update deliveries d
       set state = 'pending', ladder_from = d.attempts_made, first_due_at = ${at}::timestamptz,
           -- Apart by a microsecond each, so that the oldest goes first.
           next_attempt_at = ${at}::timestamptz - (${args.limit}::int - c.place) * interval '1 microsecond',
           finished_at = null, last_error = null, grouped_into = null, replayed_at = ${at}::timestamptz,
           updated_at = ${at}::timestamptz
      from chosen c where d.id = c.id
    returning d.id`;
  return rows.length;
};
