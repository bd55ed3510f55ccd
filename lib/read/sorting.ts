import type { KeysetColumn, KeysetPage, Place } from "#db/queries/keyset.ts";
import { isPlaceOf } from "#db/queries/keyset.ts";
import type { SortKey } from "#lib/contracts/operations/operation.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, decodeCursor, encodeCursor, foreignCursor, pageOf } from "./pagination.ts";

/** What `total, limit, offset, pages` say of a list that is read by count. */
export type OffsetPagination = {
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly pages: number;
};
export type OffsetListed<T> = { readonly data: T[]; readonly pagination: OffsetPagination };

const compare = (a: unknown, b: unknown): number => {
  // What is not known goes last, whichever way the list goes.
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [String(a), String(b)];
  return left === right ? 0 : left < right ? -1 : 1;
};

/** A list that is held in memory, in the order that was asked for; its own order without `sort`, and among equals. */
export const sortedBy = <T>(
  items: readonly T[],
  sort: readonly SortKey[] | undefined,
  valueOf: (item: T, field: string) => unknown = (item, field) => (item as Readonly<Record<string, unknown>>)[field],
): readonly T[] => {
  if (sort === undefined) return items;
  return [...items].sort((a, b) => {
    for (const { field, isDescending } of sort) {
      const [left, right] = [valueOf(a, field), valueOf(b, field)];
      const order = compare(left, right);
      const isUnknown = left === null || right === null || left === undefined || right === undefined;
      if (order !== 0) return isDescending && !isUnknown ? -order : order;
    }
    return 0;
  });
};

/** A list kind for cursors: a cursor of one order is none of another. */
export const sortedKind = (kind: string, sort: readonly SortKey[] | undefined): string =>
  sort === undefined
    ? kind
    : `${kind}:${sort.map(({ field, isDescending }) => (isDescending ? "-" : "") + field).join(",")}`;

/** Whether one of the texts holds what was searched for. */
export const isFound = (q: string | undefined, ...texts: readonly (string | null)[]): boolean =>
  q === undefined || texts.some((text) => text?.toLowerCase().includes(q.toLowerCase()) === true);

/** One page by count. */
export const offsetListed = <T>(
  data: T[],
  args: { total: number; limit: number; offset: number },
): OffsetListed<T> => ({
  data,
  pagination: { ...args, pages: Math.ceil(args.total / args.limit) },
});

type Rows<Row> = (page: KeysetPage) => Promise<readonly (Row & { readonly place: string })[]>;

/**
 * One page of a list in the database in the order of its columns.
 * @throws AppError INVALID_REQUEST for a cursor of another list or order
 */
export const keysetListed = async <Row, T>(
  args: {
    readonly kind: string;
    readonly paging: Paging;
    readonly columns: readonly Pick<KeysetColumn, "type">[];
    readonly read: Rows<Row>;
  },
  resourcesOf: (rows: readonly Row[]) => Promise<T[]> | T[],
): Promise<Listed<T>> => {
  const { kind, paging, columns, read } = args;
  assertOneDirection(paging);
  const placeOf = (cursor: string | undefined): Place | null => {
    if (cursor === undefined) return null;
    const place = decodeCursor(kind, cursor);
    if (!isPlaceOf(columns, place)) throw foreignCursor();
    return place;
  };
  const [after, before] = [placeOf(paging.after), placeOf(paging.before)];
  const found = await read({ after, before, limit: paging.limit + 1 });
  const cursorOf = ({ place }: { readonly place: string }): string =>
    encodeCursor(kind, ...(JSON.parse(place) as (string | number)[]));
  const page = pageOf(found, { limit: paging.limit, after, before }, { cursorOf, resourceOf: (row) => row });
  return { data: await resourcesOf(page.data), pagination: page.pagination };
};
