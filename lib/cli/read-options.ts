import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";
import { AppError } from "#lib/core/errors.ts";

/** What was given on the command line, as `parseArgs` of Node reads it. @throws AppError USAGE */
export const readOptions = <const Config extends Omit<ParseArgsConfig, "args">>(
  args: readonly string[],
  config: Config,
): ReturnType<typeof parseArgs<Config>> => {
  try {
    return parseArgs({ ...config, args: [...args] }) as ReturnType<typeof parseArgs<Config>>;
  } catch (error) {
    throw new AppError("USAGE", error instanceof Error ? error.message : String(error), { cause: error });
  }
};
