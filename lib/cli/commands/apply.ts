import type { Command, ExitCode } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readAuthor } from "#lib/cli/read-author.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { showPlan } from "#lib/cli/show-plan.ts";
import { applyConfig } from "#lib/commands/apply-config.ts";
import { planConfig } from "#lib/commands/config/plan-config.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { readNamedConfig } from "./plan.ts";

const DEADLINE_MS = 30_000;

export const command: Command = {
  summary: "put a configuration file in force",
  usage: `Usage: nines apply [--json] [--author NAME] [FILE]

Does what \`nines plan\` shows, in one transaction, and prints it. What was made by API or on a page stays. A running
service takes it up at once; it also applies its own file whenever that changes and when it starts, so apply the file
that NINES_CONFIG names. FILE is NINES_CONFIG or ./nines.yaml when it is left out.
  --json          one JSON object on standard output
  --author NAME   who answers for it; the user of the system when it is left out
Exit: 0 it is in force, 1 the file cannot be used, 2 wrong usage.`,
  run: async (context): Promise<ExitCode> => {
    const { values, positionals } = readOptions(context.args, {
      options: { json: { type: "boolean" }, author: { type: "string" } },
      allowPositionals: true,
    });
    const config = await readNamedConfig(context, positionals);
    const actor = readAuthor(context, values.author);
    const { plan, applied } = await withDatabase(context, async (database) => {
      const { box: secretBox } = await openSecrets(context, database);
      return database.transaction(
        async (tx) => ({
          plan: await planConfig(tx, { config, secretBox }),
          applied: await applyConfig(tx, { config, now: systemClock.now(), secretBox, actor }),
        }),
        { deadlineMs: DEADLINE_MS },
      );
    });
    const version = applied.version.toString();
    context.stdout.write(
      values.json === true
        ? `${JSON.stringify({ ok: true, changed: applied.changed, ...plan, version })}\n`
        : `${showPlan(plan)}${applied.changed ? `Version ${version} is in force now.\n` : ""}`,
    );
    return 0;
  },
};
