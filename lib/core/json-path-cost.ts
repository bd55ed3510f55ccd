/** A parsed path of RFC 9535: nodes with a `type` and other nodes below. */
type Node = { readonly type?: unknown; readonly [key: string]: unknown };
type Place = "query" | "filter" | "root query in a filter";
type Cost = { descendants: number; fanOut: number; usesPattern: boolean; sweepsInFilter: boolean };

/** Longest path that is accepted, in characters. */
export const MAX_JSON_PATH_CHARACTERS = 1_000;
/** Selectors of one bracket multiply over the segments: [0,0][0,0]… would visit a node without end. */
const MAX_FAN_OUT = 16;

const SWEEPING: ReadonlySet<unknown> = new Set([
  "DescendantSegment",
  "WildcardSelector",
  "SliceSelector",
  "FilterSelector",
]);

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;
const childrenOf = (node: Node): readonly Node[] =>
  Object.values(node).flatMap((value): readonly Node[] => {
    if (Array.isArray(value)) return value.filter(isNode);
    return isNode(value) ? [value] : [];
  });

const placeInside = (node: Node, place: Place): Place => {
  if (place !== "query" && node.type === "JsonPathQuery") return "root query in a filter";
  return place === "query" && node.type === "FilterSelector" ? "filter" : place;
};

const addCost = (node: Node, place: Place, cost: Cost): void => {
  if (node.type === "DescendantSegment") cost.descendants += place === "query" ? 1 : 2;
  if (node.type === "BracketedSelection" && Array.isArray(node["selectors"])) cost.fanOut *= node["selectors"].length;
  if (node.type === "FunctionExpr" && (node["name"] === "match" || node["name"] === "search")) cost.usesPattern = true;
  if (place === "root query in a filter" && SWEEPING.has(node.type)) cost.sweepsInFilter = true;
  const inside = placeInside(node, place);
  for (const child of childrenOf(node)) addCost(child, inside, cost);
};

/**
 * Why a parsed JSON path may not be run, in words that follow "the path"; null when it is cheap on any document. A cheap
 * path visits each node a bounded number of times: one "..", none inside a filter, no query from the root inside a filter
 * that sweeps over many nodes, and no functions that run patterns, since those run on a backtracking engine.
 */
export const jsonPathObjection = (parsed: unknown): string | null => {
  if (!isNode(parsed)) return "must be a path of RFC 9535, such as $.status";
  const cost: Cost = { descendants: 0, fanOut: 1, usesPattern: false, sweepsInFilter: false };
  addCost(parsed, "query", cost);
  if (cost.usesPattern) return "must not call match() or search(); use the operator matches";
  if (cost.descendants > 1)
    return 'must hold ".." at most once, and not inside a filter: a large answer could stall the check';
  if (cost.sweepsInFilter)
    return "must not search the whole document inside a filter: a large answer could stall the check";
  return cost.fanOut > MAX_FAN_OUT ? `must not select more than ${MAX_FAN_OUT} times the same place` : null;
};
