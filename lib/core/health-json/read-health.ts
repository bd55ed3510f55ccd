import { excerptOf } from "../excerpt.ts";
import type { HealthStatus } from "./status.ts";
import { healthStatusOf, isHealthWord } from "./status.ts";

/** One component, measurement or dependency that a health document tells about. */
export type HealthEntry = {
  /** Unique in the document, the same in each document of its kind: "db", "redis:responseTime", "db/primary". */
  readonly key: string;
  readonly status: HealthStatus;
  /** The word that stood there; null when the entry has none, and so says nothing bad. */
  readonly word: string | null;
  /** What the entry says about itself: an output, a description, a value with its unit. At most 1 kB. */
  readonly note: string | null;
};

export type HealthDocument = {
  readonly status: HealthStatus;
  readonly word: string;
  /** The first 100 in the order of the document. */
  readonly entries: readonly HealthEntry[];
};

export const MAX_ENTRIES = 100;
const MAX_KEY_CHARACTERS = 200;
const MAX_DEPTH = 8;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textIn = (fields: Fields, ...names: readonly string[]): string | null => {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
  }
  return null;
};

const wordOf = (fields: Fields): string | null => {
  const word = Object.hasOwn(fields, "status") ? fields["status"] : undefined;
  return typeof word === "string" ? word : null;
};

/** Names of today and of earlier drafts (`metricValue`), of Terminus (`message`) and ASP.NET (`description`). */
const noteOf = (fields: Fields): string | null => {
  const said = textIn(fields, "output", "message", "description", "error", "exception");
  const value = textIn(fields, "observedValue", "metricValue");
  if (value === null) return said === null ? null : excerptOf(said);
  const unit = textIn(fields, "observedUnit", "metricUnit");
  const measured = unit === null ? value : `${value} ${unit}`;
  return excerptOf(said === null ? measured : `${measured}, ${said}`);
};

/** Where entries stand: health+json, Actuator, ASP.NET and its samples; older drafts, Actuator 1 and Terminus. */
const CONTAINERS = ["checks", "components", "entries", "results", "details"] as const;
/** Inside of an entry only these hold more of them; `details` there are plain facts, unless they have a status. */
const INNER_CONTAINERS = ["components", "details"] as const;

type Found = { readonly key: string; readonly fields: Fields };

const containerIn = (fields: Fields, names: readonly string[]): Fields | null => {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (isFields(value)) return value;
  }
  return null;
};

/** Several measurements under one name are told apart by their component, else by their place. */
const listed = (name: string, members: readonly unknown[]): readonly Found[] =>
  members.flatMap((fields, index) => {
    if (!isFields(fields)) return [];
    const component = textIn(fields, "componentId") ?? String(index + 1);
    return [{ key: members.length === 1 ? name : `${name}/${component}`, fields }];
  });

const foundIn = (container: Fields, prefix: string, needsStatus: boolean): readonly Found[] =>
  Object.entries(container).flatMap(([name, value]): readonly Found[] => {
    const key = `${prefix}${name}`;
    if (Array.isArray(value)) return listed(key, value.slice(0, MAX_ENTRIES));
    if (!isFields(value) || (needsStatus && wordOf(value) === null)) return [];
    return [{ key, fields: value }];
  });

/** A composite is told about by what it is made of; it is an entry itself only when it is made of nothing. */
const collect = (found: readonly Found[], depth: number, into: Found[]): void => {
  for (const each of found) {
    if (into.length >= MAX_ENTRIES) return;
    const inner = depth < MAX_DEPTH ? containerIn(each.fields, INNER_CONTAINERS) : null;
    const parts = inner === null ? [] : foundIn(inner, `${each.key}/`, true);
    if (parts.length === 0) into.push(each);
    else collect(parts, depth + 1, into);
  }
};

/** Keys are kept short, free of what a database refuses, and apart from each other. */
const uniqueKeys = (found: readonly Found[]): readonly HealthEntry[] => {
  const taken = new Set<string>();
  return found.map(({ key, fields }) => {
    const base = excerptOf(key.slice(0, MAX_KEY_CHARACTERS)) || "unnamed";
    let unique = base;
    for (let copy = 2; taken.has(unique); copy += 1) {
      const suffix = `#${copy}`;
      unique = `${base.slice(0, MAX_KEY_CHARACTERS - suffix.length)}${suffix}`;
    }
    taken.add(unique);
    const word = wordOf(fields);
    return { key: unique, status: word === null ? "pass" : healthStatusOf(word), word, note: noteOf(fields) };
  });
};

const entriesOf = (document: Fields): readonly HealthEntry[] => {
  const container = containerIn(document, CONTAINERS);
  const found: Found[] = [];
  if (container !== null) collect(foundIn(container, "", false), 1, found);
  else
    for (const name of ["info", "error"]) {
      const half = containerIn(document, [name]);
      if (half !== null) collect(foundIn(half, "", true), 1, found);
    }
  return uniqueKeys(found);
};

/**
 * Reads a parsed health document: health+json (draft-inadarei-api-health-check-06 and earlier), Spring Boot Actuator,
 * ASP.NET Core or NestJS Terminus. Null when it has no status, and so is none.
 */
export const readHealthDocument = (document: unknown): HealthDocument | null => {
  if (!isFields(document)) return null;
  const word = wordOf(document);
  if (word === null || word.trim() === "") return null;
  return { status: healthStatusOf(word), word: excerptOf(word.slice(0, 100)), entries: entriesOf(document) };
};

/** Reads a body: a document, or one of the known words alone, as ASP.NET Core answers unless it is told otherwise. */
export const readHealthBody = (text: string): HealthDocument | null => {
  const trimmed = text.replace(/^\ufeff/, "").trim();
  if (trimmed.length <= 20 && isHealthWord(trimmed))
    return { status: healthStatusOf(trimmed), word: trimmed, entries: [] };
  try {
    return readHealthDocument(JSON.parse(trimmed));
  } catch {
    return null;
  }
};
