import { readFile, writeFile } from "node:fs/promises";
import type { Command, CommandContext, ExitCode } from "#lib/cli/command.ts";
import { errorReference } from "#lib/cli/docs/error-reference.ts";
import { readOptions } from "#lib/cli/read-options.ts";
import { configReference, configSchemaFile } from "#lib/config/reference.ts";

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

const run = async ({ args, stdout }: CommandContext): Promise<ExitCode> => {
  const isCheckOnly = wantsCheckOnly(args);
  let code: ExitCode = 0;
  for (const [name, make] of Object.entries(GENERATED_DOCS)) {
    const text = make();
    const isCurrent = (await readIfThere(name)) === text;
    if (!isCurrent && isCheckOnly) code = 1;
    if (!isCurrent && !isCheckOnly) await writeFile(urlOf(name), text);
    stdout.write(
      `${name}: ${isCurrent ? "up to date" : isCheckOnly ? 'out of date; run "npm run docs"' : "written"}\n`,
    );
  }
  return code;
};

export const command: Command = {
  summary: "write the configuration reference, its JSON Schema and the list of errors (for developers)",
  usage: `Usage: nines docs [--check]\n\nWrites ${Object.keys(GENERATED_DOCS).join(", ")} from their sources.\n  --check  write nothing; exit 1 when a file is out of date`,
  run,
};
