import { AppError } from "#lib/core/errors.ts";

export const FATES = ["kept", "changed", "dropped", "refused"] as const;
/** What became of a field of a foreign file. */
export type Fate = (typeof FATES)[number];

export type FidelityEntry = {
  readonly fate: Fate;
  /** The document, such as `SLO/checkout`. */
  readonly object: string;
  /** The field in it, such as `spec.objectives[0].target`; empty for the whole document. */
  readonly field: string;
  /** What it became, or why not. */
  readonly note: string;
};

/** A value in a foreign document that knows where it stands, so that nothing of the file gets lost silently. */
export type Cursor = {
  readonly object: string;
  readonly path: string;
  readonly value: unknown;
  /** A field of a mapping or an item of a list; its value is undefined when there is none. */
  readonly at: (key: string | number) => Cursor;
  /** The items of a list; a missing or empty list has none. */
  readonly items: () => Cursor[];
  readonly exists: () => boolean;
  /** Text as written; numbers and booleans as their text; null when there is nothing. Refuses lists and mappings. */
  readonly text: () => string | null;
  readonly keep: (note: string) => void;
  readonly change: (note: string) => void;
  readonly drop: (note: string) => void;
  /** The SLO cannot be taken over. @throws AppError CONFIG_INVALID, whose detail begins with the field. */
  readonly refuse: (why: string) => never;
};

/** Collects what became of each field, and notices fields that nobody asked about. */
export type Fidelity = {
  readonly entries: FidelityEntry[];
  readonly cursor: (object: string, document: unknown) => Cursor;
  readonly refused: (object: string, detail: string) => void;
  /** Adds an entry for each field of a document that was never looked at. */
  readonly close: (object: string, document: unknown) => void;
};

/** Whether a value is a mapping: no list, not null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const childPath = (path: string, key: string | number): string => {
  if (typeof key === "number") return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
};

const childOf = (value: unknown, key: string | number): unknown => {
  if (typeof key === "number") return Array.isArray(value) ? (value as unknown[])[key] : undefined;
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
};

/** All paths of a value that hold something other than a list or a mapping. */
const leavesOf = (value: unknown, path = ""): string[] => {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, childPath(path, index)));
  if (isRecord(value)) return Object.entries(value).flatMap(([key, item]) => leavesOf(item, childPath(path, key)));
  return value === undefined || value === null ? [] : [path];
};

const covers = (seen: string, leaf: string): boolean =>
  leaf === seen || leaf.startsWith(`${seen}.`) || leaf.startsWith(`${seen}[`);

/** Collects what became of each field of a foreign file; the same entry stands once. */
export const createFidelity = (): Fidelity => {
  const entries: FidelityEntry[] = [];
  const add = (fate: Fate, object: string, field: string, note: string): void => {
    if (
      !entries.some(
        (each) => each.fate === fate && each.object === object && each.field === field && each.note === note,
      )
    )
      entries.push({ fate, object, field, note });
  };

  const cursorAt = (object: string, path: string, value: unknown): Cursor => {
    const refuse = (why: string): never => {
      throw new AppError("CONFIG_INVALID", `${path}: ${why}`);
    };
    return {
      object,
      path,
      value,
      at: (key) => cursorAt(object, childPath(path, key), childOf(value, key)),
      items: () =>
        Array.isArray(value) ? value.map((item: unknown, index) => cursorAt(object, childPath(path, index), item)) : [],
      exists: () => value !== undefined && value !== null,
      text: () => {
        if (value === undefined || value === null) return null;
        if (typeof value === "object") return refuse("a single value is due");
        return String(value as string | number | boolean);
      },
      keep: (note) => add("kept", object, path, note),
      change: (note) => add("changed", object, path, note),
      drop: (note) => add("dropped", object, path, note),
      refuse,
    };
  };

  return {
    entries,
    cursor: (object, document) => cursorAt(object, "", document),
    refused: (object, detail) => {
      const [field = "", ...rest] = detail.split(": ");
      add("refused", object, field, rest.join(": "));
    },
    close: (object, document) => {
      const mine = entries.filter((entry) => entry.object === object);
      const seen = mine.map(({ field }) => field).filter((field) => field !== "");
      for (const leaf of leavesOf(document)) {
        if (!seen.some((field) => covers(field, leaf))) add("dropped", object, leaf, "has no counterpart in Nines");
      }
    },
  };
};
