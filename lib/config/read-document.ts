import type { Document, LineCounter, Node, Pair } from "yaml";
import { isAlias, isMap, isScalar, isSeq } from "yaml";
import type { Fault, Path } from "./config-error.ts";
import { printable } from "./config-error.ts";

export const MAX_DEPTH = 64;
export const MAX_ALIASES = 100;
/** Values that aliases may add by repetition; bounds the work that a small file can ask for. */
const MAX_ALIASED_VALUES = 100_000;

const CORE_TAGS: ReadonlySet<string> = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`).concat("!"),
);
/** Keys that would reach into JavaScript's own objects. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor"]);

export type Mapping = Record<string, unknown>;

/** Whether a value of a document is a mapping: no list, not null. */
export const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

type Anchor = { isOpen: boolean; value: unknown; aliases: number; values: number };

type Reading = {
  readonly lines: LineCounter;
  readonly anchors: Map<string, Anchor>;
  readonly faults: Fault[];
  /** Aliases and values as if every alias were written out. */
  aliases: number;
  values: number;
  aliasedValues: number;
  /** Ends the reading: the file as a whole cannot be used. */
  fatal: Fault | null;
};

const lineOf = (reading: Reading, node: Node): number | undefined =>
  node.range ? reading.lines.linePos(node.range[0]).line : undefined;

const fail = (reading: Reading, node: Node, kind: Fault["kind"], message: string): null => {
  reading.fatal ??= { path: [], kind, message, line: lineOf(reading, node) };
  return null;
};

const readAlias = (reading: Reading, node: Node & { source: string }): unknown => {
  const anchor = reading.anchors.get(node.source);
  if (anchor === undefined)
    return fail(reading, node, "syntax", "an alias refers to an anchor that is not defined before it");
  if (anchor.isOpen) return fail(reading, node, "syntax", "an alias stands inside the value that it refers to");
  reading.aliases += 1 + anchor.aliases;
  reading.values += anchor.values;
  reading.aliasedValues += anchor.values;
  if (reading.aliases > MAX_ALIASES) {
    return fail(reading, node, "limit", `the file uses more than ${MAX_ALIASES} aliases, counted as if written out`);
  }
  if (reading.aliasedValues > MAX_ALIASED_VALUES) {
    return fail(reading, node, "limit", `aliases repeat more than ${MAX_ALIASED_VALUES} values`);
  }
  return anchor.value;
};

const readKey = (reading: Reading, pair: Pair, parent: Path): string | null => {
  const key = pair.key;
  if (!isScalar(key)) {
    reading.faults.push({ path: parent, kind: "type", message: "has a key that is not text" });
    return null;
  }
  const text = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
  checkTag(reading, key, [...parent, text]);
  return text;
};

const checkTag = (reading: Reading, node: Node, path: Path): void => {
  if (node.tag === undefined || CORE_TAGS.has(node.tag)) return;
  reading.faults.push({
    path,
    kind: "unsafe_tag",
    message: "has a YAML tag that is not allowed; remove it",
    line: lineOf(reading, node),
  });
};

const readPairs = (reading: Reading, pairs: readonly Pair[], path: Path, depth: number): Mapping => {
  const mapping: Mapping = Object.create(null);
  for (const pair of pairs) {
    const key = readKey(reading, pair, path);
    if (key === null) continue;
    const place = [...path, key];
    const line = lineOf(reading, pair.key as Node);
    const value = readNode(reading, pair.value as Node | null, place, depth + 1);
    if (reading.fatal !== null) break;
    if (FORBIDDEN_KEYS.has(key)) {
      reading.faults.push({ path: place, kind: "unknown_field", message: `"${key}" is not a field`, line });
    } else if (Object.hasOwn(mapping, key)) {
      // The first value stands, so that a wrong second one is no further fault.
      reading.faults.push({
        path: place,
        kind: "duplicate_key",
        message: `the key "${printable(key)}" is written twice`,
        line,
      });
    } else {
      mapping[key] = value;
    }
  }
  return mapping;
};

const readScalar = (reading: Reading, value: unknown, path: Path): unknown => {
  if (typeof value === "string" && /[\0\p{Cs}]/u.test(value)) {
    reading.faults.push({
      path,
      kind: "format",
      message: "holds a character that cannot be stored: NUL or half of a surrogate pair",
    });
  }
  return value;
};

const readContent = (reading: Reading, node: Node, path: Path, depth: number): unknown => {
  checkTag(reading, node, path);
  if (isScalar(node)) return readScalar(reading, node.value, path);
  if (depth > MAX_DEPTH) return fail(reading, node, "limit", `the file is nested deeper than ${MAX_DEPTH} levels`);
  if (isMap(node)) return readPairs(reading, node.items as Pair[], path, depth);
  if (!isSeq(node)) return null;
  const list: unknown[] = [];
  for (const [index, item] of node.items.entries()) {
    list.push(readNode(reading, item as Node, [...path, index], depth + 1));
    if (reading.fatal !== null) break;
  }
  return list;
};

const readNode = (reading: Reading, node: Node | null, path: Path, depth: number): unknown => {
  if (node === null || reading.fatal !== null) return null;
  if (isAlias(node)) return readAlias(reading, node);
  reading.values += 1;
  const name = (node as { anchor?: string }).anchor;
  if (name === undefined) return readContent(reading, node, path, depth);
  const anchor: Anchor = { isOpen: true, value: null, aliases: reading.aliases, values: reading.values - 1 };
  reading.anchors.set(name, anchor);
  anchor.value = readContent(reading, node, path, depth);
  anchor.aliases = reading.aliases - anchor.aliases;
  anchor.values = reading.values - anchor.values;
  anchor.isOpen = false;
  return anchor.value;
};

export type ReadDocument =
  | { readonly ok: true; readonly value: unknown; readonly faults: readonly Fault[] }
  | { readonly ok: false; readonly fault: Fault };

/**
 * Turns a parsed document into plain values: mappings without a prototype, aliases resolved to the same object. Faults
 * that have a path (tags, duplicate and forbidden keys) are collected; those of the whole file end the reading.
 */
export const readDocument = (document: Document, lines: LineCounter): ReadDocument => {
  const reading: Reading = {
    lines,
    anchors: new Map(),
    faults: [],
    aliases: 0,
    values: 0,
    aliasedValues: 0,
    fatal: null,
  };
  const value = readNode(reading, document.contents, [], 1);
  return reading.fatal === null ? { ok: true, value, faults: reading.faults } : { ok: false, fault: reading.fatal };
};
