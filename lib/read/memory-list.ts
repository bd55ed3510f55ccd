import type { SortKey } from "#lib/contracts/operations/operation.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Listed, Paging } from "./pagination.ts";
import { assertOneDirection, paginate } from "./pagination.ts";
import type { OffsetListed } from "./sorting.ts";
import { isFound, offsetListed, sortedBy, sortedKind } from "./sorting.ts";

/** What a list that is held in memory can be asked. */
export type MemoryQuery = Paging & {
  readonly sort?: readonly SortKey[] | undefined;
  readonly offset?: number | undefined;
  readonly q?: string | undefined;
  readonly createdAfter?: EpochMs | undefined;
};

/** The offset form comes only to who may ask for it. */
export type PageFor<Query, T> = "offset" extends keyof Query ? Listed<T> | OffsetListed<T> : Listed<T>;

type MemoryList<Item> = {
  /** Name of the list in cursors. */
  readonly kind: string;
  /** What `q` looks through. */
  readonly textsOf: (item: Item) => readonly (string | null)[];
  /** As an instant of the API or in milliseconds; left out: its items do not say. */
  readonly createdAtOf?: (item: Item) => string | number;
  /** A value to sort by; the field of this name when left out. */
  readonly sortValueOf?: (item: Item, field: string) => unknown;
};

const millisOf = (instant: string | number): number => (typeof instant === "number" ? instant : Date.parse(instant));

/**
 * One page of a list in its own order or as `sort` says, of what `q` finds and what was made after an instant.
 * @throws AppError INVALID_REQUEST for a cursor of another list or order
 */
export const listInMemory = <Item extends { readonly id: string }, Query extends MemoryQuery>(
  items: readonly Item[],
  query: Query,
  { kind, textsOf, createdAtOf, sortValueOf }: MemoryList<Item>,
): PageFor<Query, Item> => {
  const { sort, offset, limit, q, createdAfter } = query;
  assertOneDirection(query);
  const found = items.filter(
    (item) =>
      isFound(q, ...textsOf(item)) &&
      (createdAfter === undefined || createdAtOf === undefined || millisOf(createdAtOf(item)) > createdAfter),
  );
  const sorted = sortedBy(found, sort, sortValueOf);
  const page =
    offset === undefined
      ? paginate(sortedKind(kind, sort), sorted, query)
      : offsetListed(sorted.slice(offset, offset + limit), { total: sorted.length, limit, offset });
  return page as PageFor<Query, Item>;
};
