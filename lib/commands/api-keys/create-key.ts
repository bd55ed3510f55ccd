import type { Tx } from "#db/database.ts";
import { insertApiKey } from "#db/queries/api-keys.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { readIsSandbox } from "#db/queries/config.ts";
import { tokenHash } from "#lib/commands/access-token.ts";
import type { NewApiKeyResource } from "#lib/contracts/api-keys.ts";
import { API_VERSION, keyResource } from "#lib/contracts/api-keys.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { newId } from "#lib/runtime/ids.ts";
import { newKeyToken } from "./key-token.ts";

export type KeyToCreate = {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: EpochMs | null;
  readonly apiVersion?: string;
  /** Opens the demonstration only, and is made only there. Live when left out. */
  readonly isTest?: boolean;
  /** As in the audit log. */
  readonly actor: string;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
};

const LONGEST_NAME = 100;

/**
 * Makes a key: row and audit in the caller's transaction. The token is in the answer and nowhere else.
 * @throws AppError INVALID_REQUEST; CONFLICT for a test key where no demonstration runs.
 */
export const createKey = async (tx: Tx, args: KeyToCreate): Promise<NewApiKeyResource> => {
  const { expiresAt, actor, now, randomBytes, apiVersion = API_VERSION, isTest = false } = args;
  const name = args.name.trim();
  const scopes = [...new Set(args.scopes)].sort();
  if (name === "" || name.length > LONGEST_NAME)
    throw new AppError("INVALID_REQUEST", `the name of a key has 1 to ${LONGEST_NAME} characters`);
  if (scopes.length === 0) throw new AppError("INVALID_REQUEST", "a key needs at least one scope");
  if (expiresAt !== null && expiresAt <= now)
    throw new AppError("INVALID_REQUEST", "the key would have expired already");
  if (isTest && !(await readIsSandbox(tx)))
    throw new AppError("CONFLICT", "test keys open the demonstration only, and this is none: make a live key");
  const id = newId("key", now, randomBytes);
  const token = newKeyToken(randomBytes, isTest);
  const row = { id, name, scopes, apiVersion, createdBy: actor, createdAt: now, expiresAt, isTest };
  await insertApiKey(tx, { ...row, tokenSha256: tokenHash(token) });
  const after = { name, scopes, expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString() };
  await insertAudit(tx, { at: now, actor, action: "api_key.created", subject: id, before: null, after });
  return { ...keyResource({ ...row, lastUsedAt: null, revokedAt: null, replacedBy: null }, now), token };
};
