import type { Db } from "../database.ts";

// The rate limit's buckets as all web instances together spent them. Instants are the database's own clock, so that instances
// whose clocks differ agree.

export type SpentTokens = {
  readonly caller: string;
  readonly capacity: number;
  readonly refillPerSecond: number;
  /** Since this instance told of it last. */
  readonly spent: number;
};

/** Takes what was spent from the shared buckets and returns what is left in each; it may be below 0. Primary key. */
export const spendTokens = async (db: Db, spent: readonly SpentTokens[]): Promise<ReadonlyMap<string, number>> => {
  // In one order everywhere, so that two instances never wait for each other in a circle.
  const rows = [...spent].sort((a, b) => (a.caller < b.caller ? -1 : 1));
  const left = await db<{ caller: string; tokens: number }[]>`
    insert into rate_limits as r (caller, capacity, refill_per_second, tokens, refilled_at)
    select caller, capacity, rate, greatest(-capacity, capacity - spent), clock_timestamp()
      from unnest(${rows.map(({ caller }) => caller)}::text[], ${rows.map(({ capacity }) => capacity)}::float8[],
                  ${rows.map(({ refillPerSecond }) => refillPerSecond)}::float8[],
                  ${rows.map((row) => row.spent)}::float8[]) as s (caller, capacity, rate, spent)
    on conflict (caller) do update set
      capacity = excluded.capacity, refill_per_second = excluded.refill_per_second, refilled_at = clock_timestamp(),
      tokens = greatest(
        -excluded.capacity,
        least(excluded.capacity,
              r.tokens + excluded.refill_per_second * greatest(0, extract(epoch from clock_timestamp() - r.refilled_at)))
          - (excluded.capacity - excluded.tokens))
    returning caller, tokens`;
  return new Map(left.map(({ caller, tokens }) => [caller, tokens]));
};

/** Forgets buckets that are full again by now. Returns how many. Index rate_limits_refilled_at. */
export const deleteFullBuckets = async (
  db: Db,
  { olderThanSeconds }: { olderThanSeconds: number },
): Promise<number> => {
  const rows = await db`
    delete from rate_limits where refilled_at < clock_timestamp() - ${olderThanSeconds}::float8 * interval '1 second'`;
  return rows.count;
};

export type KeyTerms = { readonly apiVersion: string; readonly tier: string | null };

/** The version that a key is locked to and its tier; null when there is no such key. */
export const readKeyTerms = async (db: Db, keyId: string): Promise<KeyTerms | null> => {
  const rows = await db<KeyTerms[]>`
    select k.api_version as "apiVersion", t.tier from api_keys k left join rate_tiers t on t.key_id = k.id
     where k.id = ${keyId}`;
  return rows[0] ?? null;
};

/** Gives a key a tier in place of the one it had. Returns the tier of before; null: the usual one. */
export const writeRateTier = async (
  db: Db,
  { keyId, tier, setBy }: { keyId: string; tier: string; setBy: string },
): Promise<string | null> => {
  const before = await db<{ tier: string }[]>`select tier from rate_tiers where key_id = ${keyId} for update`;
  await db`
    insert into rate_tiers (key_id, tier, set_by) values (${keyId}, ${tier}, ${setBy})
    on conflict (key_id) do update set tier = excluded.tier, set_by = excluded.set_by, updated_at = now()`;
  return before[0]?.tier ?? null;
};
