import { readFile, writeFile } from "node:fs/promises";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { COLLECTION, outdatedFiles, writeCollection } from "#lib/cli/docs/collection-files.ts";
import { errorReference } from "#lib/cli/docs/error-reference.ts";
import { releasedSpec } from "#lib/cli/docs/released-spec.ts";
import type { Spec } from "#lib/cli/docs/spec-diff.ts";
import { specDiff } from "#lib/cli/docs/spec-diff.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { apiDescription } from "#lib/config/api/description.ts";
import { configReference, configSchemaFile } from "#lib/config/reference.ts";
import { VERSION } from "#lib/runtime/version.ts";

/** Files of the repository that are made from the schema of the configuration and the catalogue of errors. */
export const GENERATED_DOCS: Readonly<Record<string, () => string>> = {
  "docs/configuration.md": configReference,
  "docs/nines.schema.json": configSchemaFile,
  "docs/errors.md": errorReference,
};

const urlOf = (name: string): URL => new URL(`../../../${name}`, import.meta.url);

const readIfThere = async (name: string): Promise<string | null> => {
  try {
    return await readFile(urlOf(name), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
};

const wantsCheckOnly = (args: readonly string[]): boolean =>
  readOptions(args, { options: { check: { type: "boolean" } } }).values.check === true;

/** The description of the last release beside what the code serves now. */
const diff = async ({ stdout }: CommandContext): Promise<ExitCode> => {
  const before = await releasedSpec();
  const after = apiDescription({ version: VERSION, serverUrl: "https://status.example.com" }) as unknown as Spec;
  const { breaking, added } = specDiff(before, after);
  for (const line of added) stdout.write(`new: ${line}\n`);
  for (const line of breaking) stdout.write(`breaks: ${line}\n`);
  stdout.write(breaking.length === 0 ? "nothing breaks what the last release promised\n" : "");
  return breaking.length === 0 ? 0 : 1;
};

const wordFor = (isCurrent: boolean, isCheckOnly: boolean): string => {
  if (isCurrent) return "up to date";
  return isCheckOnly ? 'out of date; run "npm run docs"' : "written";
};

const run = async (context: CommandContext): Promise<ExitCode> => {
  if (context.args[0] === "diff" && context.args.length === 1) return diff(context);
  const { args, stdout } = context;
  const isCheckOnly = wantsCheckOnly(args);
  let code: ExitCode = 0;
  for (const [name, make] of Object.entries(GENERATED_DOCS)) {
    const text = make();
    const isCurrent = (await readIfThere(name)) === text;
    if (!isCurrent && isCheckOnly) code = 1;
    if (!isCurrent && !isCheckOnly) await writeFile(urlOf(name), text);
    stdout.write(`${name}: ${wordFor(isCurrent, isCheckOnly)}\n`);
  }
  const isInStep = (await outdatedFiles()).length === 0;
  if (!isInStep && isCheckOnly) code = 1;
  if (!isInStep && !isCheckOnly) await writeCollection();
  stdout.write(`${COLLECTION}: ${wordFor(isInStep, isCheckOnly)}\n`);
  return code;
};

export const command: Command = {
  summary: "write the configuration reference, its JSON Schema and the list of errors (for developers)",
  usage: `Usage: nines docs [--check]\n       nines docs diff\n\nWrites ${Object.keys(GENERATED_DOCS).join(", ")} and ${COLLECTION} from their sources.\n  --check  write nothing; exit 1 when a file is out of date\n  diff     what is new in the API since the last release (docs/openapi), and exit 1 when something breaks clients`,
  run,
};
