import type { ParseArgsConfig } from "node:util";
import { readOptions } from "#lib/cli/read-options.ts";
import { readWord, usageError } from "#lib/cli/usage-error.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Actions<O extends Options> = Readonly<
  Record<string, { readonly options: readonly (keyof O)[]; readonly takesId: boolean }>
>;

/**
 * Reads the arguments of a command with subcommands: which one, the id where it takes one, and its options. `json` is for
 * all of them; `idName` is what people call an id. @throws AppError USAGE, with the nearest word where one is near.
 */
export const readSubcommand = <O extends Options, A extends Actions<O>>(
  command: string,
  args: readonly string[],
  { options, actions, idName = "id" }: { readonly options: O; readonly actions: A; readonly idName?: string },
) => {
  const { values, positionals } = readOptions(args, { options, allowPositionals: true });
  const [first, ...rest] = positionals;
  const names = Object.keys(actions) as (keyof A & string)[];
  if (first === undefined) throw usageError(`no subcommand was given; there are: ${names.join(", ")}`);
  const name = readWord(first, names, "subcommand");
  const action = actions[name] as A[string];
  const allowed = new Set<PropertyKey>([...action.options, "json"]);
  const foreign = Object.keys(values).find((option) => !allowed.has(option));
  if (foreign !== undefined) throw usageError(`--${foreign} is not an option of ${command} ${name}`);
  if (action.takesId && rest.length !== 1)
    throw usageError(`${command} ${name} needs one ${idName} ("${command} list" shows them)`);
  if (!action.takesId && rest.length > 0)
    throw usageError(`"${rest[0]}" is not expected; put texts of several words in quotes`);
  return { action: name, id: rest[0] ?? "", values };
};
