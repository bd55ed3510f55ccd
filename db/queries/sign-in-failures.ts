import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type AttemptKey = { readonly account: string; readonly network: string };

/** Counts one try in the running window, or in a new one that begins now, and returns how many there are. */
export const countAttempt = async (
  db: Db,
  { account, network, now, windowStart }: AttemptKey & { readonly now: EpochMs; readonly windowStart: EpochMs },
): Promise<number> => {
  const [at, since] = [new Date(now), new Date(windowStart)];
  const rows = await db<{ failures: number }[]>`
    insert into sign_in_failures as f (account, network, failures, first_at) values (${account}, ${network}, 1, ${at})
    on conflict (account, network) do update
       set failures = case when f.first_at <= ${since}::timestamptz then 1 else f.failures + 1 end,
           first_at = case when f.first_at <= ${since}::timestamptz then ${at}::timestamptz else f.first_at end,
           updated_at = now()
    returning failures`;
  return rows[0]?.failures ?? 0;
};

/** The try was a success: forgets those of the account from the network, and takes it off what the network is charged. */
export const forgiveAttempts = async (db: Db, { account, network }: AttemptKey): Promise<void> => {
  await db`delete from sign_in_failures where account = ${account} and network = ${network}`;
  await db`
    update sign_in_failures set failures = greatest(failures - 1, 0), updated_at = now()
     where account = '' and network = ${network}`;
};

/** Index sign_in_failures_first_at. */
export const deleteOldAttempts = async (db: Db, before: EpochMs): Promise<void> => {
  await db`delete from sign_in_failures where first_at < ${new Date(before)}`;
};
