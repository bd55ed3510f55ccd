import type { Database } from "#db/database.ts";
import { readApiKeyByToken, touchApiKey } from "#db/queries/api-keys.ts";
import { tokenHash } from "#lib/commands/access-token.ts";
import { keyStateAt, scopesOf } from "#lib/contracts/api-keys.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { isKeyToken } from "./key-token.ts";

/** Use is noted at most this often, so that reading does not write at each request. */
const NOTE_USE_EVERY_MS = MINUTE_MS;

/** The principal behind a token, and notes its use. Null, always the same, when it is unknown, expired or revoked. */
export const findKeyPrincipal = async (
  database: Database,
  { token, now }: { token: string; now: EpochMs },
): Promise<Extract<Principal, { kind: "key" }> | null> => {
  if (!isKeyToken(token)) return null;
  const key = await database.read((db) => readApiKeyByToken(db, tokenHash(token)));
  if (key === null || keyStateAt(key, now) !== "active") return null;
  if (key.lastUsedAt === null || now - key.lastUsedAt >= NOTE_USE_EVERY_MS)
    await database.transaction((tx) => touchApiKey(tx, { id: key.id, now }));
  return { kind: "key", id: key.id, name: key.name, scopes: scopesOf(key) };
};
