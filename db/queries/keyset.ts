import type postgres from "postgres";
import type { Db } from "../database.ts";

/*
 * Pages of a list in any order of its columns. Expressions are fragments of our own code, chosen by name from an allow-list;
 * values are parameters, always. Text is ordered byte by byte, so that comparing and ordering agree.
 */

type Fragment = postgres.PendingQuery<postgres.Row[]>;
export type PlaceValue = string | number;
/** Values of the columns in a row, the way a cursor carries them. */
export type Place = readonly PlaceValue[];

export type KeysetColumn = {
  /** Never null. Instants as whole milliseconds since the epoch (`millisOf`). */
  readonly expression: Fragment;
  readonly type: "int8" | "float8" | "text";
  readonly isDescending: boolean;
};

/** What a list is ordered by: fields of the API, the first one first. */
export type ListOrder = readonly { readonly field: string; readonly isDescending: boolean }[];
/** The columns that a list can be ordered by, under the fields' names. */
export type SortColumns<Field extends string> = Readonly<Record<Field, Omit<KeysetColumn, "isDescending">>>;

/** The named columns and a last one that makes every place one row's own. Fields that are not listed are left out. */
export const columnsOf = <Field extends string>(
  order: ListOrder,
  known: SortColumns<Field>,
  own: KeysetColumn,
): KeysetColumn[] => [
  ...order.flatMap(({ field, isDescending }) =>
    Object.hasOwn(known, field) ? [{ ...known[field as Field], isDescending }] : [],
  ),
  own,
];

/** An instant as whole milliseconds, which is what cursors carry. */
export const millisOf = (db: Db, column: Fragment): Fragment => db`floor(extract(epoch from ${column}) * 1000)::int8`;

const ordered = (db: Db, { expression, type }: KeysetColumn): Fragment =>
  type === "text" ? db`(${expression}) collate "C"` : db`(${expression})`;

const valueOf = (db: Db, { type }: KeysetColumn, value: PlaceValue): Fragment => {
  if (type === "text") return db`${String(value)}::text collate "C"`;
  return type === "int8" ? db`${String(value)}::text::int8` : db`${Number(value)}::float8`;
};

/** Whether a cursor's values can stand for these columns: nothing else is handed to the server. */
export const isPlaceOf = (columns: readonly Pick<KeysetColumn, "type">[], place: Place): boolean =>
  place.length === columns.length &&
  columns.every(({ type }, index) => {
    const value = place[index];
    if (type === "text") return typeof value === "string";
    return type === "int8" ? Number.isSafeInteger(value) : typeof value === "number" && Number.isFinite(value);
  });

/** The rows that come after a place in the order of the columns, or before it. */
const beyond = (db: Db, columns: readonly KeysetColumn[], place: Place, isBackwards: boolean): Fragment => {
  let condition = db`false`;
  for (let index = columns.length - 1; index >= 0; index -= 1) {
    const column = columns[index] as KeysetColumn;
    const [left, right] = [ordered(db, column), valueOf(db, column, place[index] as PlaceValue)];
    const goesDown = column.isDescending !== isBackwards;
    const further = goesDown ? db`${left} < ${right}` : db`${left} > ${right}`;
    condition = db`(${further} or (${left} = ${right} and ${condition}))`;
  }
  return condition;
};

/** What stands after `order by`. */
const orderOf = (db: Db, columns: readonly KeysetColumn[], isBackwards: boolean): Fragment =>
  columns
    .map((column) => (column.isDescending !== isBackwards ? db`${ordered(db, column)} desc` : ordered(db, column)))
    .reduce((before, next) => db`${before}, ${next}`);

/** The place of a row, as JSON text. */
export const placeText = (db: Db, columns: readonly KeysetColumn[]): Fragment => {
  const values = columns.map(({ expression }) => expression).reduce((before, next) => db`${before}, ${next}`);
  return db`json_build_array(${values})::text`;
};

/** How a page is cut: from a place on, or before one, or from a count of rows on. */
export type KeysetPage = {
  readonly after: Place | null;
  readonly before: Place | null;
  readonly limit: number;
  readonly offset?: number | undefined;
};

/** `and …` for the page's place; nothing at the start of the list. */
export const pageCondition = (db: Db, columns: readonly KeysetColumn[], { after, before }: KeysetPage): Fragment => {
  if (after !== null) return db`and ${beyond(db, columns, after, false)}`;
  return before === null ? db`` : db`and ${beyond(db, columns, before, true)}`;
};

/** `order by … limit …` of a page. Pages before a place come in the opposite order: `inOrder` turns them. */
export const pageEnd = (db: Db, columns: readonly KeysetColumn[], page: KeysetPage): Fragment =>
  db`order by ${orderOf(db, columns, page.before !== null)} limit ${page.limit} offset ${page.offset ?? 0}`;

/** The rows of a page in the order of the list: a page that was read backwards is turned round. */
export const inOrder = <Row>(rows: readonly Row[], { before }: Pick<KeysetPage, "before">): Row[] =>
  before === null ? [...rows] : [...rows].reverse();

/** A pattern for `like` that finds a text anywhere, in lower case. */
export const containing = (text: string): string => `%${text.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`;
