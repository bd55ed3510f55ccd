import type { Db } from "#db/database.ts";
import type { Role } from "#lib/core/identity/roles.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";

// Tokens are known here by their SHA-256 only.

/** A link that signs in once; only the hash of its token is stored. `userId` null: for the first administrator. */
export const insertSignInLink = async (
  db: Db,
  link: { tokenSha256: string; expiresAt: EpochMs; userId: string | null },
): Promise<void> => {
  await db`
    insert into sign_in_links (token_sha256, expires_at, user_id)
    values (${link.tokenSha256}, ${new Date(link.expiresAt)}, ${link.userId})`;
};

/**
 * Uses a link up and says whom it is for (null: the first administrator). Null when it does not exist, was used before or
 * is too old: of several at once, one gets it.
 */
export const useSignInLink = async (
  db: Db,
  args: { tokenSha256: string; now: EpochMs },
): Promise<{ userId: string | null } | null> => {
  const now = new Date(args.now);
  const rows = await db<{ userId: string | null }[]>`
    update sign_in_links set used_at = ${now}, updated_at = now()
     where token_sha256 = ${args.tokenSha256} and used_at is null and expires_at > ${now}
    returning user_id as "userId"`;
  return rows[0] ?? null;
};

/** A session; only the hash of its token is stored. */
export const insertSession = async (
  db: Db,
  session: {
    tokenSha256: string;
    userId: string;
    /** How somebody signed in: link, password, totp, oidc. */
    method: string;
    userAgent: string | null;
    now: EpochMs;
    expiresAt: EpochMs;
  },
): Promise<void> => {
  const { now, expiresAt } = session;
  await db`
    insert into sessions (token_sha256, user_id, method, user_agent, last_seen_at, expires_at, created_at)
    values (${session.tokenSha256}, ${session.userId}, ${session.method}, ${session.userAgent}, ${new Date(now)},
            ${new Date(expiresAt)}, ${new Date(now)})`;
};

export type LiveSession = {
  readonly expiresAt: EpochMs;
  readonly lastSeenAt: EpochMs;
  readonly userId: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
};

/**
 * The session of a token with its user when it is neither revoked nor too old, nor idle since before `idleSince`, and the
 * user is not disabled. A session without a user is one of the first administrator.
 */
export const readLiveSession = async (
  db: Db,
  args: { tokenSha256: string; now: EpochMs; idleSince: EpochMs },
): Promise<LiveSession | null> => {
  const rows = await db<(Omit<LiveSession, "expiresAt" | "lastSeenAt"> & { expires_at: Date; last_seen_at: Date })[]>`
    select s.expires_at, s.last_seen_at, u.id as "userId", u.login, u.name, u.role
      from sessions s join users u on u.id = coalesce(s.user_id, (
             select id from users where role = 'admin' and disabled_at is null order by created_at, id limit 1))
     where s.token_sha256 = ${args.tokenSha256} and s.revoked_at is null and u.disabled_at is null
       and s.expires_at > ${new Date(args.now)} and s.last_seen_at > ${new Date(args.idleSince)}`;
  const row = rows[0];
  if (row === undefined) return null;
  const { expires_at, last_seen_at, ...user } = row;
  return { ...user, expiresAt: epochMs(expires_at.getTime()), lastSeenAt: epochMs(last_seen_at.getTime()) };
};

/** Notes that a session is in use; never moves the mark back. */
export const touchSession = async (db: Db, args: { tokenSha256: string; now: EpochMs }): Promise<void> => {
  await db`
    update sessions set last_seen_at = greatest(last_seen_at, ${new Date(args.now)}::timestamptz), updated_at = now()
     where token_sha256 = ${args.tokenSha256} and revoked_at is null`;
};

/** Ends a session. Null when there is none or it was ended before; else whose it was. */
export const endSession = async (
  db: Db,
  args: { tokenSha256: string; now: EpochMs },
): Promise<{ userId: string | null } | null> => {
  const rows = await db<{ userId: string | null }[]>`
    update sessions set revoked_at = ${new Date(args.now)}, updated_at = now()
     where token_sha256 = ${args.tokenSha256} and revoked_at is null
    returning user_id as "userId"`;
  return rows[0] ?? null;
};

/** Ends all sessions of a user but one, and voids unused sign-in links. Returns how many sessions ended. */
export const endSessionsOf = async (
  db: Db,
  args: { userId: string; now: EpochMs; exceptSha256: string | null },
): Promise<number> => {
  await db`
    update sign_in_links set used_at = ${new Date(args.now)}, updated_at = now()
     where user_id = ${args.userId} and used_at is null`;
  const rows = await db`
    update sessions set revoked_at = ${new Date(args.now)}, updated_at = now()
     where user_id = ${args.userId} and revoked_at is null and token_sha256 is distinct from ${args.exceptSha256}`;
  return rows.count;
};

export type SessionRow = {
  readonly tokenSha256: string;
  readonly method: string;
  readonly userAgent: string | null;
  readonly createdAt: EpochMs;
  readonly lastSeenAt: EpochMs;
  readonly expiresAt: EpochMs;
};

/** The live sessions of a user, the newest first. */
export const readSessionsOf = async (
  db: Db,
  args: { userId: string; now: EpochMs; idleSince: EpochMs },
): Promise<SessionRow[]> => {
  type Raw = Pick<SessionRow, "tokenSha256" | "method" | "userAgent"> & Record<"created" | "seen" | "expires", Date>;
  const rows = await db<Raw[]>`
    select token_sha256 as "tokenSha256", method, user_agent as "userAgent", created_at as created, last_seen_at as seen,
           expires_at as expires
      from sessions
     where user_id = ${args.userId} and revoked_at is null and expires_at > ${new Date(args.now)}
       and last_seen_at > ${new Date(args.idleSince)}
     order by created_at desc, token_sha256 limit 100`;
  return rows.map(({ created, seen, expires, ...row }) => ({
    ...row,
    createdAt: epochMs(created.getTime()),
    lastSeenAt: epochMs(seen.getTime()),
    expiresAt: epochMs(expires.getTime()),
  }));
};
