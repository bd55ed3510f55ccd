import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RunRow } from "./runs.ts";
import { runColumns, valuesOf } from "./runs.ts";

// What `nines bench ingest` compares with and measures. Nothing of the service calls these.

/** A table with the columns of `runs` and nothing else: no key, no index, no partition, no check. */
export const createBareTable = async (db: Db): Promise<void> => {
  await db`drop table if exists bench_runs`;
  await db`create table bench_runs (like runs)`;
};

/** The barest insert of the same rows in one statement. */
export const insertBare = async (db: Db, rows: readonly RunRow[], ingestedAt: EpochMs): Promise<void> => {
  await db`insert into bench_runs (${runColumns(db)}) ${valuesOf(db, { rows, ingestedAt }, db`false`)}`;
};

export type TableSize = {
  readonly table: string;
  readonly rows: number;
  readonly heap: number;
  readonly indexes: number;
};

/** Rows and bytes of a table with its partitions. */
export const readTableSize = async (db: Db, table: string): Promise<TableSize> => {
  const [counted] = await db<{ rows: number }[]>`select count(*)::float8 as rows from ${db(table)}`;
  const [size] = await db<{ heap: number; indexes: number }[]>`
    select coalesce(sum(pg_table_size(c)), 0)::float8 as heap, coalesce(sum(pg_indexes_size(c)), 0)::float8 as indexes
      from (select to_regclass(${table})::oid as c
            union all select inhrelid from pg_inherits where inhparent = to_regclass(${table})) as own`;
  return { table, rows: counted?.rows ?? 0, heap: size?.heap ?? 0, indexes: size?.indexes ?? 0 };
};
