import type { ParseArgsConfig } from "node:util";
import { readOptions } from "#lib/cli/read-options.ts";
import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import { AppError } from "#lib/core/errors.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Actions<O extends Options> = Readonly<
  Record<string, { readonly options: readonly (keyof O)[]; readonly takesId: boolean }>
>;

const usageError = (detail: string): AppError => new AppError("USAGE", detail);

/**
 * Reads the arguments of a command with subcommands: which one, the id where it takes one, and its options. `json` is for
 * all of them. @throws AppError USAGE, with the nearest word where one is near.
 */
export const readSubcommand = <O extends Options, A extends Actions<O>>(
  command: string,
  args: readonly string[],
  { options, actions }: { readonly options: O; readonly actions: A },
) => {
  const { values, positionals } = readOptions(args, { options, allowPositionals: true });
  const [first, ...rest] = positionals;
  const names = Object.keys(actions);
  if (first === undefined) throw usageError(`no subcommand was given; there are: ${names.join(", ")}`);
  const action = Object.hasOwn(actions, first) ? actions[first] : undefined;
  if (action === undefined) {
    const hint = didYouMean(createSuggester(100)(first, names));
    throw usageError(`"${first}" is not a subcommand of ${command}${hint}; there are: ${names.join(", ")}`);
  }
  const allowed = new Set<PropertyKey>([...action.options, "json"]);
  const foreign = Object.keys(values).find((name) => !allowed.has(name));
  if (foreign !== undefined) throw usageError(`--${foreign} is not an option of ${command} ${first}`);
  if (action.takesId && rest.length !== 1)
    throw usageError(`${command} ${first} needs one id ("${command} list" shows them)`);
  if (!action.takesId && rest.length > 0)
    throw usageError(`"${rest[0]}" is not expected; put texts of several words in quotes`);
  return { action: first as keyof A & string, id: rest[0] ?? "", values };
};

/** @throws AppError USAGE when the option is missing. */
export const requiredOption = (value: string | undefined, option: string): string => {
  if (value === undefined) throw usageError(`${option} is required`);
  return value;
};
