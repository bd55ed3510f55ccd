import { createSuggester, didYouMean } from "#lib/config/suggest.ts";
import { AppError } from "#lib/core/errors.ts";

/** A suggestion compares no more words than that. */
const MOST_COMPARED = 1_000;
/** Enough to see how ids look; the rest is in the lists of the API. */
const MOST_NAMED = 20;

/** What is said behind an id that nobody knows: the nearest known one, else those that there are. */
export const hintFor = (unknown: string, known: readonly string[]): string => {
  const nearest = didYouMean(createSuggester(MOST_COMPARED)(unknown, known));
  if (nearest !== "") return nearest;
  const more = known.length > MOST_NAMED ? " …" : "";
  return `; there are: ${known.slice(0, MOST_NAMED).join(", ") || "none"}${more}`;
};

/** @throws AppError INVALID_REQUEST for the first id that no row has, with a hint. */
export const assertKnown = (
  ids: readonly string[],
  rows: readonly { readonly id: string }[],
  what: "service" | "SLO" | "probe",
): void => {
  const known = rows.map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return;
  throw new AppError("INVALID_REQUEST", `there is no ${what} "${unknown}"${hintFor(unknown, known)}`);
};
