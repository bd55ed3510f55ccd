import type { Pagination } from "#lib/contracts/api.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

export type Paging = {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
};
export type Listed<T> = { readonly data: T[]; readonly pagination: Pagination };

/** A cursor is opaque to clients: base64url of a JSON array that names a place in one kind of list. */
export const encodeCursor = (kind: string, ...place: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([kind, ...place])).toString("base64url");

/** What is thrown for a cursor that names no place in the list. */
export const foreignCursor = (): AppError => new AppError("INVALID_REQUEST", "the cursor does not belong to this list");

/** @throws AppError INVALID_REQUEST when the text is no cursor of this kind of list. */
export const decodeCursor = (kind: string, text: string): readonly (string | number)[] => {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (
      Array.isArray(value) &&
      value[0] === kind &&
      value.every((part) => typeof part === "number" || (typeof part === "string" && !part.includes("\0")))
    ) {
      return value.slice(1) as (string | number)[];
    }
  } catch {
    // Falls through: what cannot be read is no cursor.
  }
  throw foreignCursor();
};

/** The last millisecond of the year 9999. */
const LAST_INSTANT = 253_402_300_799_999;

/** True for what a cursor may say of an instant: later ones, and parts of milliseconds, no database row has. */
export const isPlaceInTime = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LAST_INSTANT;

/** The place of a cursor that names an instant and an id; null without a cursor. @throws AppError INVALID_REQUEST */
export const placeInTime = (kind: string, cursor: string | undefined): { at: EpochMs; id: string } | null => {
  if (cursor === undefined) return null;
  const [at, id] = decodeCursor(kind, cursor);
  if (!isPlaceInTime(at) || typeof id !== "string") throw foreignCursor();
  return { at: epochMs(at), id };
};

/** @throws AppError INVALID_REQUEST when both directions are asked for. */
export const assertOneDirection = ({ after, before }: Paging): void => {
  if (after !== undefined && before !== undefined) {
    throw new AppError("INVALID_REQUEST", "give either after or before, not both");
  }
};

/**
 * The page of rows that were read from a place on, in the order of the list. `found` has one row more than `limit` when
 * there is more in the direction of travel.
 */
export const pageOf = <Row, T>(
  found: readonly Row[],
  { limit, after, before }: { readonly limit: number; readonly after: unknown; readonly before: unknown },
  { cursorOf, resourceOf }: { readonly cursorOf: (row: Row) => string; readonly resourceOf: (row: Row) => T },
): Listed<T> => {
  const hasMore = found.length > limit;
  const rows = before === null ? found.slice(0, limit) : found.slice(-limit);
  const [first, last] = [rows[0], rows.at(-1)];
  const hasNextPage = before === null ? hasMore : true;
  const hasPrevPage = before === null ? after !== null : hasMore;
  return {
    data: rows.map(resourceOf),
    pagination: {
      limit,
      hasNextPage,
      nextCursor: hasNextPage && last !== undefined ? cursorOf(last) : null,
      hasPrevPage,
      prevCursor: hasPrevPage && first !== undefined ? cursorOf(first) : null,
    },
  };
};

/**
 * The slice of a list held in memory. A cursor names an item by id and index, so that a page can be found again after
 * the item itself is gone.
 */
export const paginate = <T extends { readonly id: string }>(
  kind: string,
  items: readonly T[],
  paging: Paging,
): Listed<T> => {
  assertOneDirection(paging);
  const cursorOf = (index: number): string => encodeCursor(kind, (items[index] as T).id, index);
  const indexOf = (cursor: string): { index: number; isThere: boolean } => {
    const [id, index] = decodeCursor(kind, cursor);
    if (typeof id !== "string" || !Number.isSafeInteger(index) || Number(index) < 0) throw foreignCursor();
    const found = items.findIndex((item) => item.id === id);
    return found === -1
      ? { index: Math.min(Number(index), items.length), isThere: false }
      : { index: found, isThere: true };
  };
  let start = 0;
  let end = Math.min(paging.limit, items.length);
  if (paging.after !== undefined) {
    const { index, isThere } = indexOf(paging.after);
    start = isThere ? index + 1 : index;
    end = Math.min(start + paging.limit, items.length);
  } else if (paging.before !== undefined) {
    end = indexOf(paging.before).index;
    start = Math.max(0, end - paging.limit);
  }
  const hasNextPage = end < items.length;
  const hasPrevPage = start > 0;
  return {
    data: items.slice(start, end),
    pagination: {
      limit: paging.limit,
      hasNextPage,
      nextCursor: hasNextPage && end > 0 ? cursorOf(end - 1) : null,
      hasPrevPage,
      prevCursor: hasPrevPage && start < items.length ? cursorOf(start) : null,
    },
  };
};
