import type { Database, Tx } from "#db/database.ts";
import { insertSession, insertSignInLink, useSignInLink } from "#db/queries/access.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { readUser } from "#db/queries/users.ts";
import { AppError } from "#lib/core/errors.ts";
import type { SessionLimits } from "#lib/core/identity/session-limits.ts";
import { DEFAULT_SESSION_LIMITS } from "#lib/core/identity/session-limits.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, MINUTE_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { isToken, newToken, tokenHash, tokenName } from "./access-token.ts";
import type { FirstAdministrator } from "./identity/first-administrator.ts";
import { createFirstAdministrator, ensureFirstAdministrator } from "./identity/first-administrator.ts";

const SIGN_IN_LINK_MS = 15 * MINUTE_MS;

export type NewSession = { readonly token: string; readonly expiresAt: EpochMs; readonly userId: string };

export type NewLink = { readonly token: string; readonly expiresAt: EpochMs };

/** As `createSignInLink`, in the caller's transaction. */
export const insertLink = async (
  tx: Tx,
  args: { now: EpochMs; actor: string; randomBytes: RandomBytes; userId: string | null },
): Promise<NewLink> => {
  const { now, actor, randomBytes, userId } = args;
  const token = newToken(randomBytes);
  const expiresAt = addMs(now, SIGN_IN_LINK_MS);
  await insertSignInLink(tx, { tokenSha256: tokenHash(token), expiresAt, userId });
  const after = { expiresAt: new Date(expiresAt).toISOString(), userId };
  const subject = tokenName(token);
  await insertAudit(tx, { at: now, actor, action: "sign_in_link.created", subject, before: null, after });
  return { token, expiresAt };
};

/**
 * Makes a link that signs in once within 15 minutes, as the user or, without one, as the first administrator. `actor` says
 * who asked for it. The token is shown, never stored.
 */
export const createSignInLink = (
  database: Database,
  args: { now: EpochMs; actor: string; randomBytes: RandomBytes; userId?: string | null },
): Promise<NewLink> => database.transaction((tx) => insertLink(tx, { ...args, userId: args.userId ?? null }));

export type SessionToCreate = {
  readonly userId: string;
  readonly method: "link" | "password" | "totp" | "recovery_code" | "oidc";
  readonly userAgent: string | null;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  readonly limits?: SessionLimits | undefined;
};

const LONGEST_USER_AGENT = 200;

/** Starts a session in the caller's transaction; its token goes into the cookie and nowhere else. */
export const createSession = async (
  tx: Tx,
  { userId, method, userAgent, now, randomBytes, limits = DEFAULT_SESSION_LIMITS }: SessionToCreate,
): Promise<NewSession> => {
  const token = newToken(randomBytes);
  const expiresAt = addMs(now, limits.absoluteMs);
  const agent = userAgent?.replaceAll("\0", "").slice(0, LONGEST_USER_AGENT) ?? null;
  await insertSession(tx, { tokenSha256: tokenHash(token), userId, method, userAgent: agent, now, expiresAt });
  await insertAudit(tx, {
    at: now,
    actor: `user:${userId}`,
    action: "session.created",
    subject: tokenName(token),
    before: null,
    after: { expiresAt: new Date(expiresAt).toISOString(), method },
  });
  return { token, expiresAt, userId };
};

type LinkToUse = {
  readonly token: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  readonly userAgent?: string | null;
  readonly limits?: SessionLimits | undefined;
};

const badLink = (): AppError =>
  new AppError(
    "SIGN_IN_LINK_INVALID",
    "this sign-in link cannot be used; ask for a new one with: nines user sign-in-link",
  );

/** Whether the text could be a link's token at all. @throws AppError SIGN_IN_LINK_INVALID */
export const assertLinkToken = (token: string): void => {
  if (!isToken(token)) throw badLink();
};

/** Uses the link up in the caller's transaction. @throws AppError SIGN_IN_LINK_INVALID */
const useLink = async (tx: Tx, { token, now }: LinkToUse): Promise<{ userId: string | null; actor: string }> => {
  assertLinkToken(token);
  const link = await useSignInLink(tx, { tokenSha256: tokenHash(token), now });
  const user = link === null || link.userId === null ? null : await readUser(tx, link.userId);
  if (link === null || (link.userId !== null && user?.disabledAt !== null)) throw badLink();
  const actor = `sign_in_link:${tokenName(token)}`;
  const subject = tokenName(token);
  await insertAudit(tx, { at: now, actor, action: "sign_in_link.used", subject, before: null, after: null });
  return { userId: link.userId, actor };
};

/**
 * Uses a sign-in link up and starts a session, both or neither. A link for nobody in particular is one of the first
 * administrator, who is made when there is no user at all.
 * @throws AppError SIGN_IN_LINK_INVALID, the same for a link that never existed, was used or is too old.
 */
export const consumeSignInLink = (database: Database, args: LinkToUse): Promise<NewSession> =>
  database.transaction(async (tx) => {
    const { userId, actor } = await useLink(tx, args);
    const { now, randomBytes, userAgent = null, limits } = args;
    const id = userId ?? (await ensureFirstAdministrator(tx, { actor, now, randomBytes }));
    return createSession(tx, { userId: id, method: "link", userAgent, now, randomBytes, limits });
  });

/**
 * The first run: uses the link up, makes the first administrator and starts a session, all or nothing.
 * @throws AppError NOT_FOUND once there is any user; SIGN_IN_LINK_INVALID
 */
export const setUp = (database: Database, args: LinkToUse & { who: FirstAdministrator }): Promise<NewSession> =>
  database.transaction(async (tx) => {
    const { now, randomBytes, userAgent = null, limits, who } = args;
    const { actor } = await useLink(tx, args);
    const userId = await createFirstAdministrator(tx, who, { actor, now, randomBytes });
    return createSession(tx, { userId, method: "link", userAgent, now, randomBytes, limits });
  });
