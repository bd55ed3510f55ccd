import { stringify } from "yaml";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { showFidelity } from "#lib/cli/show-fidelity.ts";
import { readConfigFile } from "#lib/cli/start/read-config-file.ts";
import { drawSite, publicView, readLastSnapshot } from "#lib/cli/static-site/export-site.ts";
import { exportYaml } from "#lib/commands/config/export-yaml.ts";
import { DEFAULT_CONFIG_PATH, readEnvironment } from "#lib/config/env.ts";
import type { Fidelity } from "#lib/config/foreign/fidelity.ts";
import { createFidelity } from "#lib/config/foreign/fidelity.ts";
import { toOpenSlo } from "#lib/config/foreign/to-openslo.ts";
import { toPrometheusRules } from "#lib/config/foreign/to-prometheus-rules.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import type { Config } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { writeStaticSite } from "#lib/web/write-static-site.ts";

const USAGE = `nines export openslo|prometheus-rules [--config FILE] [--json]
       nines export yaml
       nines export static-site DIR [--page ID] [--url URL] [--json]`;
const STATIC_SITE = "static-site";
const YAML = "yaml";

type Exporter = (config: Config, fidelity: Fidelity) => readonly unknown[];
const EXPORTERS: Readonly<Record<string, Exporter>> = {
  openslo: toOpenSlo,
  "prometheus-rules": (config, fidelity) => [toPrometheusRules(config, fidelity)],
};

const parse = (args: readonly string[]) =>
  readOptions(args, {
    options: {
      json: { type: "boolean" },
      config: { type: "string" },
      page: { type: "string" },
      url: { type: "string" },
    },
    allowPositionals: true,
  });

const readArguments = ({ args, env }: CommandContext) => {
  const parsed = parse(args);
  const [kind = "", ...rest] = parsed.positionals;
  const exporter = Object.hasOwn(EXPORTERS, kind) ? EXPORTERS[kind] : undefined;
  if (exporter === undefined)
    throw new AppError(
      "USAGE",
      `say what to write, openslo, prometheus-rules, yaml or static-site${kind === "" ? "" : `; not "${kind}"`}`,
    );
  if (rest.length > 0) throw new AppError("USAGE", "name the configuration with --config");
  const path = parsed.values.config ?? readEnvironment(env).configPath ?? DEFAULT_CONFIG_PATH;
  return { exporter, path, asJson: parsed.values.json === true };
};

/** Writes the page as it was published last. */
const exportSite = async (context: CommandContext): Promise<ExitCode> => {
  const { values, positionals } = parse(context.args);
  const [, directory, ...rest] = positionals;
  if (directory === undefined || rest.length > 0) throw new AppError("USAGE", "name one folder to write the page to");
  const view = publicView(await readLastSnapshot(context.env), values.page ?? MAIN_PAGE_ID);
  const url = view.page.url ?? values.url ?? null;
  if (url === null)
    context.stderr.write(
      "the page has no address: links in feeds start with http://localhost; see page.url, or --url\n",
    );
  const site = await drawSite(view, { fallbackUrl: url?.replace(/\/+$/, "") ?? "http://localhost" });
  const result = await writeStaticSite(directory, site);
  const facts = { ok: true, directory, page: values.page ?? MAIN_PAGE_ID, dataAsOf: view.dataAsOf, ...result };
  context.stdout.write(
    values.json === true
      ? `${JSON.stringify(facts)}\n`
      : `${result.files} files in ${directory}, ${result.written} written, ${result.removed} removed; data as of ${view.dataAsOf}\n`,
  );
  return 0;
};

/** Writes what is in force, with what was made by API, as one configuration file. */
const exportInForce = async (context: CommandContext): Promise<ExitCode> => {
  if (parse(context.args).positionals.length > 1) throw new AppError("USAGE", "yaml takes no other words");
  const { text, env, headers } = await withDatabase(context, async (database) => {
    const { box } = await openSecrets(context, database);
    return database.read((db) => exportYaml(db, box), { deadlineMs: 30_000 });
  });
  context.stdout.write(text);
  const names = Object.keys(env).length;
  if (names + headers.length > 0)
    context.stderr.write(`${names} variables and ${headers.length} headers to fill in; they are named at the top\n`);
  return 0;
};

export const command: Command = {
  summary: "write the SLOs as OpenSLO v1 or as Prometheus rules, or the whole page as files",
  usage: `Usage: ${USAGE}

Reads a configuration file (NINES_CONFIG or ./nines.yaml) and prints YAML on standard output and a report on standard
error; with --json both as one JSON document. Credentials are left out.

yaml writes everything that the running service has in force, what was made by API too, as one nines.yaml: \`env:\`
stands in the place of secrets.

static-site writes the page as it was published last to a folder: every page in every language, /api/v2, feeds, badges,
style sheets. Any static host can serve it. The service need not run; see also static_site in the configuration.`,
  run: async (context): Promise<ExitCode> => {
    const [kind] = parse(context.args).positionals;
    if (kind === STATIC_SITE) return exportSite(context);
    if (kind === YAML) return exportInForce(context);
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
