import type { JsonValue } from "jsonpath-rfc9535";
import { query } from "jsonpath-rfc9535";
import parse from "jsonpath-rfc9535/parser";
import type { PathResult } from "#lib/core/assertions.ts";
import { jsonPathObjection, MAX_JSON_PATH_CHARACTERS } from "#lib/core/json-path-cost.ts";

const MAX_CACHED = 1_000;
const MAX_VALUES = 10_000;
const judged = new Map<string, boolean>();

const isCheap = (path: string): boolean => {
  try {
    return jsonPathObjection(parse(path)) === null;
  } catch {
    return false;
  }
};

/** Whether a JSON path is valid (RFC 9535) and cheap on any document. */
export const isUsableJsonPath = (path: string): boolean => {
  if (path.length > MAX_JSON_PATH_CHARACTERS) return false;
  const known = judged.get(path);
  if (known !== undefined) return known;
  const isUsable = isCheap(path);
  if (judged.size >= MAX_CACHED) judged.clear();
  judged.set(path, isUsable);
  return isUsable;
};

/** Finds a path in a parsed document; at most 10,000 values are kept. No script is ever run. */
export const queryJsonPath = (path: string, document: unknown): PathResult => {
  if (!isUsableJsonPath(path)) return { kind: "bad-path" };
  try {
    // `query` keeps no paths of what it visits: keeping them makes deep documents cost the square of their depth.
    return { kind: "found", values: query(document as JsonValue, path).slice(0, MAX_VALUES) };
  } catch {
    return { kind: "bad-document" };
  }
};
