import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

export type StoredAnswer = { readonly requestSha256: string; readonly answer: string };

/**
 * Takes the lock of one principal's Idempotency-Key until the transaction ends. False when another transaction holds it:
 * the same request is being answered right now.
 */
export const tryLockIdempotencyKey = async (
  db: Db,
  key: { principal: string; keySha256: string },
): Promise<boolean> => {
  const rows = await db<{ taken: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${`idempotency/${key.principal}/${key.keySha256}`}, 0)) as taken`;
  return rows[0]?.taken === true;
};

/** What was answered before, unless it is too old. Primary key. */
export const readIdempotentAnswer = async (
  db: Db,
  key: { principal: string; keySha256: string; now: EpochMs },
): Promise<StoredAnswer | null> => {
  const rows = await db<StoredAnswer[]>`
    select request_sha256 as "requestSha256", answer from idempotency_keys
     where principal = ${key.principal} and key_sha256 = ${key.keySha256} and expires_at > ${new Date(key.now)}`;
  return rows[0] ?? null;
};

/** Stores an answer in place of one that is too old. */
export const writeIdempotentAnswer = async (
  db: Db,
  row: StoredAnswer & { readonly principal: string; readonly keySha256: string; readonly expiresAt: EpochMs },
): Promise<void> => {
  await db`
    insert into idempotency_keys (principal, key_sha256, request_sha256, answer, expires_at)
    values (${row.principal}, ${row.keySha256}, ${row.requestSha256}, ${row.answer}, ${new Date(row.expiresAt)})
    on conflict (principal, key_sha256) do update
       set request_sha256 = excluded.request_sha256, answer = excluded.answer, expires_at = excluded.expires_at,
           updated_at = now()`;
};

/** Removes answers that are too old, at most `limit` of them. Returns how many. Index idempotency_keys_expires_at. */
export const deleteOldAnswers = async (db: Db, args: { now: EpochMs; limit: number }): Promise<number> => {
  const rows = await db`
    delete from idempotency_keys
     where (principal, key_sha256) in (
       select principal, key_sha256 from idempotency_keys where expires_at <= ${new Date(args.now)} limit ${args.limit})`;
  return rows.count;
};
