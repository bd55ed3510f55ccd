import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// Tokens are known here by their SHA-256 only.

export const insertSignInLink = async (db: Db, link: { tokenSha256: string; expiresAt: EpochMs }): Promise<void> => {
  await db`
    insert into sign_in_links (token_sha256, expires_at) values (${link.tokenSha256}, ${new Date(link.expiresAt)})`;
};

/** Uses a link up. False when it does not exist, was used before or is too old: of several at once, one gets true. */
export const useSignInLink = async (db: Db, args: { tokenSha256: string; now: EpochMs }): Promise<boolean> => {
  const now = new Date(args.now);
  const rows = await db`
    update sign_in_links set used_at = ${now}, updated_at = now()
     where token_sha256 = ${args.tokenSha256} and used_at is null and expires_at > ${now}
    returning 1`;
  return rows.length === 1;
};

export const insertSession = async (
  db: Db,
  session: { tokenSha256: string; now: EpochMs; expiresAt: EpochMs },
): Promise<void> => {
  await db`
    insert into sessions (token_sha256, last_seen_at, expires_at)
    values (${session.tokenSha256}, ${new Date(session.now)}, ${new Date(session.expiresAt)})`;
};

/** The session of a token when it is neither revoked nor too old, nor idle since before `idleSince`. */
export const readLiveSession = async (
  db: Db,
  args: { tokenSha256: string; now: EpochMs; idleSince: EpochMs },
): Promise<{ expiresAt: EpochMs; lastSeenAt: EpochMs } | null> => {
  const rows = await db<{ expires_at: Date; last_seen_at: Date }[]>`
    select expires_at, last_seen_at from sessions
     where token_sha256 = ${args.tokenSha256} and revoked_at is null
       and expires_at > ${new Date(args.now)} and last_seen_at > ${new Date(args.idleSince)}`;
  const row = rows[0];
  if (row === undefined) return null;
  return { expiresAt: epochMs(row.expires_at.getTime()), lastSeenAt: epochMs(row.last_seen_at.getTime()) };
};

/** Notes that a session is in use; never moves the mark back. */
export const touchSession = async (db: Db, args: { tokenSha256: string; now: EpochMs }): Promise<void> => {
  await db`
    update sessions set last_seen_at = greatest(last_seen_at, ${new Date(args.now)}::timestamptz), updated_at = now()
     where token_sha256 = ${args.tokenSha256} and revoked_at is null`;
};

/** Ends a session. False when there is none or it was ended before. */
export const endSession = async (db: Db, args: { tokenSha256: string; now: EpochMs }): Promise<boolean> => {
  const rows = await db`
    update sessions set revoked_at = ${new Date(args.now)}, updated_at = now()
     where token_sha256 = ${args.tokenSha256} and revoked_at is null
    returning 1`;
  return rows.length === 1;
};
