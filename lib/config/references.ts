import type { Fault, Path } from "./config-error.ts";
import type { Mapping } from "./read-document.ts";
import { isMapping } from "./read-document.ts";
import { ID } from "./scalars.ts";
import { didYouMean, type Suggest } from "./suggest.ts";

/** A value with its path; checks of relations work on values that may be wrong in any way. */
export type Placed<Value = unknown> = { readonly path: Path; readonly value: Value };

/** The entries of a list below a mapping, whatever is there. */
export const entriesOf = (holder: Placed, key: string): readonly Placed[] => {
  const list = isMapping(holder.value) ? holder.value[key] : undefined;
  if (!Array.isArray(list)) return [];
  return list.map((value: unknown, index) => ({ path: [...holder.path, key, index], value }));
};

/** The entries of a list that are mappings, each with its path; none when there is no list. */
export const mappingsOf = (holder: Placed, key: string): readonly Placed<Mapping>[] =>
  entriesOf(holder, key).filter((entry): entry is Placed<Mapping> => isMapping(entry.value));

/** A field with its path; `undefined` as the value when it is missing. */
export const fieldOf = (holder: Placed, key: string): Placed => ({
  path: [...holder.path, key],
  value: isMapping(holder.value) ? holder.value[key] : undefined,
});

/** The ids of one kind of thing. */
export type Ids = {
  readonly what: string;
  readonly known: ReadonlySet<string>;
  /** False when a list or an id has a fault of its own: a name that seems unknown may be the one that was meant there. */
  readonly isComplete: boolean;
};

/** Whether the list is there (unless it may be left out) and every entry is a mapping with a proper `id`. */
const isReadable = (holder: Placed, key: string, isOptional: boolean): boolean => {
  if (!isMapping(holder.value)) return false;
  const list = holder.value[key];
  if (list === undefined) return isOptional;
  if (!Array.isArray(list) || (list.length === 0 && !isOptional)) return false;
  return list.every((entry) => isMapping(entry) && typeof entry.id === "string" && ID.test(entry.id));
};

/** Collects the ids of the entries `key` of all holders, and tells those that are used twice. */
export const collectIds = (
  what: string,
  holders: readonly Placed[],
  key: string,
  { isOptional = false } = {},
): { readonly ids: Ids; readonly faults: readonly Fault[] } => {
  const known = new Set<string>();
  const faults: Fault[] = [];
  for (const entry of holders.flatMap((holder) => mappingsOf(holder, key))) {
    const { path, value } = fieldOf(entry, "id");
    if (typeof value !== "string") continue;
    if (known.has(value)) faults.push({ path, kind: "duplicate", message: `is used by another ${what} already` });
    known.add(value);
  }
  const isComplete = faults.length === 0 && holders.every((holder) => isReadable(holder, key, isOptional));
  return { ids: { what, known, isComplete }, faults };
};

/** Tells names in a list that no thing has, and names that stand in it twice. */
export const checkReferences = (holder: Placed, key: string, ids: Ids, suggest: Suggest): Fault[] => {
  const seen = new Set<string>();
  return entriesOf(holder, key).flatMap(({ path, value }): Fault[] => {
    if (typeof value !== "string") return [];
    if (seen.has(value)) return [{ path, kind: "duplicate", message: "is in the list already" }];
    seen.add(value);
    if (ids.known.has(value) || !ids.isComplete) return [];
    // Only what looks like an id is repeated: a secret in the wrong place does not.
    const shown = ID.test(value) ? ` "${value}"` : "";
    const message = `no ${ids.what} has the id${shown}${didYouMean(suggest(value, ids.known))}`;
    return [{ path, kind: "reference", message }];
  });
};
