import type { Tx } from "#db/database.ts";
import { endSessionsOf } from "#db/queries/access.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { UserRow } from "#db/queries/users.ts";
import {
  deleteUser,
  insertUser,
  lockAdministrators,
  lockUser,
  readAdministrators,
  readUser,
  replaceRecoveryCodes,
  updateUser,
} from "#db/queries/users.ts";
import type { PasswordHasher } from "#lib/commands/identity/passwords.ts";
import { assertGoodPassword } from "#lib/commands/identity/passwords.ts";
import type { NewLink } from "#lib/commands/sign-in.ts";
import { insertLink } from "#lib/commands/sign-in.ts";
import type { UserResource } from "#lib/contracts/users.ts";
import { userResource } from "#lib/contracts/users.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { holdsScope } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import { readLogin } from "#lib/core/identity/login.ts";
import type { Role } from "#lib/core/identity/roles.ts";
import { scopesOfRole } from "#lib/core/identity/roles.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

type Author = { readonly actor: string; readonly now: EpochMs };

/** What the audit log says of a user. */
const facts = ({ login, name, role, disabledAt }: UserRow) => ({
  login,
  name,
  role,
  state: disabledAt === null ? "active" : "disabled",
});

/** @throws AppError NOT_FOUND */
const requireUser = (user: UserRow | null, id: string): UserRow => {
  if (user === null) throw new AppError("NOT_FOUND", `there is no user "${id}"`);
  return user;
};

/** Nobody makes or takes over an account that may do more than they do themselves. @throws AppError FORBIDDEN */
const assertMayGrant = (held: readonly Scope[] | null, ...roles: readonly Role[]): void => {
  const missing = held === null ? undefined : roles.flatMap(scopesOfRole).find((scope) => !holdsScope(held, scope));
  if (missing !== undefined) throw new AppError("FORBIDDEN", `you do not hold ${missing} yourself, which the role has`);
};

/** Adds a user: row and audit in the caller's transaction. @throws AppError INVALID_REQUEST, CONFLICT for a taken login */
export const createUser = async (
  tx: Tx,
  args: Author & {
    readonly login: string;
    readonly name: string;
    readonly role: Role;
    readonly password?: string | undefined;
    /** The scopes of whoever asks; null: whoever has the command line. */
    readonly held: readonly Scope[] | null;
    readonly randomBytes: RandomBytes;
    readonly hasher: PasswordHasher;
  },
): Promise<UserResource> => {
  const { name, role, password, actor, now, randomBytes, hasher } = args;
  assertMayGrant(args.held, role);
  const login = readLogin(args.login);
  if (login === null) throw new AppError("INVALID_REQUEST", "a login is an e-mail address or a short name");
  if (password !== undefined) assertGoodPassword(password, { login });
  const id = newId("usr", now, randomBytes);
  const passwordHash = password === undefined ? null : await hasher.hash(password);
  const row = { id, login, name, role, passwordHash, oidcIssuer: null, oidcSubject: null };
  await lockAdministrators(tx);
  if (!(await insertUser(tx, { ...row, createdBy: actor, createdAt: now })))
    throw new AppError("CONFLICT", `the login "${login}" is taken`);
  const after = { login, name, role, state: "active" };
  await insertAudit(tx, { at: now, actor, action: "user.created", subject: id, before: null, after });
  return userResource(requireUser(await readUser(tx, id), id));
};

/** The last administrator can be neither removed nor made something else. @throws AppError CONFLICT */
const assertAnotherAdministrator = async (tx: Tx, user: UserRow): Promise<void> => {
  if (user.role !== "admin" || user.disabledAt !== null) return;
  const others = (await readAdministrators(tx)).filter(({ id }) => id !== user.id);
  if (others.length === 0)
    throw new AppError("CONFLICT", `"${user.login}" is the last administrator; make another one first`);
};

export type UserChange = {
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
  readonly state?: "active" | "disabled" | undefined;
  readonly password?: string | undefined;
  readonly removeSecondFactor?: true | undefined;
};

const changed = async (
  user: UserRow,
  change: UserChange,
  { now, hasher }: { now: EpochMs; hasher: PasswordHasher },
): Promise<UserRow> => {
  const { name = user.name, role = user.role, password } = change;
  if (password !== undefined) assertGoodPassword(password, user);
  const disabledAt = change.state === undefined ? user.disabledAt : change.state === "active" ? null : now;
  return {
    ...user,
    name,
    role,
    disabledAt: change.state === "disabled" ? (user.disabledAt ?? now) : disabledAt,
    passwordHash: password === undefined ? user.passwordHash : await hasher.hash(password),
    ...(change.removeSecondFactor === true ? { totpCiphertext: null, totpEnabledAt: null } : {}),
  };
};

/**
 * Changes a user. A new role, password, state or the loss of the second factor ends all of their sessions and links
 * (CVE-2023-44400, CVE-2023-49804).
 * @throws AppError NOT_FOUND, INVALID_REQUEST, CONFLICT
 */
export const changeUser = async (
  tx: Tx,
  args: Author & {
    readonly id: string;
    readonly change: UserChange;
    /** As of `createUser`. */
    readonly held: readonly Scope[] | null;
    readonly hasher: PasswordHasher;
  },
): Promise<UserResource> => {
  const { id, change, actor, now, hasher } = args;
  await lockAdministrators(tx);
  const user = requireUser(await lockUser(tx, id), id);
  assertMayGrant(args.held, user.role, change.role ?? user.role);
  if (change.role !== undefined && change.role !== user.role && user.oidcSubject !== null)
    throw new AppError("CONFLICT", "the role of this user comes from the identity provider");
  const next = await changed(user, change, { now, hasher });
  if (next.role !== "admin" || next.disabledAt !== null) await assertAnotherAdministrator(tx, user);
  await updateUser(tx, next, now);
  if (change.removeSecondFactor === true) await replaceRecoveryCodes(tx, id, []);
  const endsSessions =
    next.role !== user.role ||
    next.passwordHash !== user.passwordHash ||
    next.disabledAt !== user.disabledAt ||
    next.totpEnabledAt !== user.totpEnabledAt;
  if (endsSessions) await endSessionsOf(tx, { userId: id, now, exceptSha256: null });
  const hasNewPassword = change.password !== undefined ? { hasNewPassword: true } : {};
  const lostFactor = change.removeSecondFactor === true ? { lostSecondFactor: true } : {};
  const after = { ...facts(next), ...hasNewPassword, ...lostFactor };
  await insertAudit(tx, { at: now, actor, action: "user.changed", subject: id, before: facts(user), after });
  return userResource(requireUser(await readUser(tx, id), id));
};

/**
 * A link that signs a user in once, in the caller's transaction.
 * @throws AppError NOT_FOUND, FORBIDDEN, CONFLICT for a disabled user
 */
export const createUserLink = async (
  tx: Tx,
  args: Author & { readonly id: string; readonly held: readonly Scope[] | null; readonly randomBytes: RandomBytes },
): Promise<NewLink> => {
  const user = requireUser(await readUser(tx, args.id), args.id);
  assertMayGrant(args.held, user.role);
  if (user.disabledAt !== null) throw new AppError("CONFLICT", "the user is disabled");
  return insertLink(tx, { ...args, userId: args.id });
};

/** Removes a user and their sessions. @throws AppError NOT_FOUND, CONFLICT for the last administrator */
export const removeUser = async (
  tx: Tx,
  { id, held, actor, now }: Author & { readonly id: string; readonly held: readonly Scope[] | null },
): Promise<void> => {
  await lockAdministrators(tx);
  const user = requireUser(await lockUser(tx, id), id);
  assertMayGrant(held, user.role);
  await assertAnotherAdministrator(tx, user);
  await deleteUser(tx, id);
  await insertAudit(tx, { at: now, actor, action: "user.removed", subject: id, before: facts(user), after: null });
};
