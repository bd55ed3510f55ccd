import type { Db } from "#db/database.ts";
import type { EndpointType } from "#lib/core/channels/channel.ts";
import type { EndpointFilters } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";

// Endpoints as the API and the command line see and change them. How they are delivered to is in deliveries.ts.

/** A replaced secret that may still sign. `expiresAt` is ISO 8601. */
export type OldSecret = { readonly ciphertext: string; readonly expiresAt: string };

export type EndpointRow = {
  readonly id: string;
  readonly type: EndpointType;
  readonly managedBy: "file" | "api";
  readonly description: string | null;
  readonly state: "active" | "disabled";
  readonly disabledReason: string | null;
  readonly urlCiphertext: string;
  readonly pendingUrlCiphertext: string | null;
  readonly secretCiphertext: string;
  readonly headersCiphertext: string | null;
  readonly oldSecrets: readonly OldSecret[];
  readonly events: readonly string[];
  readonly filters: EndpointFilters;
  readonly timeoutMs: number;
  readonly isOrdered: boolean;
  readonly maxInFlight: number;
  readonly maxPerSecond: number | null;
  readonly breaker: { readonly kind: "closed" | "open" | "half_open" } | null;
  readonly failingSince: Date | null;
  readonly pending: number;
  readonly dead: number;
  readonly lastDeliveredAt: Date | null;
  /** The newest test or ping that has ended. */
  readonly lastTest: { readonly state: string; readonly finishedAt: string; readonly error: string | null } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

const columns = (db: Db) => db`
  e.id, e.type, e.managed_by as "managedBy", e.description, e.state, e.disabled_reason as "disabledReason",
  e.url_ciphertext as "urlCiphertext", e.pending_url_ciphertext as "pendingUrlCiphertext",
  e.secret_ciphertext as "secretCiphertext", e.headers_ciphertext as "headersCiphertext", e.old_secrets as "oldSecrets",
  e.events, e.filters, e.timeout_ms as "timeoutMs", e.is_ordered as "isOrdered", e.max_in_flight as "maxInFlight",
  e.max_per_second as "maxPerSecond", e.breaker, e.failing_since as "failingSince",
  (select count(*)::int from deliveries d where d.endpoint_id = e.id and d.state = 'pending') as pending,
  (select count(*)::int from deliveries d where d.endpoint_id = e.id and d.state = 'dead') as dead,
  (select d.finished_at from deliveries d where d.endpoint_id = e.id and d.state = 'delivered'
    order by d.id desc limit 1) as "lastDeliveredAt",
  (select jsonb_build_object('state', d.state, 'finishedAt', d.finished_at, 'error', d.last_error)
     from deliveries d join events v on v.id = d.event_id
    where d.endpoint_id = e.id and v.type = 'endpoint.test' and d.finished_at is not null
    order by d.id desc limit 1) as "lastTest",
  e.created_at as "createdAt", e.updated_at as "updatedAt"`;

/** Endpoints in use in the order of their ids. Counts per endpoint go through partial indexes. */
export const readEndpoints = async (db: Db): Promise<EndpointRow[]> => [
  ...(await db<EndpointRow[]>`select ${columns(db)} from endpoints e where e.retired_at is null order by e.id`),
];

/** Ids of the endpoints in use, sorted. */
export const readEndpointIds = async (db: Db): Promise<string[]> =>
  (await db<{ id: string }[]>`select id from endpoints where retired_at is null order by id`).map(({ id }) => id);

/** One endpoint in use; null when there is none of this id. Locked until the transaction ends when asked for. */
export const readEndpoint = async (
  db: Db,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<EndpointRow | null> => {
  if (options.lock === true) await db`select id from endpoints where id = ${id} for no key update`;
  const rows = await db<
    EndpointRow[]
  >`select ${columns(db)} from endpoints e where e.id = ${id} and e.retired_at is null`;
  return rows[0] ?? null;
};

/** Whether the id belongs to an endpoint, in use or removed; and how many the API has made that are in use. */
export const readEndpointUse = async (db: Db, id: string): Promise<{ isTaken: boolean; made: number }> => {
  const rows = await db<{ isTaken: boolean; made: number }[]>`
    select exists(select 1 from endpoints where id = ${id}) as "isTaken",
           (select count(*)::int from endpoints where managed_by = 'api' and retired_at is null) as made`;
  return rows[0] ?? { isTaken: false, made: 0 };
};

export type EndpointToWrite = Pick<
  EndpointRow,
  | "id"
  | "description"
  | "urlCiphertext"
  | "pendingUrlCiphertext"
  | "headersCiphertext"
  | "events"
  | "filters"
  | "timeoutMs"
  | "isOrdered"
  | "maxInFlight"
  | "maxPerSecond"
>;

/** Makes a webhook endpoint of the API. */
export const insertEndpoint = async (
  db: Db,
  row: EndpointToWrite & { readonly secretCiphertext: string; readonly now: EpochMs },
): Promise<void> => {
  const at = new Date(row.now);
  await db`
    insert into endpoints (id, type, managed_by, state, description, url_ciphertext, secret_ciphertext, headers_ciphertext,
                           events, filters, timeout_ms, is_ordered, max_in_flight, max_per_second, created_at, updated_at)
    values (${row.id}, 'webhook', 'api', 'active', ${row.description}, ${row.urlCiphertext}, ${row.secretCiphertext},
            ${row.headersCiphertext}, ${[...row.events]}::text[], ${JSON.stringify(row.filters)}::text::jsonb,
            ${row.timeoutMs}, ${row.isOrdered}, ${row.maxInFlight}, ${row.maxPerSecond}, ${at}, ${at})`;
};

/** Writes what the API may change. A changed rate begins with a full second's budget. */
export const updateEndpoint = async (db: Db, row: EndpointToWrite & { readonly now: EpochMs }): Promise<void> => {
  await db`
    update endpoints
       set description = ${row.description}, url_ciphertext = ${row.urlCiphertext},
           pending_url_ciphertext = ${row.pendingUrlCiphertext}, headers_ciphertext = ${row.headersCiphertext},
           events = ${[...row.events]}::text[], filters = ${JSON.stringify(row.filters)}::text::jsonb,
           timeout_ms = ${row.timeoutMs}, is_ordered = ${row.isOrdered}, max_in_flight = ${row.maxInFlight},
           max_per_second = ${row.maxPerSecond}, rate_tokens = null, rate_at = null, updated_at = ${new Date(row.now)}
     where id = ${row.id}`;
};

/** Replaces the signing secret; `old` are those that go on signing. */
export const writeSecrets = async (
  db: Db,
  args: {
    readonly id: string;
    readonly secretCiphertext: string;
    readonly old: readonly OldSecret[];
    readonly now: EpochMs;
  },
): Promise<void> => {
  await db`
    update endpoints set secret_ciphertext = ${args.secretCiphertext},
           old_secrets = ${JSON.stringify(args.old)}::text::jsonb, updated_at = ${new Date(args.now)}
     where id = ${args.id}`;
};

/** Makes a disabled endpoint active again with a clean record. */
export const enableEndpoint = async (db: Db, id: string, now: EpochMs): Promise<void> => {
  await db`
    update endpoints set state = 'active', disabled_reason = null, failing_since = null, failing_warned_at = null,
           breaker = null, admits_at = null, updated_at = ${new Date(now)}
     where id = ${id}`;
};

/** Puts the address in use that a delivery has just proved to work. False: it was withdrawn meanwhile. */
export const adoptPendingUrl = async (
  db: Db,
  { id, deliveryId, now }: { readonly id: string; readonly deliveryId: string; readonly now: EpochMs },
): Promise<boolean> => {
  // Whoever changes the address holds this lock while it cancels the delivery.
  await db`select id from endpoints where id = ${id} for no key update`;
  const rows = await db`
    update endpoints set url_ciphertext = pending_url_ciphertext, pending_url_ciphertext = null, breaker = null,
           admits_at = null, failing_since = null, failing_warned_at = null, updated_at = ${new Date(now)}
     where id = ${id} and pending_url_ciphertext is not null
       and exists (select 1 from deliveries where id = ${deliveryId} and state = 'pending' and to_pending_url)
    returning id`;
  return rows.length === 1;
};

/** Ends the deliveries to a new address that was withdrawn. */
export const cancelVerifications = async (db: Db, id: string, now: EpochMs): Promise<void> => {
  const at = new Date(now);
  await db`
    update deliveries set state = 'canceled', finished_at = ${at}, leased_until = null, lease_token = null,
           last_error = 'the address was changed again', updated_at = ${at}
     where endpoint_id = ${id} and state = 'pending' and to_pending_url`;
};

/** Takes an endpoint out of use with what waits for it. Its row stays for the log; its secrets go. */
export const removeEndpoint = async (db: Db, id: string, now: EpochMs): Promise<number> => {
  const at = new Date(now);
  await db`
    update endpoints set retired_at = ${at}, url_ciphertext = '', secret_ciphertext = '', headers_ciphertext = null,
           old_secrets = '[]', pending_url_ciphertext = null, breaker = null, admits_at = null, updated_at = ${at}
     where id = ${id}`;
  const canceled = await db`
    update deliveries set state = 'canceled', finished_at = ${at}, leased_until = null, lease_token = null,
           last_error = 'the endpoint was removed', updated_at = ${at}
     where endpoint_id = ${id} and state = 'pending'`;
  return canceled.count;
};

/** Webhooks in use that nothing was sent to since `before`. Unique index (endpoint_id, sequence). */
export const readIdleEndpoints = async (db: Db, before: EpochMs): Promise<string[]> => {
  const rows = await db<{ id: string }[]>`
    select e.id from endpoints e
      left join lateral (select d.first_due_at from deliveries d where d.endpoint_id = e.id
                          order by d.sequence desc limit 1) d on true
     where e.type = 'webhook' and e.state = 'active' and e.retired_at is null
       and coalesce(d.first_due_at, e.created_at) < ${new Date(before)}::timestamptz
     order by e.id`;
  return rows.map(({ id }) => id);
};

/** Sends a delivery to the address that is to be proved, before everything that waits for the one in use. */
export const markVerification = async (db: Db, deliveryId: string): Promise<void> => {
  await db`
    update deliveries set to_pending_url = true, next_attempt_at = 'epoch' where id = ${deliveryId} and state = 'pending'`;
};
