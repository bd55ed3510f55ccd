import type { Document, LineCounter } from "yaml";
import { LineCounter as createLineCounter, Lexer, parseDocument } from "yaml";
import type { Fault } from "./config-error.ts";

/** Files of 10,000 probes stay under 900,000 tokens; lists of millions of commas exist only to keep us busy. */
const MAX_TOKENS = 1_000_000;
/** Smaller files cannot pass the limit. */
const COUNT_TOKENS_FROM = 500_000;

/** Our own words: those of the parser quote the file, which may hold a secret at that very place. */
const WORDING: Readonly<Record<string, string>> = {
  BAD_ALIAS: "an alias is not written correctly",
  BAD_COLLECTION_TYPE: "a tag does not fit the value that it stands before",
  BAD_DIRECTIVE: "a line that starts with % is not a directive of YAML",
  BAD_DQ_ESCAPE: "a backslash in double quotes starts no known escape; write \\\\ for a backslash or use single quotes",
  BAD_INDENT: "the indentation is wrong, or a bracket or brace is not closed",
  BAD_SCALAR_START: "a value starts with a character that YAML reserves; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "two keys stand on one line; start a new line, or put the value in quotes",
  BLOCK_IN_FLOW: "an indented list or mapping stands inside brackets or braces",
  COMMENT_SPACE: "a comment needs a space before its #",
  IMPOSSIBLE: "this is not YAML",
  KEY_OVER_1024_CHARS: "a key is longer than 1,024 characters",
  MISSING_CHAR: "a character is missing: a closing quote, bracket or brace, a comma, or the space after a colon",
  MULTILINE_IMPLICIT_KEY: "a key is spread over several lines; a colon or a closing quote may be missing",
  MULTIPLE_ANCHORS: "a value has two anchors",
  MULTIPLE_DOCS: "the file holds more than one document; remove the line ---",
  MULTIPLE_TAGS: "a value has two tags",
  NON_STRING_KEY: "a key is not text",
  TAB_AS_INDENT: "a tab is used as indentation; use spaces",
  UNEXPECTED_TOKEN: "something stands where YAML does not expect it; a quote, comma or bracket may be missing",
};

export type ParsedYaml =
  | { readonly ok: true; readonly document: Document; readonly lines: LineCounter }
  | { readonly ok: false; readonly fault: Fault };

const hasTooManyTokens = (text: string): boolean => {
  if (text.length < COUNT_TOKENS_FROM) return false;
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    count += 1;
    if (count > MAX_TOKENS) return true;
  }
  return false;
};

const refuse = (kind: Fault["kind"], message: string, line?: number): ParsedYaml => ({
  ok: false,
  fault: { path: [], kind, message, line },
});

const TOO_DEEP = "the file is nested deeper than 64 levels";

/**
 * Parses YAML 1.2 with the core schema. Only the first fault of syntax is told, because the parser's later ones are
 * mostly consequences of it. Tags and duplicate keys are left to `readDocument`, which knows their paths.
 */
export const parseYaml = (text: string): ParsedYaml => {
  if (hasTooManyTokens(text)) return refuse("limit", "the file holds too many values");
  const lines = new createLineCounter();
  let document: Document;
  try {
    document = parseDocument(text, {
      schema: "core",
      version: "1.2",
      resolveKnownTags: false,
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      strict: true,
      logLevel: "error",
      lineCounter: lines,
    }) as Document;
  } catch (error) {
    // The composer is recursive: what it cannot hold on its stack is far beyond our own limit of depth.
    if (error instanceof RangeError) return refuse("limit", TOO_DEEP);
    return refuse("syntax", "this is not YAML");
  }
  const complaints = [...document.errors, ...document.warnings].filter((fault) => fault.code !== "TAG_RESOLVE_FAILED");
  if (complaints.some((fault) => fault.code === "RESOURCE_EXHAUSTION")) return refuse("limit", TOO_DEEP);
  const first = complaints.toSorted((a, b) => a.pos[0] - b.pos[0])[0];
  if (first === undefined) return { ok: true, document, lines };
  // A file that ends too early is reported at its end, where the last line is empty.
  const offset = Math.min(first.pos[0], text.trimEnd().length);
  return refuse("syntax", WORDING[first.code] ?? "this is not YAML", lines.linePos(offset).line || 1);
};
