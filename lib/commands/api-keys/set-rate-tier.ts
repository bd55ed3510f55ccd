import type { Tx } from "#db/database.ts";
import { lockApiKey } from "#db/queries/api-keys.ts";
import { insertAudit } from "#db/queries/audit.ts";
import { writeRateTier } from "#db/queries/rate-limits.ts";
import { AppError } from "#lib/core/errors.ts";
import type { RateTierName } from "#lib/core/rate/tiers.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** Lets a key ask more or less often, from half a minute later on everywhere. @throws AppError NOT_FOUND */
export const setRateTier = async (
  tx: Tx,
  args: { readonly keyId: string; readonly tier: RateTierName; readonly actor: string; readonly now: EpochMs },
): Promise<{ keyId: string; tier: RateTierName }> => {
  const { keyId, tier, actor, now } = args;
  if ((await lockApiKey(tx, keyId)) === null) throw new AppError("NOT_FOUND", `there is no key "${keyId}"`);
  const before = await writeRateTier(tx, { keyId, tier, setBy: actor });
  const audit = { at: now, actor, action: "api_key.tier_set", subject: keyId };
  await insertAudit(tx, { ...audit, before: { tier: before ?? "standard" }, after: { tier } });
  return { keyId, tier };
};
