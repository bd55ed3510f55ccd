import type { Database } from "#db/database.ts";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { showPlan } from "#lib/cli/show-plan.ts";
import { readConfigFile } from "#lib/cli/start/read-config-file.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import type { Plan } from "#lib/commands/config/plan-config.ts";
import { planConfig } from "#lib/commands/config/plan-config.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { DEFAULT_CONFIG_PATH, readEnvironment } from "#lib/config/env.ts";
import type { Config } from "#lib/core/definitions.ts";

const DEADLINE_MS = 30_000;

/** The file of a command: the one that is named, NINES_CONFIG or ./nines.yaml. @throws AppError USAGE, CONFIG_INVALID */
export const readNamedConfig = (context: CommandContext, positionals: readonly string[]): Promise<Config> => {
  if (positionals.length > 1) throw usageError("only one file can be named");
  const path = positionals[0] ?? readEnvironment(context.env).configPath ?? DEFAULT_CONFIG_PATH;
  return readConfigFile(path, context.env);
};

/** The plan of a file against what is in force; nothing is written. */
export const makePlan = (database: Database, config: Config, secretBox: SecretBox): Promise<Plan> =>
  database.transaction((tx) => planConfig(tx, { config, secretBox }), { deadlineMs: DEADLINE_MS });

export const command: Command = {
  summary: "show what an apply of a configuration would change",
  usage: `Usage: nines plan [--json] [--detailed-exitcode] [FILE]

Compares a configuration file with what the service of this folder (or of DATABASE_URL) has in force: what would be
added, changed and removed, field by field, and what was made by API or on a page and stays. Nothing is changed; secrets
are never printed. FILE is NINES_CONFIG or ./nines.yaml when it is left out.
  --json                one JSON object on standard output
  --detailed-exitcode   1 when there is a change
Exit: 0 fine, 1 the file cannot be used, 2 wrong usage.`,
  run: async (context): Promise<ExitCode> => {
    const { values, positionals } = readOptions(context.args, {
      options: { json: { type: "boolean" }, "detailed-exitcode": { type: "boolean" } },
      allowPositionals: true,
    });
    const config = await readNamedConfig(context, positionals);
    const plan = await withDatabase(context, async (database) =>
      makePlan(database, config, (await openSecrets(context, database)).box),
    );
    context.stdout.write(values.json === true ? `${JSON.stringify({ ok: true, ...plan })}\n` : showPlan(plan));
    return values["detailed-exitcode"] === true && plan.changes.length > 0 ? 1 : 0;
  },
};
