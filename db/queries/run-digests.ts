import type { Db } from "../database.ts";

/** A sealed day: see migration 0017 for how `sha256` and `chain` are made. */
export type RunDigest = {
  /** "2026-11-21", UTC. */
  readonly day: string;
  readonly runs: number;
  readonly sha256: string;
  readonly chain: string;
};

/** All sealed days in the order in which they were sealed; a day may be there more than once. */
export const readRunDigests = async (db: Db): Promise<RunDigest[]> => {
  const rows = await db<{ day: string; runs: string; sha256: string; chain: string }[]>`
    select day::text as day, runs::text as runs, sha256, chain from run_digests order by position`;
  return rows.map(({ runs, ...row }) => ({ ...row, runs: Number(runs) }));
};

/** Holds off others that seal until the transaction ends, and returns the newest row; null when there is none. */
export const lockNewestDigest = async (tx: Db): Promise<RunDigest | null> => {
  await tx`lock table run_digests in exclusive mode`;
  const rows = await tx<{ day: string; runs: string; sha256: string; chain: string }[]>`
    select day::text as day, runs::text as runs, sha256, chain from run_digests order by position desc limit 1`;
  return rows[0] === undefined ? null : { ...rows[0], runs: Number(rows[0].runs) };
};

/** The newest digest of a day; null when it was never sealed. Index on (day, position). */
export const readDigestOfDay = async (db: Db, day: string): Promise<RunDigest | null> => {
  const rows = await db<{ day: string; runs: string; sha256: string; chain: string }[]>`
    select day::text as day, runs::text as runs, sha256, chain from run_digests
     where day = ${day}::date order by position desc limit 1`;
  return rows[0] === undefined ? null : { ...rows[0], runs: Number(rows[0].runs) };
};

/** Seals a day: number of runs, their digest, and the digest of the chain so far. */
export const insertRunDigest = async (db: Db, { day, runs, sha256, chain }: RunDigest): Promise<void> => {
  await db`
    insert into run_digests (day, runs, sha256, chain) values (${day}::date, ${String(runs)}::bigint, ${sha256}, ${chain})`;
};
