import type { Tx } from "#db/database.ts";
import { lockApiKey, updateApiKey } from "#db/queries/api-keys.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { ApiKeyResource } from "#lib/contracts/api-keys.ts";
import { keyResource } from "#lib/contracts/api-keys.ts";
import { AppError } from "#lib/core/errors.ts";
import type { EpochMs } from "#lib/core/units.ts";

type Change = { readonly name?: string | undefined; readonly apiVersion?: string | undefined };

/**
 * Renames a key, or locks it to a newer version of the API; other instances answer in it half a minute later.
 * @throws AppError NOT_FOUND; CONFLICT for an older version, and for a key that opens nothing any more
 */
export const changeKey = async (
  tx: Tx,
  args: { readonly id: string; readonly change: Change; readonly actor: string; readonly now: EpochMs },
): Promise<ApiKeyResource> => {
  const { id, change, actor, now } = args;
  const key = await lockApiKey(tx, id);
  if (key === null) throw new AppError("NOT_FOUND", `there is no key "${id}"`);
  const { state } = keyResource(key, now);
  if (state !== "active") throw new AppError("CONFLICT", `the key is ${state}`);
  const { name = key.name, apiVersion = key.apiVersion } = change;
  // Calendar dates: their texts are in their order.
  if (apiVersion < key.apiVersion)
    throw new AppError("CONFLICT", `the key is locked to ${key.apiVersion}; it can go to a newer version only`);
  const changed = { ...key, name, apiVersion };
  await updateApiKey(tx, changed);
  const before = { name: key.name, apiVersion: key.apiVersion };
  await insertAudit(tx, {
    at: now,
    actor,
    action: "api_key.changed",
    subject: id,
    before,
    after: { name, apiVersion },
  });
  return keyResource(changed, now);
};
