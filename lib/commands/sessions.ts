import type { Database } from "#db/database.ts";
import { endSession, readLiveSession, touchSession } from "#db/queries/access.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, epochMs, HOUR_MS, MINUTE_MS } from "#lib/core/units.ts";
import { isToken, tokenHash, tokenName } from "./access-token.ts";

/** A session that is not used for this long ends. */
export const SESSION_IDLE_MS = 12 * HOUR_MS;
/** Use is noted at most this often, so that looking at pages does not write at each request. */
const NOTE_USE_EVERY_MS = MINUTE_MS;

/**
 * The session behind a cookie's token, and notes its use. Null, always the same, when the token is unknown, revoked,
 * idle for 12 hours or 7 days old. `expiresAt` is the earlier of both limits.
 */
export const findSession = async (
  database: Database,
  { token, now }: { token: string; now: EpochMs },
): Promise<{ expiresAt: EpochMs } | null> => {
  if (!isToken(token)) return null;
  const tokenSha256 = tokenHash(token);
  const session = await database.read((db) =>
    readLiveSession(db, { tokenSha256, now, idleSince: addMs(now, -SESSION_IDLE_MS) }),
  );
  if (session === null) return null;
  if (now - session.lastSeenAt >= NOTE_USE_EVERY_MS) {
    await database.transaction((tx) => touchSession(tx, { tokenSha256, now }));
  }
  return { expiresAt: epochMs(Math.min(session.expiresAt, now + SESSION_IDLE_MS)) };
};

/** Signs out. Does nothing, and says nothing, when there is no such session. */
export const revokeSession = async (
  database: Database,
  { token, now, actor }: { token: string; now: EpochMs; actor: string },
): Promise<void> => {
  if (!isToken(token)) return;
  await database.transaction(async (tx) => {
    if (!(await endSession(tx, { tokenSha256: tokenHash(token), now }))) return;
    await insertAudit(tx, {
      at: now,
      actor,
      action: "session.revoked",
      subject: tokenName(token),
      before: null,
      after: null,
    });
  });
};
