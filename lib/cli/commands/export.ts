import { stringify } from "yaml";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { openSecrets } from "#lib/cli/open-secrets.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { showFidelity } from "#lib/cli/show-fidelity.ts";
import { readConfigFile } from "#lib/cli/start/read-config-file.ts";
import { drawSite, publicView, withPublished } from "#lib/cli/static-site/export-site.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import { exportYaml } from "#lib/commands/config/export-yaml.ts";
import { DEFAULT_CONFIG_PATH, readEnvironment } from "#lib/config/env.ts";
import type { Fidelity } from "#lib/config/foreign/fidelity.ts";
import { createFidelity } from "#lib/config/foreign/fidelity.ts";
import { toOpenSlo } from "#lib/config/foreign/to-openslo.ts";
import { toPrometheusRules } from "#lib/config/foreign/to-prometheus-rules.ts";
import { documentsOnPage } from "#lib/contracts/page-view.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { MAIN_PAGE_ID } from "#lib/contracts/snapshot-pages.ts";
import type { Config } from "#lib/core/definitions.ts";
import type { ArchiveStore } from "#lib/web/archive-store.ts";

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
    throw usageError(
      `say what to write, openslo, prometheus-rules, yaml or static-site${kind === "" ? "" : `; not "${kind}"`}`,
    );
  if (rest.length > 0) throw usageError("name the configuration with --config");
  const path = parsed.values.config ?? readEnvironment(env).configPath ?? DEFAULT_CONFIG_PATH;
  return { exporter, path, asJson: parsed.values.json === true };
};

type SiteOptions = { readonly directory: string; readonly pageId: string; readonly url: string | undefined };

const drawPublished = async (
  context: CommandContext,
  { snapshot, archive }: { readonly snapshot: Snapshot; readonly archive: ArchiveStore },
  { directory, pageId, url: asked }: SiteOptions,
) => {
  const { view, page } = publicView(snapshot, pageId);
  const url = view.page.url ?? asked ?? null;
  if (url === null)
    context.stderr.write(
      "the page has no address: links in feeds start with http://localhost; see page.url, or --url\n",
    );
  const result = await drawSite(view, {
    directory,
    fallbackUrl: url?.replace(/\/+$/, "") ?? "http://localhost",
    archived: async (entries) => documentsOnPage(await archive.read(entries), page, snapshot),
  });
  return { ok: true, directory, page: pageId, dataAsOf: view.dataAsOf, ...result };
};

/** Writes the page as it was published last. */
const exportSite = async (context: CommandContext): Promise<ExitCode> => {
  const { values, positionals } = parse(context.args);
  const [, directory, ...rest] = positionals;
  if (directory === undefined || rest.length > 0) throw usageError("name one folder to write the page to");
  const options = { directory, pageId: values.page ?? MAIN_PAGE_ID, url: values.url };
  const facts = await withPublished(context.env, (snapshot, archive) =>
    drawPublished(context, { snapshot, archive }, options),
  );
  const { files, written, removed, dataAsOf } = facts;
  context.stdout.write(
    values.json === true
      ? `${JSON.stringify(facts)}\n`
      : `${files} files in ${directory}, ${written} written, ${removed} removed; data as of ${dataAsOf}\n`,
  );
  return 0;
};

/** Writes what is in force, with what was made by API, as one configuration file. */
const exportInForce = async (context: CommandContext): Promise<ExitCode> => {
  if (parse(context.args).positionals.length > 1) throw usageError("yaml takes no other words");
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
