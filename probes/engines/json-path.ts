import type { JsonValue } from "jsonpath-rfc9535";
import { query } from "jsonpath-rfc9535";
import parse from "jsonpath-rfc9535/parser";
import type { PathResult } from "#lib/core/assertions.ts";

const MAX_CACHED = 1_000;
const MAX_PATH_CHARACTERS = 1_000;
const MAX_VALUES = 10_000;
/** Selectors of one bracket multiply over the segments: [0,0][0,0]… would visit a node without end. */
const MAX_FAN_OUT = 16;

const judged = new Map<string, boolean>();

type Node = { readonly type?: unknown; readonly [key: string]: unknown };
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;
const childrenOf = (node: Node): readonly Node[] =>
  Object.values(node).flatMap((value): readonly Node[] => {
    if (Array.isArray(value)) return value.filter(isNode);
    return isNode(value) ? [value] : [];
  });

const SWEEPING: ReadonlySet<unknown> = new Set([
  "DescendantSegment",
  "WildcardSelector",
  "SliceSelector",
  "FilterSelector",
]);

type Cost = { descendants: number; fanOut: number; isBad: boolean };
type Place = "query" | "filter" | "root query in a filter";

/**
 * A path is cheap when it visits each node of the document a bounded number of times: one "..", none inside a filter, no
 * query from the root inside a filter that sweeps over many nodes, and no functions that run patterns, since the package
 * runs those on a backtracking engine.
 */
const addCost = (node: Node, place: Place, cost: Cost): void => {
  if (node.type === "DescendantSegment") cost.descendants += place === "query" ? 1 : 2;
  if (node.type === "BracketedSelection" && Array.isArray(node["selectors"])) cost.fanOut *= node["selectors"].length;
  if (node.type === "FunctionExpr" && (node["name"] === "match" || node["name"] === "search")) cost.isBad = true;
  if (place === "root query in a filter" && SWEEPING.has(node.type)) cost.isBad = true;
  const inside = placeInside(node, place);
  for (const child of childrenOf(node)) addCost(child, inside, cost);
};

const placeInside = (node: Node, place: Place): Place => {
  if (place !== "query" && node.type === "JsonPathQuery") return "root query in a filter";
  return place === "query" && node.type === "FilterSelector" ? "filter" : place;
};

/** Whether a JSON path is valid (RFC 9535) and cheap on any document. */
export const isUsableJsonPath = (path: string): boolean => {
  if (path.length > MAX_PATH_CHARACTERS) return false;
  const known = judged.get(path);
  if (known !== undefined) return known;
  const cost: Cost = { descendants: 0, fanOut: 1, isBad: false };
  try {
    addCost(parse(path) as unknown as Node, "query", cost);
  } catch {
    cost.isBad = true;
  }
  const isUsable = !cost.isBad && cost.descendants <= 1 && cost.fanOut <= MAX_FAN_OUT;
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
