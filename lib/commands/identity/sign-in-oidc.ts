import { createHash } from "node:crypto";
import type { Database, Tx } from "#db/database.ts";
import { endSessionsOf } from "#db/queries/access.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { UserRow } from "#db/queries/users.ts";
import {
  insertUser,
  lockAdministrators,
  lockUserByIdentity,
  readAdministrators,
  readUser,
  updateUser,
} from "#db/queries/users.ts";
import type { NewSession } from "#lib/commands/sign-in.ts";
import { createSession } from "#lib/commands/sign-in.ts";
import { AppError } from "#lib/core/errors.ts";
import type { OidcDefinition } from "#lib/core/identity/definition.ts";
import { readLogin } from "#lib/core/identity/login.ts";
import type { Role } from "#lib/core/identity/roles.ts";
import { strongerRole } from "#lib/core/identity/roles.ts";
import type { SessionLimits } from "#lib/core/identity/session-limits.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";

/** What the provider said, after everything of it was verified. */
export type OidcIdentity = {
  readonly subject: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly groups: readonly string[];
};

/** The strongest role of the groups; null: nobody is let in without one. */
export const roleOfGroups = (
  groups: readonly string[],
  { roles, defaultRole }: Pick<OidcDefinition, "roles" | "defaultRole">,
): Role | null =>
  roles
    .filter(({ group }) => groups.includes(group))
    .reduce<Role | null>((best, { role }) => (best === null ? role : strongerRole(best, role)), defaultRole);

type OidcSignIn = {
  readonly identity: OidcIdentity;
  readonly oidc: OidcDefinition;
  readonly userAgent: string | null;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  readonly limits?: SessionLimits | undefined;
};

const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

/**
 * Makes the account of somebody who comes for the first time. It is never one that exists already: an address that the
 * provider tells proves nothing about a local account.
 */
const insertNewcomer = async (tx: Tx, args: OidcSignIn, role: Role): Promise<UserRow> => {
  const { identity, oidc, now, randomBytes } = args;
  const id = newId("usr", now, randomBytes);
  const fallback = `oidc-${shortHash(`${oidc.issuer}\n${identity.subject}`)}`;
  const name = identity.name?.replaceAll("\0", "").trim().slice(0, 100) || fallback;
  const row = { id, name, role, passwordHash: null, oidcIssuer: oidc.issuer, oidcSubject: identity.subject };
  const more = { createdBy: "oidc", createdAt: now };
  const wanted = readLogin(identity.email ?? "") ?? fallback;
  const login = (await insertUser(tx, { ...row, ...more, login: wanted })) ? wanted : fallback;
  if (login === fallback && wanted !== fallback) await insertUser(tx, { ...row, ...more, login });
  const after = { login, name, role };
  await insertAudit(tx, { at: now, actor: "oidc", action: "user.created", subject: id, before: null, after });
  const user = await readUser(tx, id);
  if (user === null) throw new AppError("CONFLICT", "the account could not be made");
  return user;
};

/** Brings the role in line with the groups; a new one ends what was open. @throws AppError CONFLICT for the last administrator */
const followRole = async (tx: Tx, user: UserRow, role: Role, now: EpochMs): Promise<UserRow> => {
  if (user.role === role) return user;
  if (user.role === "admin" && (await readAdministrators(tx)).every(({ id }) => id === user.id))
    throw new AppError("CONFLICT", "this is the last administrator");
  await endSessionsOf(tx, { userId: user.id, now, exceptSha256: null });
  const [before, after] = [{ role: user.role }, { role }];
  await insertAudit(tx, { at: now, actor: "oidc", action: "user.changed", subject: user.id, before, after });
  return { ...user, role };
};

/**
 * Signs in whom the identity provider vouches for; the account is made on the first visit, and its role follows the
 * groups at each.
 * @throws AppError FORBIDDEN for people in none of the groups and for disabled accounts; CONFLICT
 */
export const signInWithIdentity = (database: Database, args: OidcSignIn): Promise<NewSession> =>
  database.transaction(async (tx) => {
    const { identity, oidc, now, userAgent, randomBytes, limits } = args;
    const role = roleOfGroups(identity.groups, oidc);
    if (role === null) throw new AppError("FORBIDDEN", "none of your groups may sign in here");
    await lockAdministrators(tx);
    const found = await lockUserByIdentity(tx, { issuer: oidc.issuer, subject: identity.subject });
    if (found !== null && found.disabledAt !== null) throw new AppError("FORBIDDEN", "this account is disabled");
    const user = found === null ? await insertNewcomer(tx, args, role) : await followRole(tx, found, role, now);
    await updateUser(tx, { ...user, lastSignInAt: now }, now);
    return createSession(tx, { userId: user.id, method: "oidc", userAgent, now, randomBytes, limits });
  });
