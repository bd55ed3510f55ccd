import type { Command } from "#lib/cli/command.ts";
import { runInstance } from "#lib/cli/start/run-instance.ts";
import { readStartSettings } from "#lib/cli/start/settings.ts";

export const command: Command = {
  summary: "run the service; without a configuration, a demonstration",
  usage: `Usage: nines start [--role web,engine,deliver,probe] [--config FILE]

  --role    the roles to run here, separated by commas; all when left out
  --config  the configuration; NINES_CONFIG or ./nines.yaml when left out.
            When there is none, a demonstration starts, with its own local services.

Environment: DATABASE_URL (embedded PostgreSQL when not set), HOST, PORT (3000), NINES_DATA_DIR (./.nines),
NINES_SECRET_KEY, NINES_SECRET_KEY_OLD, LOG_LEVEL. SIGHUP reads the configuration again; so does a change of the file.`,
  run: async (context) => runInstance(context, readStartSettings(context, { isProduction: true })),
};
