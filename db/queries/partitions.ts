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
