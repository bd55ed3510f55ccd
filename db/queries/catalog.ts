import type { Db } from "../database.ts";

// What the database says of its own schema `public`. Partitions and what belongs to them are left out: they come and go.

export type CatalogColumn = {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  readonly defaultValue: string | null;
  /** `always`, `by default` or null. */
  readonly identity: string | null;
};
export type CatalogTable = { readonly name: string; readonly partitionKey: string | null };
/** A statement or clause that the server writes itself, under the name of what it defines. */
export type CatalogDefinition = { readonly table: string; readonly name: string; readonly definition: string };

const ownTables = (db: Db) =>
  db`c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`;

/** Tables by name. */
export const readTables = (db: Db): Promise<CatalogTable[]> =>
  db<CatalogTable[]>`
    select c.relname as name, pg_get_partkeydef(c.oid) as "partitionKey"
      from pg_class c where ${ownTables(db)} order by c.relname collate "C"`;

/** Columns by table and place. */
export const readColumns = (db: Db): Promise<CatalogColumn[]> =>
  db<CatalogColumn[]>`
    select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as "isNullable",
           pg_get_expr(d.adbin, d.adrelid) as "defaultValue",
           case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where ${ownTables(db)}
     order by c.relname collate "C", a.attnum`;

/** Keys and checks. PostgreSQL 18 also lists "not null" here, which the columns say already. */
export const readConstraints = (db: Db): Promise<CatalogDefinition[]> =>
  db<CatalogDefinition[]>`
    select c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as definition
      from pg_constraint k join pg_class c on c.oid = k.conrelid
     where ${ownTables(db)} and k.contype in ('p', 'u', 'f', 'c', 'x')
     order by c.relname collate "C", position(k.contype::text in 'pufcx'), k.conname collate "C"`;

/** Indexes that no key made. */
export const readIndexes = (db: Db): Promise<CatalogDefinition[]> =>
  db<CatalogDefinition[]>`
    select c.relname as table, x.relname as name, pg_get_indexdef(x.oid) as definition
      from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid
     where ${ownTables(db)}
       and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
     order by c.relname collate "C", x.relname collate "C"`;

/** Triggers of our own. */
export const readTriggers = (db: Db): Promise<CatalogDefinition[]> =>
  db<CatalogDefinition[]>`
    select c.relname as table, t.tgname as name, pg_get_triggerdef(t.oid) as definition
      from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where ${ownTables(db)} and not t.tgisinternal
     order by c.relname collate "C", t.tgname collate "C"`;

/** Views with their queries. */
export const readViews = (db: Db): Promise<CatalogDefinition[]> =>
  db<CatalogDefinition[]>`
    select c.relname as table, c.relname as name, format(E'create view %s as\n%s', c.relname, pg_get_viewdef(c.oid, true)) as definition
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
     order by c.relname collate "C"`;

/** Functions with their bodies. */
export const readFunctions = (db: Db): Promise<CatalogDefinition[]> =>
  db<CatalogDefinition[]>`
    select '' as table, p.proname as name, pg_get_functiondef(p.oid) as definition
      from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
     order by p.proname collate "C", pg_get_function_identity_arguments(p.oid) collate "C"`;
