import type { Db } from "#db/database.ts";
import type { SORT_FIELDS } from "#lib/contracts/operations/list-operation.ts";
import type { Language } from "#lib/core/definitions.ts";
import type { Wishes } from "#lib/core/subscribers/audience.ts";
import type { Bucket, Limit } from "#lib/core/subscribers/pace.ts";
import { windowStart } from "#lib/core/subscribers/pace.ts";
import type { SubscriberChannel, SubscriberState } from "#lib/core/subscribers/words.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { KeysetColumn, KeysetPage, ListOrder, SortColumns } from "./keyset.ts";
import { columnsOf, inOrder, millisOf, pageCondition, pageEnd, placeText } from "./keyset.ts";

export type Subscriber = Wishes & {
  readonly id: string;
  readonly channel: SubscriberChannel;
  readonly state: SubscriberState;
  /** Sealed under `subscriberAddressContext(id)`. */
  readonly addressCiphertext: string;
  readonly addressHash: string;
  /** Of webhooks: the key that messages are signed with. */
  readonly secretCiphertext: string | null;
  /** A mail address that a webhook's owner gave. */
  readonly contactCiphertext: string | null;
  readonly language: Language;
  readonly baseUrl: string;
  /** The page that was signed up at. */
  readonly pageId: string;
  readonly confirmExpiresAt: EpochMs | null;
  readonly confirmedAt: EpochMs | null;
  readonly disabledAt: EpochMs | null;
  readonly disabledReason: string | null;
  readonly bounces: number;
  readonly createdBy: string;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
};

type Instants = "confirmExpiresAt" | "confirmedAt" | "disabledAt" | "createdAt" | "updatedAt";
type Row = Omit<Subscriber, Instants> & { [Key in Instants]: Date | null };

const at = (date: Date | null): EpochMs | null => (date === null ? null : epochMs(date.getTime()));
const dateOf = (instant: EpochMs | null): Date | null => (instant === null ? null : new Date(instant));

const subscriberOf = (row: Row): Subscriber => ({
  ...row,
  confirmExpiresAt: at(row.confirmExpiresAt),
  confirmedAt: at(row.confirmedAt),
  disabledAt: at(row.disabledAt),
  createdAt: at(row.createdAt) as EpochMs,
  updatedAt: at(row.updatedAt) as EpochMs,
});

const columns = (db: Db) => db`
  id, channel, state, address_ciphertext as "addressCiphertext", address_hash as "addressHash",
  secret_ciphertext as "secretCiphertext", contact_ciphertext as "contactCiphertext", kinds, service_ids as "serviceIds",
  incident_id as "incidentId", cadence, language, base_url as "baseUrl", page_id as "pageId", confirm_expires_at as "confirmExpiresAt",
  confirmed_at as "confirmedAt", disabled_at as "disabledAt", disabled_reason as "disabledReason", bounces,
  created_by as "createdBy", created_at as "createdAt", updated_at as "updatedAt"`;

/** One subscriber, locked until the transaction ends when asked for; null when there is none. */
export const readSubscriber = async (
  db: Db,
  id: string,
  options: { readonly lock?: boolean } = {},
): Promise<Subscriber | null> => {
  const rows = await db<Row[]>`
    select ${columns(db)} from subscribers where id = ${id} ${options.lock === true ? db`for update` : db``}`;
  return rows[0] === undefined ? null : subscriberOf(rows[0]);
};

/** The subscriber of an address, locked. */
export const lockSubscriberByHash = async (db: Db, addressHash: string): Promise<Subscriber | null> => {
  const rows = await db<Row[]>`select ${columns(db)} from subscribers where address_hash = ${addressHash} for update`;
  return rows[0] === undefined ? null : subscriberOf(rows[0]);
};

/** Writes a subscriber whole, new or changed. `updatedAt` is the instant of the change. */
export const writeSubscriber = async (db: Db, one: Subscriber): Promise<void> => {
  await db`
    insert into subscribers (id, channel, state, address_ciphertext, address_hash, secret_ciphertext, contact_ciphertext,
                             kinds, service_ids, incident_id, cadence, language, base_url, page_id, confirm_expires_at,
                             confirmed_at, disabled_at, disabled_reason, bounces, created_by, created_at, updated_at)
    values (${one.id}, ${one.channel}, ${one.state}, ${one.addressCiphertext}, ${one.addressHash}, ${one.secretCiphertext},
            ${one.contactCiphertext}, ${[...one.kinds]}::text[], ${one.serviceIds === null ? null : [...one.serviceIds]}::text[],
            ${one.incidentId}, ${one.cadence}, ${one.language}, ${one.baseUrl}, ${one.pageId}, ${dateOf(one.confirmExpiresAt)},
            ${dateOf(one.confirmedAt)}, ${dateOf(one.disabledAt)}, ${one.disabledReason}, ${one.bounces}, ${one.createdBy},
            ${new Date(one.createdAt)}, ${new Date(one.updatedAt)})
    on conflict (id) do update
       set state = excluded.state, kinds = excluded.kinds, service_ids = excluded.service_ids,
           incident_id = excluded.incident_id, cadence = excluded.cadence, language = excluded.language,
           base_url = excluded.base_url, contact_ciphertext = excluded.contact_ciphertext,
           confirm_expires_at = excluded.confirm_expires_at, confirmed_at = excluded.confirmed_at,
           disabled_at = excluded.disabled_at, disabled_reason = excluded.disabled_reason, bounces = excluded.bounces,
           updated_at = excluded.updated_at`;
};

/** Deletes a subscriber with all messages. False: there was none. */
export const deleteSubscriber = async (db: Db, id: string): Promise<boolean> =>
  (await db`delete from subscribers where id = ${id} returning id`).length === 1;

/** Active subscribers in the order of their ids, after one of them: what a chunk of the fan-out looks at. Partial index. */
export const readActiveAfter = async (db: Db, after: string, limit: number): Promise<Subscriber[]> => {
  const rows = await db<Row[]>`
    select ${columns(db)} from subscribers where state = 'active' and id > ${after} order by id limit ${limit}`;
  return rows.map(subscriberOf);
};

export type SubscriberFilter = {
  readonly state: SubscriberState | null;
  readonly channel: SubscriberChannel | null;
  readonly createdAfter?: EpochMs | undefined;
};

const conditionsOf = (db: Db, { state, channel, createdAfter }: SubscriberFilter) => db`
  (${state}::text is null or state = ${state}) and (${channel}::text is null or channel = ${channel})
  and (${createdAfter === undefined} or created_at > ${new Date(createdAfter ?? 0)}::timestamptz)`;

/** What subscribers can be ordered by, each a sort of those that match. Addresses are sealed: there is nothing to search. */
export const subscriberColumns = (db: Db, order: ListOrder): KeysetColumn[] => {
  const known: SortColumns<(typeof SORT_FIELDS)["subscribers"][number]> = {
    createdAt: { expression: millisOf(db, db`created_at`), type: "int8" },
    updatedAt: { expression: millisOf(db, db`updated_at`), type: "int8" },
    channel: { expression: db`channel`, type: "text" },
    state: { expression: db`state`, type: "text" },
  };
  return columnsOf(order, known, { expression: db`id`, type: "text", isDescending: true });
};

/** One page of the subscribers in another order than the newest first. */
export const readSortedSubscribers = async (
  db: Db,
  args: { filter: SubscriberFilter; columns: readonly KeysetColumn[]; page: KeysetPage },
): Promise<(Subscriber & { readonly place: string })[]> => {
  const { filter, columns: by, page } = args;
  const rows = await db<(Row & { readonly place: string })[]>`
    select ${columns(db)}, ${placeText(db, by)} as place from subscribers
     where ${conditionsOf(db, filter)} ${pageCondition(db, by, page)} ${pageEnd(db, by, page)}`;
  return inOrder(rows, page).map((row) => ({ ...subscriberOf(row), place: row.place }));
};

/** Subscribers, the newest first, from a place on. */
export const readSubscribers = async (
  db: Db,
  args: SubscriberFilter & {
    readonly after: { readonly at: EpochMs; readonly id: string } | null;
    readonly before: { readonly at: EpochMs; readonly id: string } | null;
    readonly limit: number;
  },
): Promise<Subscriber[]> => {
  const { after, before, limit } = args;
  const isBack = before !== null;
  const rows = await db<Row[]>`
    select ${columns(db)} from subscribers
     where ${conditionsOf(db, args)}
       ${after === null ? db`` : db`and (created_at, id) < (${new Date(after.at)}::timestamptz, ${after.id}::text)`}
       ${before === null ? db`` : db`and (created_at, id) > (${new Date(before.at)}::timestamptz, ${before.id}::text)`}
     order by ${isBack ? db`created_at, id` : db`created_at desc, id desc`} limit ${limit}`;
  const found = rows.map(subscriberOf);
  return isBack ? found.reverse() : found;
};

/** How many subscribers there are, by channel and state. */
export const countSubscribers = async (
  db: Db,
): Promise<{ channel: SubscriberChannel; state: SubscriberState; count: number }[]> => [
  ...(await db<{ channel: SubscriberChannel; state: SubscriberState; count: number }[]>`
    select channel, state, count(*)::int as count from subscribers group by channel, state order by channel, state`),
];

/** The sealed key of hashes and links; null before the first use. */
export const readSubscriberKey = async (db: Db): Promise<string | null> => {
  const rows = await db<{ key: string }[]>`select key_ciphertext as key from subscriber_keys`;
  return rows[0]?.key ?? null;
};

/** Stores the key unless there is one, and returns the one that is stored. */
export const keepSubscriberKey = async (db: Db, ciphertext: string): Promise<string> => {
  await db`insert into subscriber_keys (key_ciphertext) values (${ciphertext}) on conflict (only_row) do nothing`;
  return (await readSubscriberKey(db)) as string;
};

/** Counts a sign-up against a limit, in one statement. False: the window is used up. */
export const countAgainst = async (db: Db, key: string, limit: Limit, now: EpochMs): Promise<boolean> => {
  const rows = await db<{ count: number }[]>`
    insert into subscriber_limits (key, window_start, count) values (${key}, ${new Date(windowStart(now, limit))}, 1)
    on conflict (key, window_start) do update set count = least(subscriber_limits.count + 1, 1000000)
    returning count`;
  return (rows[0]?.count ?? 1) <= limit.most;
};

/** The bucket of a channel, locked so that one claim at a time takes of it; null when it was never used. */
export const lockBucket = async (db: Db, channel: SubscriberChannel, now: EpochMs, full: number): Promise<Bucket> => {
  await db`
    insert into subscriber_rates (channel, tokens, at) values (${channel}, ${full}, ${new Date(now)})
    on conflict (channel) do nothing`;
  const rows = await db<{ tokens: number; at: Date }[]>`
    select tokens, at from subscriber_rates where channel = ${channel} for update`;
  const row = rows[0] as { tokens: number; at: Date };
  return { tokens: row.tokens, at: epochMs(row.at.getTime()) };
};

/** Stores the tokens that a channel has left, and as of when. */
export const writeBucket = async (db: Db, channel: SubscriberChannel, { tokens, at: when }: Bucket): Promise<void> => {
  await db`update subscriber_rates set tokens = ${tokens}, at = ${new Date(when)} where channel = ${channel}`;
};

export type Receipt = {
  readonly id: string;
  readonly subscriberId: string | null;
  readonly channel: SubscriberChannel;
  readonly createdAt: EpochMs;
};

/** Remembers a sign-up under the id that it was answered with. `subscriberId` null: there was such a subscriber before. */
export const insertReceipt = async (db: Db, { id, subscriberId, channel, createdAt }: Receipt): Promise<void> => {
  await db`
    insert into subscriber_receipts (id, subscriber_id, channel, created_at)
    values (${id}, ${subscriberId}, ${channel}, ${new Date(createdAt)})`;
};

/** One sign-up by the id that it was answered with; null when there is none. */
export const readReceipt = async (db: Db, id: string): Promise<Receipt | null> => {
  const rows = await db<{ id: string; subscriberId: string | null; channel: SubscriberChannel; createdAt: Date }[]>`
    select id, subscriber_id as "subscriberId", channel, created_at as "createdAt" from subscriber_receipts where id = ${id}`;
  return rows[0] === undefined ? null : { ...rows[0], createdAt: epochMs(rows[0].createdAt.getTime()) };
};

/** Forgets a receipt. */
export const deleteReceipt = async (db: Db, id: string): Promise<void> => {
  await db`delete from subscriber_receipts where id = ${id}`;
};

/** Forgets what nobody needs any more: sign-ups that were never confirmed, old limits and messages that ended long ago. */
export const forgetOld = async (
  db: Db,
  args: {
    readonly unconfirmedBefore: EpochMs;
    readonly messagesBefore: EpochMs;
    readonly limitsBefore: EpochMs;
    readonly most: number;
  },
): Promise<void> => {
  await db`delete from subscribers where id in (
             select id from subscribers
              where state = 'unconfirmed' and confirm_expires_at < ${new Date(args.unconfirmedBefore)} limit ${args.most})`;
  await db`delete from subscriber_messages where id in (
             select id from subscriber_messages
              where finished_at < ${new Date(args.messagesBefore)} order by finished_at limit ${args.most})`;
  await db`delete from subscriber_receipts where subscriber_id is null and created_at < ${new Date(args.messagesBefore)}`;
  await db`delete from subscriber_limits where window_start < ${new Date(args.limitsBefore)}`;
};
