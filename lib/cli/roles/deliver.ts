import { openDatabase } from "#db/database.ts";
import type { StartRole } from "#lib/cli/roles/role.ts";
import { openSecretBox } from "#lib/commands/secret-key.ts";
import { runDeliver } from "#lib/engine/deliver-loop.ts";

/** Sends webhooks until it is stopped. Any number of instances may do so at once. */
export const startRole: StartRole = async ({ settings, clock, log }) => {
  const database = openDatabase({ url: settings.databaseUrl, applicationName: "nines-deliver" });
  const secretBox = openSecretBox(settings);
  const stopping = new AbortController();
  const done = runDeliver({ database, secretBox, clock, log, random: Math.random, signal: stopping.signal });
  return {
    stop: async () => {
      stopping.abort();
      await done;
      await database.close();
    },
  };
};
