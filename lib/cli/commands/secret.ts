import { randomBytes } from "node:crypto";
import type { Database } from "#db/database.ts";
import { insertAudit } from "#db/queries/audit.ts";
import type { Command, CommandContext } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readSubcommand } from "#lib/cli/read-subcommand.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { resealAll } from "#lib/commands/rotate-secret-key.ts";
import { keyIdOf } from "#lib/commands/secret-box.ts";
import type { SecretKeySet } from "#lib/commands/secret-key.ts";
import { writeKeyFile } from "#lib/commands/secret-key.ts";
import { AppError } from "#lib/core/errors.ts";
import { systemClock } from "#lib/runtime/clock.ts";

const OPTIONS = {
  "forget-old": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;
const ACTIONS = { rotate: { options: ["forget-old"], takesId: false } } as const;

/** Sixteen keys would mean that none was ever forgotten. */
const MOST_KEYS = 16;

type Outcome = { readonly keyId: string; readonly resealed: number; readonly lost: number; readonly keys: number };

/** Puts a new key before those of the file, and gives all of them. */
const addKey = async ({ keys, file }: SecretKeySet): Promise<readonly Uint8Array[]> => {
  if (file === null) {
    if (keys.length > 1) return keys;
    throw usageError(
      "the key comes from NINES_SECRET_KEY: set it to a new one and NINES_SECRET_KEY_OLD to the present one, restart, and run this again",
    );
  }
  if (keys.length >= MOST_KEYS)
    throw new AppError("CONFLICT", "too many old keys are kept; run: nines secret rotate --forget-old");
  const next = [randomBytes(32), ...keys];
  await writeKeyFile(file, next);
  return next;
};

const forgetOld = async ({ file }: SecretKeySet, keys: readonly Uint8Array[]): Promise<number> => {
  if (file === null) throw usageError("the keys come from variables: take NINES_SECRET_KEY_OLD away and restart");
  await writeKeyFile(file, keys.slice(0, 1));
  return 1;
};

const rotate = async (context: CommandContext, database: Database, isForgetting: boolean): Promise<Outcome> => {
  const { set } = await openSecrets(context, database);
  const keys = isForgetting ? set.keys : await addKey(set);
  const { resealed, lost } = await resealAll(database, keys);
  const keyId = keyIdOf(keys[0] as Uint8Array);
  if (isForgetting && lost > 0)
    throw new AppError("CONFLICT", `${lost} stored secrets open with none of the keys; nothing was forgotten`);
  const kept = isForgetting ? await forgetOld(set, keys) : keys.length;
  const action = isForgetting ? "secret_key.forgotten" : "secret_key.rotated";
  await database.transaction((tx) =>
    insertAudit(tx, {
      at: systemClock.now(),
      actor: "cli",
      action,
      subject: `secret_key/${keyId}`,
      before: null,
      after: { resealed, keys: kept },
    }),
  );
  return { keyId, resealed, lost, keys: kept };
};

export const command: Command = {
  summary: "replace the key that secrets in the database are sealed with",
  usage: `Usage: nines secret rotate [--forget-old]

Makes a new key, seals every stored secret with it, and keeps the old one so that nothing fails meanwhile: the service
goes on running. A day later --forget-old seals what is left and takes old keys out of the key file.
A backup made before needs the old key: keep it as long as the backup.
Where NINES_SECRET_KEY gives the key, set it to a new one and NINES_SECRET_KEY_OLD to the old one, restart every
instance, run this, and take NINES_SECRET_KEY_OLD away. --json prints for machines.
The signing secret of one webhook is replaced by: nines endpoint rotate ID.`,
  run: async (context) => {
    const { values } = readSubcommand("secret", context.args, { options: OPTIONS, actions: ACTIONS });
    const outcome = await withDatabase(context, (database) => rotate(context, database, values["forget-old"]));
    const { keyId, resealed, lost, keys } = outcome;
    if (values.json) context.stdout.write(`${JSON.stringify(outcome)}\n`);
    else {
      context.stdout.write(
        `Key ${keyId} is in use; ${resealed} secrets were sealed with it anew. Keys that open: ${keys}.\n`,
      );
      if (lost > 0) context.stderr.write(`${lost} secrets open with none of the keys; they were left as they are.\n`);
    }
    return lost > 0 ? 1 : 0;
  },
};
