import { randomBytes } from "node:crypto";
import { openMeasuredDatabase } from "#lib/cli/roles/measured-database.ts";
import type { StartRole } from "#lib/cli/roles/role.ts";
import { openSecretBox } from "#lib/commands/secret-key.ts";
import { runDeliver } from "#lib/engine/deliver/loop.ts";
import { runSubscribers } from "#lib/engine/subscribers.ts";

/** Sends webhooks, and tells subscribers, until it is stopped. Any number of instances may do so at once. */
export const startRole: StartRole = async ({ settings, clock, log }) => {
  const database = openMeasuredDatabase({ url: settings.databaseUrl, applicationName: "nines-deliver" }, clock);
  const secretBox = openSecretBox(settings);
  const stopping = new AbortController();
  const shared = { database, secretBox, clock, log, random: Math.random, signal: stopping.signal };
  const newToken = (): string => randomBytes(16).toString("hex");
  const done = Promise.all([runDeliver(shared), runSubscribers({ ...shared, randomBytes, newToken })]);
  return {
    stop: async () => {
      stopping.abort();
      await done;
      await database.close();
    },
  };
};
