import type { Database } from "#db/database.ts";
import type { DeliveryFilter } from "#db/queries/delivery-log.ts";
import { readAttempts, readDelivery, readDeliveryPage } from "#db/queries/delivery-log.ts";
import type { DeliveryDetailResource } from "#lib/contracts/deliveries.ts";
import { deliveryDetail, deliveryResource } from "#lib/contracts/deliveries.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor, foreignCursor, pageOf } from "./pagination.ts";
import { sortedKind } from "./sorting.ts";

const KIND = "deliveries";
/** A whole ladder. */
const MOST_ATTEMPTS = 150;

const placeOf = (kind: string, cursor: string | undefined): string | null => {
  if (cursor === undefined) return null;
  const [id] = decodeCursor(kind, cursor);
  if (typeof id !== "string") throw foreignCursor();
  return id;
};

/** One page of the log of deliveries, the newest first unless `sort` turns it around. */
export const listDeliveries = async (
  database: Database,
  query: Paging & DeliveryFilter & { readonly sort?: readonly SortKey[] | undefined },
): Promise<Listed<DeliveryResource>> => {
  assertOneDirection(query);
  const { limit, sort } = query;
  const isUpward = sort?.[0]?.isDescending === false;
  const kind = sortedKind(KIND, isUpward ? sort : undefined);
  const after = placeOf(kind, query.after);
  const before = placeOf(kind, query.before);
  const found = await database.read((db) =>
    readDeliveryPage(db, { filter: query, isUpward, limit: limit + 1, after, before }),
  );
  const cursorOf = ({ id }: { readonly id: string }): string => encodeCursor(kind, id);
  return pageOf(found, { limit, after, before }, { cursorOf, resourceOf: deliveryResource });
};

/** @throws AppError NOT_FOUND */
export const getDelivery = async (database: Database, id: string): Promise<DeliveryDetailResource> => {
  const found = await database.read(async (db) => {
    const row = await readDelivery(db, id);
    return row === null ? null : { row, attempts: await readAttempts(db, id, MOST_ATTEMPTS) };
  });
  if (found === null) throw new AppError("NOT_FOUND", "there is no delivery with this id");
  return deliveryDetail(found.row, found.attempts);
};
