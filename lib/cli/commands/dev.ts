import type { Command } from "#lib/cli/command.ts";
import { runInstance } from "#lib/cli/start/run-instance.ts";
import { readStartSettings } from "#lib/cli/start/settings.ts";

export const command: Command = {
  summary: "runs the service for its developers: pages are compiled as they are asked for",
  usage: "nines dev [--role …] [--config FILE]   (as start)",
  run: async (context) => runInstance(context, readStartSettings(context, { isProduction: false })),
};
