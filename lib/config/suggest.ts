const LONGEST_WORD = 63;

/** Edits between two words (insert, delete, replace, swap neighbours), or more than `limit` when it is passed. */
const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    if (Math.min(...row) > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? limit + 1;
};

/** Spelling without what people vary: case, dashes and underscores. */
const skeletonOf = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, "");

export type Suggest = (word: string, candidates: Iterable<string>) => string | null;

/** Short lists of words (fields, methods) are asked again and again; long ones (ids) are not worth remembering. */
const REMEMBERED_WORDS = 100;

/**
 * Makes a function that finds the candidate nearest to a misspelt word, or null when none is near. It compares no more
 * than `budget` words in all, so that a file full of faults costs no more than a file with a few.
 */
export const createSuggester = (budget: number): Suggest => {
  let left = budget;
  const remembered = new Map<string, string | null>();

  const find = (word: string, candidates: Iterable<string>): string | null => {
    const skeleton = skeletonOf(word);
    let nearest: string | null = null;
    let limit = word.length <= 3 ? 1 : word.length <= 12 ? 2 : 3;
    for (const candidate of candidates) {
      left -= 1;
      if (left < 0) return nearest;
      if (skeletonOf(candidate) === skeleton) return candidate;
      // A candidate of which everything would have to change is not near, however short it is.
      const distance = editDistance(word, candidate, limit);
      if (distance <= limit && distance < candidate.length) {
        nearest = candidate;
        limit = distance - 1;
      }
    }
    return nearest;
  };

  return (word, candidates) => {
    if (word === "" || word.length > LONGEST_WORD) return null;
    if (!Array.isArray(candidates) || candidates.length > REMEMBERED_WORDS) return find(word, candidates);
    const key = `${word}\0${candidates.join()}`;
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const found = find(word, candidates);
    remembered.set(key, found);
    return found;
  };
};

/** The end of a message: ` (did you mean "oncall"?)`, or nothing. */
export const didYouMean = (suggestion: string | null): string =>
  suggestion === null ? "" : ` (did you mean "${suggestion}"?)`;
