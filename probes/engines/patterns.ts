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

/**
 * What a user's pattern finds first in a text: its first group, or the whole match when it has none. Null: nothing.
 * Undefined: the pattern is not valid.
 */
export const findPattern = (pattern: string, text: string): string | null | undefined => {
  if (matchesPattern(pattern, "") === null) return undefined;
  const matcher = compiled.get(pattern)?.matcher(text);
  if (matcher === undefined || !matcher.find()) return null;
  return matcher.group(matcher.groupCount() > 0 ? 1 : 0);
};
