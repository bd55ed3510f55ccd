import type { Database, Tx } from "#db/database.ts";
import { endSession, endSessionsOf, readSessionsOf } from "#db/queries/access.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { UserRow } from "#db/queries/users.ts";
import { countRecoveryCodes, lockUser, readUser, updateUser } from "#db/queries/users.ts";
import { tokenHash } from "#lib/commands/access-token.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { AppError } from "#lib/core/errors.ts";
import type { SessionLimits } from "#lib/core/identity/session-limits.ts";
import { DEFAULT_SESSION_LIMITS } from "#lib/core/identity/session-limits.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs } from "#lib/core/units.ts";
import type { PasswordHasher } from "./passwords.ts";
import { assertGoodPassword } from "./passwords.ts";
import { pendingFactorOf } from "./second-factor.ts";

/** Names a session without opening it: the first half of the hash is not enough to find the token, nor the row. */
const sessionIdOf = (tokenSha256: string): string => tokenSha256.slice(0, 12);

const lockKnown = async (tx: Tx, userId: string): Promise<UserRow> => {
  const user = await lockUser(tx, userId);
  if (user === null) throw new AppError("NOT_FOUND", "there is no such user");
  return user;
};

/**
 * Whether the user may change what protects the account: whoever has a password types it again.
 * @throws AppError FORBIDDEN
 */
export const assertOwner = async (
  database: Database,
  { userId, password, hasher }: { userId: string; password: string; hasher: PasswordHasher },
): Promise<UserRow> => {
  const user = await database.read((db) => readUser(db, userId));
  if (user === null) throw new AppError("NOT_FOUND", "there is no such user");
  if (user.passwordHash !== null && !(await hasher.verify(user.passwordHash, password)))
    throw new AppError("FORBIDDEN", "the present password is wrong");
  return user;
};

/**
 * Sets the user's own password. All other sessions end at once, and links that were not used.
 * @throws AppError FORBIDDEN for a wrong present one, INVALID_REQUEST for a poor new one
 */
export const changeOwnPassword = async (
  database: Database,
  args: {
    readonly userId: string;
    readonly sessionToken: string;
    readonly present: string;
    readonly next: string;
    readonly now: EpochMs;
    readonly hasher: PasswordHasher;
  },
): Promise<void> => {
  const { userId, sessionToken, present, next, now, hasher } = args;
  const known = await assertOwner(database, { userId, password: present, hasher });
  assertGoodPassword(next, known);
  const passwordHash = await hasher.hash(next);
  await database.transaction(async (tx) => {
    const user = await lockKnown(tx, userId);
    if (user.passwordHash !== known.passwordHash) throw new AppError("CONFLICT", "the password was changed meanwhile");
    await updateUser(tx, { ...user, passwordHash }, now);
    const ended = await endSessionsOf(tx, { userId, now, exceptSha256: tokenHash(sessionToken) });
    const [actor, action] = [`user:${userId}`, "password.changed"];
    await insertAudit(tx, { at: now, actor, action, subject: userId, before: null, after: { sessionsEnded: ended } });
  });
};

export type OwnAccount = {
  readonly login: string;
  readonly hasPassword: boolean;
  readonly isFromIdentityProvider: boolean;
  readonly factor: "none" | "pending" | "on";
  /** What an app needs while the second factor is being set up. */
  readonly pending: { readonly secret: string; readonly uri: string } | null;
  readonly recoveryCodesLeft: number;
};

/** What a person's own account page shows. @throws AppError NOT_FOUND */
export const loadOwnAccount = async (
  database: Database,
  { userId, secretBox }: { userId: string; secretBox: Pick<SecretBox, "open"> },
): Promise<OwnAccount> => {
  const [user, recoveryCodesLeft] = await database.read(async (db) => [
    await readUser(db, userId),
    await countRecoveryCodes(db, userId),
  ]);
  if (user === null) throw new AppError("NOT_FOUND", "there is no such user");
  const pending = pendingFactorOf(user, secretBox);
  return {
    login: user.login,
    hasPassword: user.passwordHash !== null,
    isFromIdentityProvider: user.oidcSubject !== null,
    factor: user.totpEnabledAt !== null ? "on" : pending === null ? "none" : "pending",
    pending,
    recoveryCodesLeft,
  };
};

export type OwnSession = {
  readonly id: string;
  readonly method: string;
  readonly userAgent: string | null;
  readonly createdAt: EpochMs;
  readonly lastSeenAt: EpochMs;
};

/** The user's live sessions, the newest first. */
export const listOwnSessions = async (
  database: Database,
  { userId, now, limits = DEFAULT_SESSION_LIMITS }: { userId: string; now: EpochMs; limits?: SessionLimits },
): Promise<OwnSession[]> => {
  const idleSince = addMs(now, -limits.idleMs);
  const rows = await database.read((db) => readSessionsOf(db, { userId, now, idleSince }));
  return rows.map(({ tokenSha256, expiresAt: _, ...row }) => ({ ...row, id: sessionIdOf(tokenSha256) }));
};

/** Ends one of the user's own sessions. @throws AppError NOT_FOUND */
export const endOwnSession = async (
  database: Database,
  { userId, id, now }: { userId: string; id: string; now: EpochMs },
): Promise<void> => {
  await database.transaction(async (tx) => {
    const rows = await readSessionsOf(tx, { userId, now, idleSince: addMs(now, -365 * 86_400_000) });
    const row = rows.find(({ tokenSha256 }) => sessionIdOf(tokenSha256) === id);
    if (row === undefined) throw new AppError("NOT_FOUND", "there is no such session");
    await endSession(tx, { tokenSha256: row.tokenSha256, now });
    const [actor, action] = [`user:${userId}`, "session.revoked"];
    await insertAudit(tx, { at: now, actor, action, subject: id, before: null, after: null });
  });
};
