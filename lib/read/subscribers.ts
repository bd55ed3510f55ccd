import type { Database } from "#db/database.ts";
import type { KeysetPage } from "#db/queries/keyset.ts";
import { readMailSettings } from "#db/queries/mail-settings.ts";
import type { Receipt, Subscriber, SubscriberFilter } from "#db/queries/subscribers.ts";
import {
  countSubscribers,
  readReceipt,
  readSortedSubscribers,
  readSubscriber,
  readSubscribers,
  subscriberColumns,
} from "#db/queries/subscribers.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import type { SubscriberResource } from "#lib/contracts/subscribers.ts";
import { csvOf } from "#lib/core/csv.ts";
import { AppError } from "#lib/core/errors.ts";
import type { SubscriberChannel, SubscriberState } from "#lib/core/subscribers/words.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, encodeCursor, pageOf, placeInTime } from "./pagination.ts";
import { keysetListed, sortedKind } from "./sorting.ts";

/** Opens what may be shown of a subscriber; the key to do so is the caller's. */
type Show = (row: Subscriber) => SubscriberResource;

type Query = Paging & {
  readonly state?: SubscriberState | undefined;
  readonly channel?: SubscriberChannel | undefined;
  readonly createdAfter?: EpochMs | undefined;
  readonly sort?: readonly SortKey[] | undefined;
};

const listSorted = (
  database: Database,
  args: { filter: SubscriberFilter; query: Paging; sort: readonly SortKey[]; show: Show },
): Promise<Listed<SubscriberResource>> =>
  database.read((db) => {
    const { filter, query, sort, show } = args;
    const columns = subscriberColumns(db, sort);
    const read = (page: KeysetPage) => readSortedSubscribers(db, { filter, columns, page });
    return keysetListed({ kind: sortedKind("subscribers", sort), paging: query, columns, read }, (rows) =>
      rows.map(show),
    );
  });

/** One page of subscribers, the newest first unless `sort` says another order. @throws AppError INVALID_REQUEST */
export const listSubscribers = async (
  database: Database,
  query: Query,
  show: Show,
): Promise<Listed<SubscriberResource>> => {
  const { limit, state = null, channel = null, createdAfter, sort } = query;
  const filter = { state, channel, createdAfter };
  if (sort !== undefined) return listSorted(database, { filter, query, sort, show });
  assertOneDirection(query);
  const after = placeInTime("subscribers", query.after);
  const before = placeInTime("subscribers", query.before);
  const found = await database.read((db) => readSubscribers(db, { ...filter, after, before, limit: limit + 1 }));
  return pageOf(
    found,
    { limit, after, before },
    {
      cursorOf: (row) => encodeCursor("subscribers", row.createdAt, row.id),
      resourceOf: show,
    },
  );
};

/** @throws AppError NOT_FOUND */
export const getSubscriber = async (database: Database, id: string, show: Show): Promise<SubscriberResource> => {
  const one = await database.read((db) => readSubscriber(db, id));
  if (one === null) throw new AppError("NOT_FOUND", "there is no subscriber with this id");
  return show(one);
};

/** How many subscribers there are, by channel and state. */
export const subscriberCounts = (database: Database) => database.read(countSubscribers);

const RECEIPT_ID = /^[a-z0-9]{12}$/;

/** One sign-up by the id that it was answered with; null when there is none. */
export const findReceipt = async (database: Database, id: string): Promise<Receipt | null> =>
  RECEIPT_ID.test(id) ? database.read((db) => readReceipt(db, id)) : null;

/** Whether people can subscribe by mail. */
export const hasMail = async (database: Database): Promise<boolean> => (await database.read(readMailSettings)) !== null;

const COLUMNS = [
  "id",
  "channel",
  "address",
  "state",
  "kinds",
  "services",
  "cadence",
  "language",
  "confirmed_at",
  "disabled_reason",
  "created_at",
] as const;
const PAGE = 1_000;
type Place = { readonly at: EpochMs; readonly id: string };

/** All subscribers as CSV, the newest first. Cells that a spreadsheet could take for a formula are quoted. */
export const subscribersCsv = async (database: Database, show: Show): Promise<string> => {
  const rows: (string | null)[][] = [[...COLUMNS]];
  let after: Place | null = null;
  for (;;) {
    const from = after;
    const some: Subscriber[] = await database.read((db) =>
      readSubscribers(db, { state: null, channel: null, after: from, before: null, limit: PAGE }),
    );
    for (const one of some) {
      const { id, channel, address, state, kinds, serviceIds, cadence, language, ...rest } = show(one);
      const services = serviceIds === null ? "all" : serviceIds.join(" ");
      rows.push([
        ...[id, channel, address, state, kinds.join(" "), services, cadence, language],
        ...[rest.confirmedAt, rest.disabledReason, rest.createdAt],
      ]);
    }
    const last = some.at(-1);
    if (some.length < PAGE || last === undefined) return csvOf(rows);
    after = { at: last.createdAt, id: last.id };
  }
};
