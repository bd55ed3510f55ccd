import { stringify } from "yaml";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { showFidelity } from "#lib/cli/show-fidelity.ts";
import { readConfigFile } from "#lib/cli/start/read-config-file.ts";
import { DEFAULT_CONFIG_PATH, readEnvironment } from "#lib/config/env.ts";
import type { Fidelity } from "#lib/config/foreign/fidelity.ts";
import { createFidelity } from "#lib/config/foreign/fidelity.ts";
import { toOpenSlo } from "#lib/config/foreign/to-openslo.ts";
import { toPrometheusRules } from "#lib/config/foreign/to-prometheus-rules.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";

const USAGE = "nines export openslo|prometheus-rules [--config FILE] [--json]";

type Exporter = (config: Config, fidelity: Fidelity) => readonly unknown[];
const EXPORTERS: Readonly<Record<string, Exporter>> = {
  openslo: toOpenSlo,
  "prometheus-rules": (config, fidelity) => [toPrometheusRules(config, fidelity)],
};

const parse = (args: readonly string[]) =>
  readOptions(args, {
    options: { json: { type: "boolean" }, config: { type: "string" } },
    allowPositionals: true,
  });

const readArguments = ({ args, env }: CommandContext) => {
  const parsed = parse(args);
  const [kind = "", ...rest] = parsed.positionals;
  const exporter = Object.hasOwn(EXPORTERS, kind) ? EXPORTERS[kind] : undefined;
  if (exporter === undefined)
    throw new AppError(
      "USAGE",
      `say what to write, openslo or prometheus-rules${kind === "" ? "" : `; not "${kind}"`}`,
    );
  if (rest.length > 0) throw new AppError("USAGE", "name the configuration with --config");
  const path = parsed.values.config ?? readEnvironment(env).configPath ?? DEFAULT_CONFIG_PATH;
  return { exporter, path, asJson: parsed.values.json === true };
};

export const command: Command = {
  summary: "write the SLOs as OpenSLO v1 or as Prometheus rules, and say what did not fit",
  usage: `Usage: ${USAGE}

Reads a configuration file (NINES_CONFIG or ./nines.yaml) and prints YAML on standard output and a report on standard
error; with --json both as one JSON document. Credentials are left out.`,
  run: async (context): Promise<ExitCode> => {
    const { exporter, path, asJson } = readArguments(context);
    const config = await readConfigFile(path, context.env);
    const fidelity = createFidelity();
    const documents = exporter(config, fidelity);
    if (asJson) {
      context.stdout.write(`${JSON.stringify({ ok: true, documents, report: fidelity.entries })}\n`);
      return 0;
    }
    const texts = documents.map((document) => stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }));
    context.stdout.write(texts.join("---\n"));
    const slos = config.services.reduce((sum, service) => sum + service.slos.length, 0);
    context.stderr.write(showFidelity(fidelity.entries, `${slos} SLOs`));
    return 0;
  },
};
