import type { Database } from "#db/database.ts";
import type { LiveSession } from "#db/queries/access.ts";
import { endSession, readLiveSession, touchSession } from "#db/queries/access.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { SessionLimits } from "#lib/core/identity/session-limits.ts";
import { DEFAULT_SESSION_LIMITS } from "#lib/core/identity/session-limits.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS, epochMs, MINUTE_MS } from "#lib/core/units.ts";
import { isToken, tokenHash, tokenName } from "./access-token.ts";

/** The longest that `identity.sessions.idle` may say: who was idle for longer is gone under any configuration. */
export const SESSION_IDLE_MS = DAY_MS;
/** Use is noted at most this often, so that looking at pages does not write at each request. */
const NOTE_USE_EVERY_MS = MINUTE_MS;

/** A session and whose it is. `id` names it without opening it. */
export type FoundSession = Omit<LiveSession, "lastSeenAt"> & { readonly id: string };

/**
 * The session behind a cookie's token, and notes its use. Null, always the same, when the token is unknown, revoked, idle
 * or too old for the limits, or when its user is disabled. `expiresAt` is the earlier of both limits.
 */
export const findSession = async (
  database: Database,
  { token, now, limits = DEFAULT_SESSION_LIMITS }: { token: string; now: EpochMs; limits?: SessionLimits },
): Promise<FoundSession | null> => {
  if (!isToken(token)) return null;
  const tokenSha256 = tokenHash(token);
  const session = await database.read((db) =>
    readLiveSession(db, { tokenSha256, now, idleSince: addMs(now, -limits.idleMs) }),
  );
  if (session === null) return null;
  if (now - session.lastSeenAt >= NOTE_USE_EVERY_MS) {
    await database.transaction((tx) => touchSession(tx, { tokenSha256, now }));
  }
  const { lastSeenAt: _, ...found } = session;
  return {
    ...found,
    id: tokenName(token),
    expiresAt: epochMs(Math.min(session.expiresAt, now + limits.idleMs)),
  };
};

/** Signs out. Does nothing, and says nothing, when there is no such session. */
export const revokeSession = async (
  database: Database,
  { token, now, actor }: { token: string; now: EpochMs; actor: string },
): Promise<void> => {
  if (!isToken(token)) return;
  await database.transaction(async (tx) => {
    const ended = await endSession(tx, { tokenSha256: tokenHash(token), now });
    if (ended === null) return;
    await insertAudit(tx, {
      at: now,
      actor: ended.userId === null ? actor : `user:${ended.userId}`,
      action: "session.revoked",
      subject: tokenName(token),
      before: null,
      after: null,
    });
  });
};
