import { RE2JS } from "re2js";

const MAX_CACHED = 1_000;
const MAX_PATTERN_CHARACTERS = 1_000;
const compiled = new Map<string, RE2JS | null>();

const compile = (pattern: string): RE2JS | null => {
  if (pattern.length > MAX_PATTERN_CHARACTERS) return null;
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
};

/** Whether a user's pattern is found in a text, in time linear in the text. Null: the pattern is not valid. */
export const matchesPattern = (pattern: string, text: string): boolean | null => {
  let regex = compiled.get(pattern);
  if (regex === undefined) {
    regex = compile(pattern);
    if (compiled.size >= MAX_CACHED) compiled.clear();
    compiled.set(pattern, regex);
  }
  return regex === null ? null : regex.matcher(text).find();
};
