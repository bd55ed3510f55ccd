import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import { AppError } from "#lib/core/errors.ts";

const SUGGESTIONS = 1_000;

/** @throws AppError INVALID_REQUEST for the first id that is not known, with the nearest one that is. */
export const assertKnown = (ids: readonly string[], known: readonly string[], what: string): void => {
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return;
  const hint = didYouMean(createSuggester(SUGGESTIONS)(unknown, known));
  throw new AppError("INVALID_REQUEST", `there is no ${what} "${unknown}"${hint}`);
};
