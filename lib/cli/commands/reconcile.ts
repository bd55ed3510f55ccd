import type { Command } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { AppError } from "#lib/core/errors.ts";
import { reconcileOnce } from "#lib/engine/reconcile/reconcile.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { createLogger } from "#lib/runtime/logger.ts";

const readArgs = (args: readonly string[]): { readonly json: boolean } =>
  readOptions(args, { options: { json: { type: "boolean", default: false } } }).values;

export const command: Command = {
  summary: "compare events, deliveries, alerts and figures with each other, and mend what is safe",
  usage: `Usage: nines reconcile [--json]

Does at once what the service does every hour: events without deliveries, attempts without outcome, alerts without
events, Alertmanagers that know something else, figures that do not follow from raw runs. What is safe to mend is mended;
the rest is printed, and told by the event reconciliation.mismatch. Exits with 1 when something is left.`,
  run: async (context) => {
    const { json } = readArgs(context.args);
    const { stdout, stderr, signal, env } = context;
    const log = createLogger({ service: "nines-cli", level: env.LOG_LEVEL ?? "error", destination: stderr });
    const round = await withDatabase(context, async (database) => {
      const { box: secretBox } = await openSecrets(context, database);
      const deps = { clock: systemClock, log, random: Math.random };
      return reconcileOnce({ database, holder: `cli/${process.pid}`, deps, secretBox, signal });
    });
    if (round === null) throw new AppError("CONFLICT", "a reconciliation is under way; try again in a minute");
    const left = round.findings.filter(({ count, repaired }) => count > repaired);
    if (json) {
      stdout.write(`${JSON.stringify({ ok: left.length === 0, ...round })}\n`);
    } else {
      if (round.findings.length === 0) stdout.write("everything agrees\n");
      for (const { kind, count, repaired, examples } of round.findings)
        stdout.write(`${kind.replaceAll("_", " ")}: ${count}, mended ${repaired}\n  ${examples.join("\n  ")}\n`);
    }
    return left.length === 0 ? 0 : 1;
  },
};
