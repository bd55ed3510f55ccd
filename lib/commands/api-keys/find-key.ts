import type { Database } from "#db/database.ts";
import { readApiKeyByToken, touchApiKey } from "#db/queries/api-keys.ts";
import { readIsSandbox } from "#db/queries/config.ts";
import { tokenHash } from "#lib/commands/access-token.ts";
import { keyStateAt, scopesOf } from "#lib/contracts/api-keys.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { isKeyToken, isTestToken } from "./key-token.ts";

/** Use is noted at most this often, so that reading does not write at each request. */
const NOTE_USE_EVERY_MS = MINUTE_MS;

/**
 * The principal behind a token, and notes its use. Null, always the same, when it is unknown, expired or revoked.
 * @throws AppError UNAUTHENTICATED for any test key where no demonstration runs.
 */
export const findKeyPrincipal = async (
  database: Database,
  { token, now }: { token: string; now: EpochMs },
): Promise<Extract<Principal, { kind: "key" }> | null> => {
  if (!isKeyToken(token)) return null;
  if (isTestToken(token) && !(await database.read(readIsSandbox)))
    throw new AppError(
      "UNAUTHENTICATED",
      "a test key (nk_test_…) opens the demonstration only: make a live key for this",
    );
  const key = await database.read((db) => readApiKeyByToken(db, tokenHash(token)));
  if (key === null || keyStateAt(key, now) !== "active") return null;
  if (key.lastUsedAt === null || now - key.lastUsedAt >= NOTE_USE_EVERY_MS)
    await database.transaction((tx) => touchApiKey(tx, { id: key.id, now }));
  return { kind: "key", id: key.id, name: key.name, scopes: scopesOf(key) };
};
