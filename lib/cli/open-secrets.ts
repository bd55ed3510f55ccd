import type { Database } from "#db/database.ts";
import type { CommandContext } from "#lib/cli/command.ts";
import { currentDataFolder } from "#lib/cli/open-database.ts";
import { assertKeysFit } from "#lib/commands/rotate-secret-key.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { createSecretBox } from "#lib/commands/secret-box.ts";
import type { SecretKeySet } from "#lib/commands/secret-key.ts";
import { findSecretKeys } from "#lib/commands/secret-key.ts";
import { readEnvironment } from "#lib/config/env.ts";
import { AppError } from "#lib/core/errors.ts";

/**
 * The keys of the running service, from the same places where it finds them, and a box of them. Never makes a key: one
 * that does not fit would seal what nobody opens. @throws AppError SECRET_KEY_INVALID
 */
export const openSecrets = async (
  context: CommandContext,
  database: Database,
): Promise<{ readonly box: SecretBox; readonly set: SecretKeySet }> => {
  const { secretKey, oldSecretKeys } = readEnvironment(context.env);
  const dataDir = await currentDataFolder(context.env);
  const set = await findSecretKeys({ value: secretKey, oldValues: oldSecretKeys, dataDir });
  if (set === null)
    throw new AppError(
      "SECRET_KEY_INVALID",
      `there is no key in ${dataDir}; set NINES_SECRET_KEY or NINES_DATA_DIR as the service has them`,
    );
  const box = createSecretBox(() => set.keys);
  await assertKeysFit(database, box);
  return { box, set };
};
