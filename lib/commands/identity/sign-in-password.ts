import type { Database, Tx } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { UserRow } from "#db/queries/users.ts";
import { lockUser, readUserByLogin, updateUser } from "#db/queries/users.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { NewSession } from "#lib/commands/sign-in.ts";
import { createSession } from "#lib/commands/sign-in.ts";
import { AppError } from "#lib/core/errors.ts";
import { readLogin } from "#lib/core/identity/login.ts";
import type { SessionLimits } from "#lib/core/identity/session-limits.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import type { PasswordHasher } from "./passwords.ts";
import { acceptFactor } from "./second-factor.ts";
import { attemptOf, chargeAttempt, forgetAttempts } from "./sign-in-attempts.ts";

export type PasswordSignIn = {
  readonly login: string;
  readonly password: string;
  /** A code of the app or a recovery code; empty when none was typed. */
  readonly code: string;
  /** Where the request comes from. */
  readonly address: string;
  readonly userAgent: string | null;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  readonly hasher: PasswordHasher;
  readonly secretBox: SecretBox;
  readonly limits?: SessionLimits | undefined;
};

const refused = (): AppError => new AppError("UNAUTHENTICATED", "the login, the password or the code is wrong");

/** A password is compared up to here; nobody has a longer one. */
const LONGEST_TYPED = 512;

/** Judges the second factor and starts the session, after the password was right. Null: the factor was wrong. */
const startSession = async (tx: Tx, user: UserRow, args: PasswordSignIn): Promise<NewSession | null> => {
  const { code, now, userAgent, randomBytes, limits } = args;
  const accepted =
    user.totpEnabledAt === null ? { user, method: "password" as const } : await acceptFactor(tx, user, code, args);
  if (accepted === null) return null;
  await updateUser(tx, { ...accepted.user, lastSignInAt: now }, now);
  return createSession(tx, { userId: user.id, method: accepted.method, userAgent, now, randomBytes, limits });
};

/**
 * Signs in with login, password and, where the account has one, second factor. Unknown login, wrong password and wrong
 * code get the same answer after the same work (T34).
 * @throws AppError UNAUTHENTICATED; RATE_LIMITED after five failures of the account from one network
 */
export const signInWithPassword = async (database: Database, args: PasswordSignIn): Promise<NewSession> => {
  const { now, hasher } = args;
  const login = readLogin(args.login) ?? "";
  const attempt = attemptOf(login, args.address);
  await chargeAttempt(database, attempt, now);
  const known = login === "" ? null : await database.read((db) => readUserByLogin(db, login));
  const isRight = await hasher.verify(known?.passwordHash ?? null, args.password.slice(0, LONGEST_TYPED));
  const session = await database.transaction(async (tx) => {
    const user = known === null ? null : await lockUser(tx, known.id);
    const isSame = user !== null && user.passwordHash === known?.passwordHash && user.disabledAt === null;
    const started = isRight && isSame ? await startSession(tx, user, args) : null;
    if (started !== null) {
      await forgetAttempts(tx, attempt, now);
      return started;
    }
    const subject = user?.id ?? "unknown";
    const after = { network: attempt.network };
    await insertAudit(tx, { at: now, actor: "anonymous", action: "sign_in.failed", subject, before: null, after });
    return null;
  });
  if (session === null) throw refused();
  return session;
};
