import type { PathResult } from "../assertions.ts";
import type { Extraction } from "../definitions.ts";
import type { AssertionFailure } from "../outcome.ts";

export type ExtractionEngines = {
  readonly query: (path: string, document: unknown) => PathResult;
  /** What a pattern finds: its first group, or the whole match when it has none. Undefined: the pattern is not valid. */
  readonly find: (pattern: string, text: string) => string | null | undefined;
};

export type ExtractionSource = {
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyText: () => string;
};

export type Extracted =
  | { readonly kind: "values"; readonly values: ReadonlyMap<string, string> }
  | {
      readonly kind: "failed";
      readonly class: "body_mismatch" | "internal_error";
      readonly detail: string;
      readonly failures: readonly AssertionFailure[];
    };

/** A longer value is a page, not a value. */
const MAX_VALUE_CHARACTERS = 4_096;

const textOf = (value: unknown): string | null => {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return undefined;
  }
};

type Value = { readonly isValid: boolean; readonly text: string | null };
const found = (text: string | null): Value => ({ isValid: true, text });
const INVALID: Value = { isValid: false, text: null };

const valueOf = (
  extraction: Extraction,
  { headers, bodyText }: ExtractionSource,
  engines: ExtractionEngines,
): Value => {
  switch (extraction.from) {
    case "header":
      return found(headers.find(([name]) => name === extraction.header)?.[1] ?? null);
    case "pattern": {
      const text = engines.find(extraction.pattern, bodyText());
      return text === undefined ? INVALID : found(text);
    }
    case "json_path": {
      const document = parse(bodyText());
      if (document === undefined) return found(null);
      const result = engines.query(extraction.path, document);
      if (result.kind === "bad-path") return INVALID;
      return found(result.kind === "found" ? textOf(result.values[0]) : null);
    }
  }
};

const sourceOf = (extraction: Extraction): string => {
  switch (extraction.from) {
    case "header":
      return `header ${extraction.header}`;
    case "pattern":
      return "pattern";
    case "json_path":
      return `json_path ${extraction.path}`;
  }
};

/**
 * Takes the values that later steps need out of an answer. Each must be there: a text, a number or a truth value, not
 * empty, at most 4,096 characters. What was found is never shown, since it may be a secret.
 */
export const extractValues = (
  extractions: readonly Extraction[],
  source: ExtractionSource,
  engines: ExtractionEngines,
): Extracted => {
  const values = new Map<string, string>();
  for (const extraction of extractions) {
    const { isValid, text } = valueOf(extraction, source, engines);
    if (!isValid)
      return { kind: "failed", class: "internal_error", detail: `cannot extract ${extraction.name}`, failures: [] };
    if (text !== null && text !== "" && text.length <= MAX_VALUE_CHARACTERS) {
      values.set(extraction.name, text);
      continue;
    }
    const seen = text === null || text === "" ? "nothing" : `${text.length} characters`;
    const assertion = `extract ${extraction.name} from ${sourceOf(extraction)}`;
    return {
      kind: "failed",
      class: "body_mismatch",
      detail: `no value for ${extraction.name}`,
      failures: [{ assertion, expected: "a value", seen }],
    };
  }
  return { kind: "values", values };
};
