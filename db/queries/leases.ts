import type { Db } from "#db/database.ts";

type LeaseKey = { readonly name: string; readonly holder: string; readonly token: bigint };

/**
 * Takes a lease that is free, expired or the same holder's own, and returns its new token; null when another one holds it.
 * Times are the database's clock. It never waits: a row locked by a writer of the present holder counts as held.
 */
export const takeLease = async (
  db: Db,
  { name, holder, ttlMs }: { name: string; holder: string; ttlMs: number },
): Promise<bigint | null> => {
  const taken = await db<{ token: string }[]>`
    with free as (
      select name from leases
       where name = ${name} and (expires_at <= clock_timestamp() or holder = ${holder})
         for no key update skip locked)
    update leases
       set holder = ${holder}, token = leases.token + 1, updated_at = clock_timestamp(),
           expires_at = clock_timestamp() + ${ttlMs}::float8 * interval '1 millisecond'
      from free
     where leases.name = free.name
    returning leases.token::text as token`;
  if (taken[0] !== undefined) return BigInt(taken[0].token);
  const made = await db<{ token: string }[]>`
    insert into leases (name, holder, token, expires_at)
    values (${name}, ${holder}, 1, clock_timestamp() + ${ttlMs}::float8 * interval '1 millisecond')
    on conflict (name) do nothing
    returning token::text as token`;
  return made[0] === undefined ? null : BigInt(made[0].token);
};

/**
 * Prolongs a lease. "lost": another holder has it. "busy": a write transaction of its holder locks the row right now,
 * so nobody can take it; ask again later. An expired lease that nobody took is prolonged: its token still fences.
 */
export const prolongLease = async (db: Db, lease: LeaseKey, ttlMs: number): Promise<"renewed" | "busy" | "lost"> => {
  const rows = await db`
    with mine as (
      select name from leases
       where name = ${lease.name} and holder = ${lease.holder} and token = ${lease.token.toString()}::bigint
         for no key update skip locked)
    update leases
       set updated_at = clock_timestamp(),
           expires_at = clock_timestamp() + ${ttlMs}::float8 * interval '1 millisecond'
      from mine
     where leases.name = mine.name
    returning leases.name`;
  if (rows.length === 1) return "renewed";
  const held = await db`
    select 1 from leases
     where name = ${lease.name} and holder = ${lease.holder} and token = ${lease.token.toString()}::bigint`;
  return held.length === 1 ? "busy" : "lost";
};

/** Ends a lease at once, so that the next holder need not wait. Does nothing when it is not ours any more. */
export const endLease = async (db: Db, lease: LeaseKey): Promise<void> => {
  await db`
    update leases set expires_at = clock_timestamp(), updated_at = clock_timestamp()
     where name = ${lease.name} and holder = ${lease.holder} and token = ${lease.token.toString()}::bigint
       and expires_at > clock_timestamp()`;
};

/**
 * Whether the lease is ours and not expired. Locks its row until the transaction ends, so that no other holder can take
 * over before what follows is committed.
 */
export const lockLease = async (db: Db, lease: LeaseKey): Promise<boolean> => {
  const rows = await db`
    select 1 from leases
     where name = ${lease.name} and holder = ${lease.holder} and token = ${lease.token.toString()}::bigint
       and expires_at > clock_timestamp()
       for share`;
  return rows.length === 1;
};

/** Who holds a lease that has not expired by the database's clock; null when nobody does. */
export const readLeaseHolder = async (db: Db, name: string): Promise<string | null> => {
  const rows = await db<{ holder: string }[]>`
    select holder from leases where name = ${name} and expires_at > clock_timestamp()`;
  return rows[0]?.holder ?? null;
};
