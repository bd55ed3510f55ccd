import type postgres from "postgres";
import type { Database } from "#db/database.ts";
import { insertSession, insertSignInLink, useSignInLink } from "#db/queries/access.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, MINUTE_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { isToken, newToken, tokenHash, tokenName } from "./access-token.ts";

export const SIGN_IN_LINK_MS = 15 * MINUTE_MS;
/** A session ends after this, however busy it was. */
export const SESSION_MS = 7 * DAY_MS;

/** Makes a link that signs in once within 15 minutes. `actor` says who asked for it. The token is shown, never stored. */
export const createSignInLink = async (
  database: Database,
  { now, actor, randomBytes }: { now: EpochMs; actor: string; randomBytes: RandomBytes },
): Promise<{ token: string; expiresAt: EpochMs }> => {
  const token = newToken(randomBytes);
  const expiresAt = addMs(now, SIGN_IN_LINK_MS);
  await database.transaction(async (tx) => {
    await insertSignInLink(tx, { tokenSha256: tokenHash(token), expiresAt });
    const after = { expiresAt: new Date(expiresAt).toISOString() };
    await insertAudit(tx, {
      at: now,
      actor,
      action: "sign_in_link.created",
      subject: tokenName(token),
      before: null,
      after,
    });
  });
  return { token, expiresAt };
};

/** Starts a session in the caller's transaction; its token goes into the cookie and nowhere else. */
export const createSession = async (
  tx: postgres.TransactionSql,
  { now, actor, randomBytes }: { now: EpochMs; actor: string; randomBytes: RandomBytes },
): Promise<{ token: string; expiresAt: EpochMs }> => {
  const token = newToken(randomBytes);
  const expiresAt = addMs(now, SESSION_MS);
  await insertSession(tx, { tokenSha256: tokenHash(token), now, expiresAt });
  const after = { expiresAt: new Date(expiresAt).toISOString() };
  await insertAudit(tx, { at: now, actor, action: "session.created", subject: tokenName(token), before: null, after });
  return { token, expiresAt };
};

/**
 * Uses a sign-in link up and starts a session, both or neither.
 * @throws AppError SIGN_IN_LINK_INVALID, the same for a link that never existed, was used or is too old.
 */
export const consumeSignInLink = async (
  database: Database,
  { token, now, randomBytes }: { token: string; now: EpochMs; randomBytes: RandomBytes },
): Promise<{ token: string; expiresAt: EpochMs }> => {
  const invalid = (): AppError =>
    new AppError(
      "SIGN_IN_LINK_INVALID",
      "this sign-in link cannot be used; ask for a new one with: nines user sign-in-link",
    );
  if (!isToken(token)) throw invalid();
  return database.transaction(async (tx) => {
    if (!(await useSignInLink(tx, { tokenSha256: tokenHash(token), now }))) throw invalid();
    const actor = `sign_in_link:${tokenName(token)}`;
    await insertAudit(tx, {
      at: now,
      actor,
      action: "sign_in_link.used",
      subject: tokenName(token),
      before: null,
      after: null,
    });
    return createSession(tx, { now, actor, randomBytes });
  });
};
