import type { Database } from "#db/database.ts";
import type { DeliveryFilter } from "#db/queries/delivery-log.ts";
import { readAttempts, readDelivery, readDeliveryPage } from "#db/queries/delivery-log.ts";
import type { DeliveryDetailResource } from "#lib/contracts/deliveries.ts";
import { deliveryDetail, deliveryResource } from "#lib/contracts/deliveries.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor } from "./pagination.ts";

const KIND = "deliveries";
/** A whole ladder. */
const MOST_ATTEMPTS = 150;

const placeOf = (cursor: string | undefined): string | null => {
  if (cursor === undefined) return null;
  const [id] = decodeCursor(KIND, cursor);
  if (typeof id !== "string") throw new AppError("INVALID_REQUEST", "the cursor does not belong to this list");
  return id;
};

/** One page of the log of deliveries, the newest first. */
export const listDeliveries = async (
  database: Database,
  query: Paging & DeliveryFilter,
): Promise<Listed<DeliveryResource>> => {
  assertOneDirection(query);
  const { limit } = query;
  const after = placeOf(query.after);
  const before = placeOf(query.before);
  const found = await database.read((db) => readDeliveryPage(db, { filter: query, limit: limit + 1, after, before }));
  const hasMore = found.length > limit;
  const rows = before === null ? found.slice(0, limit) : found.slice(-limit);
  const [first, last] = [rows[0], rows.at(-1)];
  const hasNextPage = before === null ? hasMore : true;
  const hasPrevPage = before === null ? after !== null : hasMore;
  return {
    data: rows.map(deliveryResource),
    pagination: {
      limit,
      hasNextPage,
      nextCursor: hasNextPage && last !== undefined ? encodeCursor(KIND, last.id) : null,
      hasPrevPage,
      prevCursor: hasPrevPage && first !== undefined ? encodeCursor(KIND, first.id) : null,
    },
  };
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
