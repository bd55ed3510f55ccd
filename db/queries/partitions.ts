import type { EpochMs } from "#lib/core/units.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { Db } from "../database.ts";

/** The tables that are partitioned by UTC day. */
type PartitionedTable = "runs" | "buckets";

export type Partition = {
  readonly table: PartitionedTable;
  /** `runs_20261121`. */
  readonly name: string;
  /** The first instant of its UTC day. */
  readonly from: EpochMs;
  /** With its indexes. */
  readonly bytes: bigint;
};

/** `2026-11-21`: the UTC day of an instant. */
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/**
 * Makes the missing partitions of both tables for all UTC days that [from, until) touches; returns how many tables it made.
 * May be called at any time by any number of instances; readers and writers of the tables go on meanwhile.
 */
export const ensurePartitions = async (db: Db, { from, until }: { from: EpochMs; until: EpochMs }): Promise<number> => {
  if (until <= from) return 0;
  const rows = await db<{ made: number }[]>`
    select ensure_partitions(${dayOf(from)}::text::date, ${dayOf(until - 1)}::text::date) as made`;
  return rows[0]?.made ?? 0;
};

/** All day partitions, oldest first. */
export const listPartitions = async (db: Db): Promise<Partition[]> => {
  const rows = await db<{ table: PartitionedTable; name: string; bytes: bigint }[]>`
    select parent.relname as table, child.relname as name, pg_total_relation_size(child.oid) as bytes
      from pg_inherits i
      join pg_class parent on parent.oid = i.inhparent
      join pg_class child on child.oid = i.inhrelid
     where parent.oid in (to_regclass('runs'), to_regclass('buckets')) and child.relname ~ '_[0-9]{8}$'
     order by right(child.relname, 8), parent.relname`;
  return rows.map(({ table, name, bytes }) => ({ table, name, from: firstInstantOf(name), bytes }));
};

/** From the name of a partition. */
const firstInstantOf = (name: string): EpochMs => {
  const digits = name.slice(-8);
  const day = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  return Date.parse(`${day}T00:00:00Z`) as EpochMs;
};

/**
 * Drops whole partitions whose day ended at or before `before`; returns their names. Each drop locks the table for an
 * instant: set a lock limit in the transaction, so that a long reader cannot make all writers queue behind the drop.
 */
export const dropPartitionsBefore = async (db: Db, before: EpochMs): Promise<string[]> => {
  const old = (await listPartitions(db)).filter(({ from }) => from + DAY_MS <= before);
  for (const { name } of old) await db`drop table if exists ${db(name)}`;
  return old.map(({ name }) => name);
};

/** Smaller keys are not worth it, larger ones would keep writers of late runs waiting for seconds. */
const LOOSE_FROM_BYTES = 500_000;
const LOOSE_UNTIL_BYTES = 200_000_000;

/** Keys of days before `before` that are not packed yet. The fill factor of an index is the mark that it is. */
export const listLooseKeys = async (db: Db, before: EpochMs): Promise<string[]> => {
  const rows = await db<{ name: string }[]>`
    select x.relname as name
      from pg_inherits i
      join pg_class t on t.oid = i.inhrelid
      join pg_index k on k.indrelid = t.oid and k.indisprimary
      join pg_class x on x.oid = k.indexrelid
     where i.inhparent in (to_regclass('runs'), to_regclass('buckets'))
       and right(t.relname, 8) < to_char(${new Date(before)}::timestamptz at time zone 'UTC', 'YYYYMMDD')
       and not coalesce(x.reloptions @> '{fillfactor=100}', false)
       and pg_relation_size(x.oid) between ${LOOSE_FROM_BYTES} and ${LOOSE_UNTIL_BYTES}
     order by right(t.relname, 8), x.relname`;
  return rows.map((row) => row.name);
};

/**
 * Writes the key of a day anew without gaps. Runs of many probes come in turns, which leaves a third of each page empty;
 * nothing is added to a day that is over but late runs. Readers and writers of that day wait meanwhile, about a second
 * for two million rows.
 */
export const packKey = async (db: Db, name: string): Promise<void> => {
  await db`alter index ${db(name)} set (fillfactor = 100)`;
  await db`reindex index ${db(name)}`;
};
