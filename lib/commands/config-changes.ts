import type { Stored } from "#db/queries/mirror.ts";
import { canonicalJson } from "./canonical-json.ts";

/** What has to be written to one table so that it mirrors the file. */
export type TableChanges<Row> = {
  /** Rows that the table never held. */
  readonly added: readonly Row[];
  /** Rows that differ from what the table holds. */
  readonly changed: readonly Row[];
  /** Rows that had left the file and are in it again. */
  readonly revived: readonly Row[];
  /** Ids that left the file. */
  readonly retired: readonly string[];
};

/** Compares what the file wants with what the table holds; rows are equal when their JSON is, in any order of keys. */
export const changesOf = <Row extends { readonly id: string }>(
  wanted: readonly Row[],
  stored: ReadonlyMap<string, Stored<Row>>,
): TableChanges<Row> => {
  const added: Row[] = [];
  const changed: Row[] = [];
  const revived: Row[] = [];
  for (const row of wanted) {
    const before = stored.get(row.id);
    if (before === undefined) added.push(row);
    else if (before.isRetired) revived.push(row);
    else if (canonicalJson(before.row) !== canonicalJson(row)) changed.push(row);
  }
  const ids = new Set(wanted.map((row) => row.id));
  const retired = [...stored.values()].filter((entry) => !entry.isRetired && !ids.has(entry.row.id));
  return { added, changed, revived, retired: retired.map((entry) => entry.row.id) };
};

/** All rows of a change that have to be written. */
export const writtenRows = <Row>(changes: TableChanges<Row>): Row[] => [
  ...changes.added,
  ...changes.changed,
  ...changes.revived,
];

/** Whether nothing of a table is written or retired. */
export const isUnchanged = (changes: TableChanges<unknown>): boolean =>
  writtenRows(changes).length === 0 && changes.retired.length === 0;

const MOST_IDS = 100;

/** What the audit log says of one table: counts, and ids as far as they are few. */
export const summaryOf = (changes: TableChanges<{ readonly id: string }>): Record<string, unknown> | undefined => {
  if (isUnchanged(changes)) return undefined;
  const list = (ids: readonly string[]) =>
    ids.length === 0 ? undefined : ids.length <= MOST_IDS ? ids : { count: ids.length, first: ids.slice(0, MOST_IDS) };
  return {
    added: list(changes.added.map((row) => row.id)),
    changed: list(changes.changed.map((row) => row.id)),
    revived: list(changes.revived.map((row) => row.id)),
    retired: list(changes.retired),
  };
};
