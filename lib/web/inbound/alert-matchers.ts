import { RE2JS } from "re2js";
import { AppError } from "#lib/core/errors.ts";

/** Whether an alert with these labels is meant. A label that is not there is the empty text. */
export type AlertMatcher = (labels: Readonly<Record<string, string>>) => boolean;

const FORM = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s]*))\s*$/s;
const LONGEST = 1_000;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", '"': '"', "\\": "\\" };

const isAnyOf = (pattern: string): ((text: string) => boolean) => {
  try {
    const compiled = RE2JS.compile(pattern);
    return (text) => compiled.matches(text);
  } catch {
    throw new AppError("INVALID_REQUEST", "filter: must be a pattern of RE2");
  }
};

/**
 * Reads a matcher as Alertmanager writes it: `name="value"` with `=`, `!=`, `=~` or `!~`; patterns hold for the whole value.
 * @throws AppError INVALID_REQUEST
 */
export const readMatcher = (text: string): AlertMatcher => {
  const found = text.length > LONGEST ? null : FORM.exec(text);
  if (found === null) throw new AppError("INVALID_REQUEST", 'filter: must be a matcher such as service="shop"');
  const [, name = "", operator, quoted, bare = ""] = found;
  const value = quoted === undefined ? bare : quoted.replace(/\\(.)/gs, (all, one: string) => ESCAPES[one] ?? all);
  const isLike = operator === "=~" || operator === "!~" ? isAnyOf(value) : (label: string) => label === value;
  const isWanted = operator === "=" || operator === "=~";
  return (labels) => isLike(Object.hasOwn(labels, name) ? (labels[name] ?? "") : "") === isWanted;
};
