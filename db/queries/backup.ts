import type { Db } from "../database.ts";

/** A table of ours with the columns that are stored (not computed), in the order of their places. */
export type StoredTable = { readonly name: string; readonly columns: string[] };
export type Reference = { readonly from: string; readonly to: string };
export type IdentityColumn = { readonly table: string; readonly column: string; readonly sequence: string };

/** Values as text must mean the same on both sides, and no limit of the server may end a long copy. */
export const prepareCopySession = async (tx: Db): Promise<void> => {
  await tx`
    select set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),
           set_config('timezone', 'UTC', true), set_config('extra_float_digits', '3', true),
           set_config('bytea_output', 'hex', true), set_config('statement_timeout', '0', true),
           set_config('idle_in_transaction_session_timeout', '0', true), set_config('nines.is_restoring', 'on', true)`;
};

/** All tables of the schema `public` but partitions. */
export const readStoredTables = (db: Db): Promise<StoredTable[]> =>
  db<StoredTable[]>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     group by c.relname
     order by c.relname collate "C"`;

/** Which table refers to which. */
export const readReferences = (db: Db): Promise<Reference[]> =>
  db<Reference[]>`
    select distinct f.relname as "from", t.relname as "to"
      from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
     where k.contype = 'f' and f.relnamespace = 'public'::regnamespace and f.oid <> t.oid and not f.relispartition`;

/** Columns that number themselves. */
export const readIdentityColumns = (db: Db): Promise<IdentityColumn[]> =>
  db<IdentityColumn[]>`
    select c.relname as table, a.attname as column, pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     order by c.relname collate "C", a.attname collate "C"`;

/** `sequence` is a name as `readIdentityColumns` gives it. */
export const readSequence = async (db: Db, sequence: string): Promise<{ lastValue: string; isCalled: boolean }> => {
  const rows = await db<{ lastValue: string; isCalled: boolean }[]>`
    select last_value::text as "lastValue", is_called as "isCalled" from ${db(sequence)}`;
  return rows[0] ?? { lastValue: "1", isCalled: false };
};

/** Makes an identity column go on after `lastValue`. */
export const setSequence = async (
  tx: Db,
  { table, column, lastValue, isCalled }: { table: string; column: string; lastValue: string; isCalled: boolean },
): Promise<void> => {
  await tx`select setval(pg_get_serial_sequence(quote_ident(${table}::text), ${column}), ${lastValue}::bigint, ${isCalled})`;
};

/** How many rows a table has. The name comes from the catalogue, never from outside. */
export const countRows = async (db: Db, table: string): Promise<number> => {
  const rows = await db<{ count: string }[]>`select count(*)::text as count from ${db(table)}`;
  return Number(rows[0]?.count ?? 0);
};

/** Counts at most one row: is there anything? */
export const hasRows = async (db: Db, table: string): Promise<boolean> =>
  (await db`select 1 from ${db(table)} limit 1`).length > 0;

/** Empties tables together, whatever refers to what among them. */
export const emptyTables = async (tx: Db, tables: readonly string[]): Promise<void> => {
  if (tables.length > 0) await tx`truncate ${tx([...tables])}`;
};
