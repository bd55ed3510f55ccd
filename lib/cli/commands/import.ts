import { readFile } from "node:fs/promises";
import type { Command, ExitCode } from "#lib/cli/command.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { showFidelity } from "#lib/cli/show-fidelity.ts";
import { usageError } from "#lib/cli/usage-error.ts";
import type { Fidelity } from "#lib/config/foreign/fidelity.ts";
import { createFidelity } from "#lib/config/foreign/fidelity.ts";
import { fromOpenSlo } from "#lib/config/foreign/from-openslo.ts";
import { fromPyrra } from "#lib/config/foreign/from-pyrra.ts";
import { fromSloth } from "#lib/config/foreign/from-sloth.ts";
import type { ImportedSlo } from "#lib/config/foreign/imported.ts";
import { ninesYaml, parseDocuments, toNinesFile } from "#lib/config/foreign/nines-file.ts";
import type { SourceOption } from "#lib/config/foreign/sources.ts";
import { AppError, errorCodeOf } from "#lib/core/errors.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";

const USAGE = "nines import openslo|sloth|pyrra FILE… [--source URL] [--source NAME=URL]… [--json]";

type Importer = (parsed: readonly unknown[], options: SourceOption, fidelity: Fidelity) => ImportedSlo[];
const IMPORTERS: Readonly<Record<string, Importer>> = { openslo: fromOpenSlo, sloth: fromSloth, pyrra: fromPyrra };
const MAX_FILE_BYTES = 2_000_000;

type Arguments = {
  readonly importer: Importer;
  readonly files: readonly string[];
  readonly options: SourceOption;
  readonly asJson: boolean;
};

const sourcesOf = (texts: readonly string[]): SourceOption => {
  const byName = new Map<string, string>();
  let standard: string | null = null;
  for (const text of texts) {
    const [, name, url = text] = /^([^=:/]+)=(.+)$/.exec(text) ?? [];
    const parsed = URL.parse(url);
    if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.username !== "" || parsed.password !== "")
      throw usageError("--source takes an http or https address without user name and password");
    const address = url.replace(/\/+$/, "");
    if (name === undefined) standard = address;
    else byName.set(name, address);
  }
  return { byName, standard };
};

const readArguments = (args: readonly string[]): Arguments => {
  const parsed = parse(args);
  const [kind = "", ...files] = parsed.positionals;
  const importer = Object.hasOwn(IMPORTERS, kind) ? IMPORTERS[kind] : undefined;
  if (importer === undefined)
    throw usageError(`say what the files are, openslo, sloth or pyrra${kind === "" ? "" : `; not "${kind}"`}`);
  if (files.length === 0) throw usageError("name at least one file");
  return { importer, files, options: sourcesOf(parsed.values.source ?? []), asJson: parsed.values.json === true };
};

const parse = (args: readonly string[]) =>
  readOptions(args, {
    options: { json: { type: "boolean" }, source: { type: "string", multiple: true } },
    allowPositionals: true,
  });

const readDocuments = async (file: string): Promise<unknown[]> => {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    throw new AppError("CONFIG_UNREADABLE", `${file}: ${code === "ENOENT" ? "no such file" : code}`);
  }
  if (bytes.length > MAX_FILE_BYTES) throw new AppError("CONFIG_INVALID", `${file}: larger than 2 MB`);
  return parseDocuments(bytes.toString("utf8"));
};

const readAll = async (files: readonly string[], fidelity: Fidelity): Promise<unknown[]> => {
  const documents: unknown[] = [];
  for (const file of files) {
    try {
      documents.push(...(await readDocuments(file)));
    } catch (error) {
      if (!(error instanceof AppError) || errorCodeOf(error) !== "CONFIG_INVALID") throw error;
      fidelity.refused(file, error.detail);
    }
  }
  return documents;
};

export const command: Command = {
  summary: "take SLOs over from OpenSLO v1, Sloth or Pyrra, and say what became of each field",
  usage: `Usage: ${USAGE}

Prints a configuration on standard output and the report on standard error; with --json both as one JSON document.
References between files are followed when all files are named. --source is the address of the Prometheus server,
NAME=URL that of one DataSource. Exit code 1: something was refused; the message names the field.`,
  run: async ({ args, stdout, stderr }): Promise<ExitCode> => {
    const { importer, files, options, asJson } = readArguments(args);
    const fidelity = createFidelity();
    const imported = importer(await readAll(files, fidelity), options, fidelity);
    const config = toNinesFile(imported, (url) => judgeUrl(url, []).verdict === "deny", fidelity);
    const isRefused = fidelity.entries.some(({ fate }) => fate === "refused");
    if (asJson) {
      const document = { ok: !isRefused, config: imported.length === 0 ? null : config, report: fidelity.entries };
      stdout.write(`${JSON.stringify(document)}\n`);
    } else {
      if (imported.length > 0) stdout.write(ninesYaml(config));
      stderr.write(showFidelity(fidelity.entries, `${imported.length} SLOs taken over`));
    }
    return isRefused || imported.length === 0 ? 1 : 0;
  },
};
