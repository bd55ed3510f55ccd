import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import { AppError } from "#lib/core/errors.ts";

/** The longest list of words that a suggestion is looked for in. */
const MOST_WORDS = 100;

/** A command line that cannot be meant: the usage of the command is shown with it, and the exit code is 2. */
export const usageError = (detail: string): AppError => new AppError("USAGE", detail);

/** One of the allowed words. @throws AppError USAGE, with the words and the nearest one. */
export const readWord = <Word extends string>(text: string, words: readonly Word[], what: string): Word => {
  const word = words.find((one) => one === text);
  if (word !== undefined) return word;
  const hint = didYouMean(createSuggester(MOST_WORDS)(text, words));
  throw usageError(`there is no ${what} "${text}"${hint}; there are: ${words.join(", ")}`);
};

/** @throws AppError USAGE when the option is missing. */
export const requiredOption = (value: string | undefined, option: string): string => {
  if (value === undefined) throw usageError(`${option} is required`);
  return value;
};
