import type { Tx } from "#db/database.ts";
import type { ApiKeyRow } from "#db/queries/api-keys.ts";
import { lockApiKey, replaceApiKey, revokeApiKey } from "#db/queries/api-keys.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { NewApiKeyResource } from "#lib/contracts/api-keys.ts";
import { keyStateAt, scopesOf } from "#lib/contracts/api-keys.ts";
import type { Scope } from "#lib/core/access/authorise.ts";
import { holdsScope } from "#lib/core/access/authorise.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";
import { addMs, DAY_MS } from "#lib/core/units.ts";
import type { RandomBytes } from "#lib/runtime/ids.ts";
import { createKey } from "./create-key.ts";

type Author = { readonly actor: string; readonly now: EpochMs };

const lockKey = async (tx: Tx, id: string): Promise<ApiKeyRow> => {
  const key = await lockApiKey(tx, id);
  if (key === null) throw new AppError("NOT_FOUND", `there is no key "${id}"`);
  return key;
};

/** Nobody hands out what they do not hold. `held` null: whoever has the command line. @throws AppError FORBIDDEN */
export const assertHolds = (held: readonly Scope[] | null, scopes: readonly Scope[]): void => {
  const missing = scopes.filter((scope) => held !== null && !holdsScope(held, scope));
  if (missing.length > 0) throw new AppError("FORBIDDEN", `the asking key does not hold ${missing.join(", ")} itself`);
};

/** Revokes a key for good; one that is revoked already stays as it is. @throws AppError NOT_FOUND */
export const revokeKey = async (tx: Tx, { id, actor, now }: Author & { readonly id: string }): Promise<void> => {
  const key = await lockKey(tx, id);
  if (key.revokedAt !== null) return;
  await revokeApiKey(tx, { id, now });
  const before = { name: key.name, scopes: key.scopes };
  await insertAudit(tx, { at: now, actor, action: "api_key.revoked", subject: id, before, after: null });
};

/**
 * Makes a new key with the name, scopes and version of an old one, which goes on for `graceDays`.
 * @throws AppError NOT_FOUND; CONFLICT when the old one is over or was rotated before; FORBIDDEN.
 */
export const rotateKey = async (
  tx: Tx,
  args: Author & {
    readonly id: string;
    readonly graceDays: number;
    readonly expiresAt: EpochMs | null;
    readonly held: readonly Scope[] | null;
    readonly randomBytes: RandomBytes;
  },
): Promise<NewApiKeyResource> => {
  const { id, graceDays, actor, now } = args;
  const old = await lockKey(tx, id);
  if (keyStateAt(old, now) !== "active") throw new AppError("CONFLICT", `the key ${id} is ${keyStateAt(old, now)}`);
  if (old.replacedBy !== null)
    throw new AppError("CONFLICT", `the key ${id} was replaced by ${old.replacedBy} already`);
  const scopes = scopesOf(old);
  assertHolds(args.held, scopes);
  const made = await createKey(tx, { ...args, name: old.name, scopes, apiVersion: old.apiVersion, isTest: old.isTest });
  const endsAt = addMs(now, graceDays * DAY_MS);
  if (graceDays === 0) await revokeApiKey(tx, { id, now });
  await replaceApiKey(tx, { id, replacedBy: made.id, endsAt: graceDays === 0 ? addMs(now, 1) : endsAt });
  const after = { replacedBy: made.id, graceDays };
  await insertAudit(tx, { at: now, actor, action: "api_key.rotated", subject: id, before: null, after });
  return made;
};
