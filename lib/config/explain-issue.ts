import type { z } from "zod";
import type { ConfigErrorKind, Fault, Path } from "./config-error.ts";
import { MAX_ERRORS, printable } from "./config-error.ts";
import type { Place } from "./locate.ts";
import type { Suggest } from "./suggest.ts";
import { didYouMean } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/** What is needed to put an issue of zod into our words. */
export type Explaining = {
  readonly valueAt: (path: Path) => unknown;
  readonly placeOf: (path: Path) => Place;
  readonly suggest: Suggest;
};

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

const describe = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return TYPE_WORDS[typeof value] ?? "something else";
};

const wrongType = (path: Path, expected: string, value: unknown): Fault => ({
  path,
  kind: "type",
  message: `must be ${TYPE_WORDS[expected] ?? expected}, got ${describe(value)}`,
});

/** Missing when nothing is written there: no key, or a key with nothing after it. An explicit null is a wrong type. */
const absent = (path: Path, value: unknown, explaining: Explaining): Fault | null => {
  if (value === undefined) return { path, kind: "missing", message: "is required" };
  if (value === null && explaining.placeOf(path).isBlank) return { path, kind: "missing", message: "has no value" };
  return null;
};

const TYPE_HINTS: Readonly<Record<string, string>> = {
  duration: "; write a number with a unit, such as 30s",
};

const explainType = (issue: Issue & { expected: string }, path: Path, explaining: Explaining): Fault => {
  const value = explaining.valueAt(path);
  const fault = absent(path, value, explaining) ?? wrongType(path, issue.expected, value);
  const isBareDuration = fault.kind === "type" && typeof value === "number" && /^(string|text)/.test(issue.expected);
  const isDurationField = /^(interval|timeout|threshold|window|long|short|slice|for|baseline)$/.test(
    String(path.at(-1)),
  );
  return isBareDuration && isDurationField ? { ...fault, message: `${fault.message}${TYPE_HINTS.duration}` } : fault;
};

const explainWord = (words: readonly unknown[], path: Path, explaining: Explaining): Fault => {
  const value = explaining.valueAt(path);
  const nothing = absent(path, value, explaining);
  if (nothing !== null) return nothing;
  if (typeof value !== typeof words[0]) return wrongType(path, typeof words[0], value);
  const suggestion = typeof value === "string" ? explaining.suggest(value, words.map(String)) : null;
  const list = words.length === 1 ? `${words[0]}` : `one of ${words.join(", ")}`;
  return {
    path,
    kind: "enum",
    message: `must be ${list}${didYouMean(suggestion)}`,
    suggestion: suggestion ?? undefined,
  };
};

const explainKey = (key: string, keys: readonly string[], path: Path, explaining: Explaining): Fault => {
  const suggestion = explaining.suggest(key, keys);
  const merge = key === "<<" ? ": merge keys are not part of YAML 1.2" : didYouMean(suggestion);
  const shown = /^[\w.<-]{1,40}$/.test(key) && !key.startsWith("whsec_") ? ` "${printable(key)}"` : "";
  return { path: [...path, key], kind: "unknown_field", message: `there is no field${shown} here${merge}` };
};

const isOfWrongType = (issues: readonly Issue[]): boolean =>
  issues.some((issue) => issue.code === "invalid_type" && issue.path.length === 0);

/**
 * What a value that may be one of two forms (text or a mapping) is reproached with: the issues of the form that it has.
 * Any other issue is left as it is.
 */
export const unfoldIssue = (issue: Issue): Issue[] => {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const meant = issue.errors.find((branch) => !isOfWrongType(branch));
  if (meant !== undefined) {
    return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }) as Issue).flatMap(unfoldIssue);
  }
  const words = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === "invalid_type" ? (TYPE_WORDS[inner.expected] ?? inner.expected) : [])),
  );
  return [{ ...issue, code: "invalid_type", expected: words.join(" or ") } as unknown as Issue];
};

/** The faults that one issue of zod stands for. `keysOf` lists the fields that a mapping at a path may have. */
export const explainIssue = (
  issue: Issue,
  keysOf: (path: Path) => readonly string[],
  explaining: Explaining,
): Fault[] => {
  const path = issue.path as Path;
  switch (issue.code) {
    case "invalid_type":
      return [explainType(issue, path, explaining)];
    case "invalid_value":
      return [explainWord(issue.values, path, explaining)];
    case "invalid_union":
      return [explainWord((issue as { options?: readonly string[] }).options ?? [], path, explaining)];
    case "unrecognized_keys":
      return issue.keys.slice(0, MAX_ERRORS).map((key) => explainKey(key, keysOf(path), path, explaining));
    case "too_small":
      return [{ path, kind: "range", message: "must have at least one entry" }];
    case "too_big":
      return [{ path, kind: "limit", message: `must have at most ${issue.maximum} entries` }];
    case "custom":
      return [{ path, kind: (issue.params?.kind as ConfigErrorKind | undefined) ?? "format", message: issue.message }];
    default:
      return [{ path, kind: "format", message: "is not of the required form" }];
  }
};
