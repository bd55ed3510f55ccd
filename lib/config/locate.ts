import type { Document, LineCounter, Node, Pair } from "yaml";
import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Path } from "./config-error.ts";

/** Where a path lies in the text. */
export type Place = {
  /** From 1, of the key in a mapping or of the entry in a list; of the nearest enclosing value when the path does not exist. */
  readonly line: number | null;
  /** Offset of the value: two paths that share it (through an alias) mean the same text. Null when the path does not exist. */
  readonly offset: number | null;
  /** A key without anything after it. */
  readonly isBlank: boolean;
  /** A scalar as written, without quotes. */
  readonly source: string | null;
};

const keyText = (pair: Pair): string | null =>
  isScalar(pair.key)
    ? typeof pair.key.value === "string"
      ? pair.key.value
      : (pair.key.source ?? String(pair.key.value))
    : null;

/** Makes a function that finds the place of a path in a parsed document. */
export const createLocator = (document: Document, lines: LineCounter): ((path: Path) => Place) => {
  const anchors = new Map<string, Node>();
  const follow = (node: Node | null): Node | null => {
    if (node === null || !isAlias(node)) return node;
    if (!anchors.has(node.source)) {
      const target = node.resolve(document);
      if (target !== undefined) anchors.set(node.source, target);
    }
    return anchors.get(node.source) ?? null;
  };
  const offsetOf = (node: Node | null): number | null => node?.range?.[0] ?? null;
  const lineAt = (offset: number | null): number | null => (offset === null ? null : lines.linePos(offset).line);

  return (path) => {
    let node = follow(document.contents);
    let line = lineAt(offsetOf(node));
    for (const segment of path) {
      let next: Node | null = null;
      if (isMap(node)) {
        const pair = (node.items as Pair[]).find((item) => keyText(item) === segment);
        if (pair === undefined) return { line, offset: null, isBlank: false, source: null };
        line = lineAt(offsetOf(pair.key as Node)) ?? line;
        next = pair.value as Node | null;
      } else if (isSeq(node) && typeof segment === "number" && segment < node.items.length) {
        next = node.items[segment] as Node;
        line = lineAt(offsetOf(next)) ?? line;
      } else {
        return { line, offset: null, isBlank: false, source: null };
      }
      node = follow(next);
    }
    const isBlank = node === null || (isScalar(node) && node.value === null && (node.source ?? "") === "");
    return { line, offset: offsetOf(node), isBlank, source: isScalar(node) ? (node.source ?? null) : null };
  };
};
