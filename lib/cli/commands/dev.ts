import type { Command } from "#lib/cli/command.ts";
import { runInstance } from "#lib/cli/start/run-instance.ts";
import { readStartSettings } from "#lib/cli/start/settings.ts";

export const command: Command = {
  summary: "run the service for its developers: pages are compiled as they are asked for",
  usage: "Usage: nines dev [--role ROLES] [--config FILE]\n\nTakes what start takes.",
  run: async (context) => runInstance(context, readStartSettings(context, { isProduction: false })),
};
