import type { Fault, Path } from "../config-error.ts";
import { MAX_ERRORS, printable } from "../config-error.ts";
import type { Explaining } from "../explain-issue.ts";
import { explainIssue, unfoldIssue } from "../explain-issue.ts";
import type { Place } from "../locate.ts";
import type { Mapping } from "../read-document.ts";
import { isMapping } from "../read-document.ts";
import { keysAt } from "../schema/keys.ts";
import type { ConfigFile as ConfigFileType } from "../schema.ts";
import { ConfigFile } from "../schema.ts";
import type { Suggest } from "../suggest.ts";

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, segment) => {
    if (Array.isArray(value) && typeof segment === "number") return value[segment];
    return isMapping(value) && typeof segment === "string" && Object.hasOwn(value, segment)
      ? value[segment]
      : undefined;
  }, root);

/** Keys as they were written, for mappings in which a misspelt key was corrected. */
type Corrections = Map<Mapping, Map<string, string>>;

const writtenPath = (root: unknown, corrections: Corrections, path: Path): Path => {
  let value = root;
  return path.map((segment) => {
    const holder = value;
    value = valueAt(holder, [segment]);
    if (!isMapping(holder) || typeof segment !== "string") return segment;
    return corrections.get(holder)?.get(segment) ?? segment;
  });
};

/** Puts values of misspelt keys under the name that was meant, so that the slip is not told a second time as a missing field. */
const correctKeys = (
  root: unknown,
  unknownKeys: readonly Path[],
  suggest: Suggest,
  corrections: Corrections,
): boolean => {
  let isChanged = false;
  for (const path of unknownKeys) {
    const holder = valueAt(root, path.slice(0, -1));
    const key = path.at(-1);
    if (!isMapping(holder) || typeof key !== "string" || !Object.hasOwn(holder, key)) continue;
    const keys = keysAt(path.slice(0, -1), holder.type);
    const meant = suggest(key, keys.length === 0 ? ["type"] : keys);
    if (meant === null || Object.hasOwn(holder, meant)) continue;
    holder[meant] = holder[key];
    delete holder[key];
    const known = corrections.get(holder) ?? new Map<string, string>();
    corrections.set(holder, known.set(meant, key));
    isChanged = true;
  }
  return isChanged;
};

/**
 * Without its `type` nothing is known of an alternative, not even which of its keys are wrong. A key that reads almost
 * like it is taken as that one misspelt.
 */
const misspeltKind = (root: unknown, path: Path, suggest: Suggest): Fault | null => {
  const holder = valueAt(root, path.slice(0, -1));
  if (path.at(-1) !== "type" || !isMapping(holder) || Object.hasOwn(holder, "type")) return null;
  const key = Object.keys(holder).find((each) => suggest(each, ["type"]) !== null);
  if (key === undefined) return null;
  const message = `there is no field "${printable(key)}" here (did you mean "type"?)`;
  return { path: [...path.slice(0, -1), key], kind: "unknown_field", message };
};

/** Fields that say what kind of thing a mapping is: when they are wrong, nothing else in it can be judged. */
const DISCRIMINATORS: ReadonlySet<string> = new Set(["type", "sli"]);
const STILL_JUDGED: ReadonlySet<string> = new Set(["id", "type", "sli", "objective", "window", "burn_rate_alerts"]);

/** The mappings of an unknown kind, by path. A word near a known one is taken as that one misspelt. */
const unknownKinds = (faults: readonly Fault[]): ReadonlySet<string> =>
  new Set(
    faults
      .filter((fault) => fault.kind === "enum" && fault.suggestion === undefined)
      .filter((fault) => DISCRIMINATORS.has(String(fault.path.at(-1))))
      .map((fault) => JSON.stringify(fault.path.slice(0, -1))),
  );

const liesInUnknownKind = (path: Path, kinds: ReadonlySet<string>): boolean => {
  if (kinds.size === 0) return false;
  return path.some(
    (segment, depth) => kinds.has(JSON.stringify(path.slice(0, depth))) && !STILL_JUDGED.has(String(segment)),
  );
};

export type Structure = {
  readonly faults: readonly Fault[];
  /** The file when it has no fault of structure. */
  readonly file: ConfigFileType | null;
  /** The path of a value as the user wrote it. */
  readonly toWritten: (path: Path) => Path;
  /** Whether nothing can be said about a path, because the kind of thing that it belongs to is unknown. */
  readonly isUnjudged: (path: Path) => boolean;
};

/** Checks fields, types and single values of a file. Misspelt keys are corrected in `root`, which is ours to change. */
export const checkStructure = (root: unknown, placeOf: (path: Path) => Place, suggest: Suggest): Structure => {
  const corrections: Corrections = new Map();
  const toWritten = (path: Path): Path => writtenPath(root, corrections, path);
  const explaining: Explaining = {
    valueAt: (path) => valueAt(root, path),
    placeOf: (path) => placeOf(toWritten(path)),
    suggest,
  };
  const keysOf = (path: Path) => keysAt(path, (valueAt(root, path) as Mapping | undefined)?.type);
  const told = new Map<string, Fault>();

  let result = ConfigFile.safeParse(root);
  for (let isChanged = true; isChanged && !result.success; ) {
    const unknownKeys: Path[] = [];
    for (const issue of result.error.issues.flatMap(unfoldIssue)) {
      const misspelt = misspeltKind(root, issue.path as Path, suggest);
      if (misspelt !== null && !told.has(JSON.stringify(misspelt.path))) {
        unknownKeys.push(misspelt.path);
        told.set(JSON.stringify(misspelt.path), { ...misspelt, path: toWritten(misspelt.path) });
      }
      if (issue.code !== "unrecognized_keys") continue;
      for (const fault of explainIssue(issue, keysOf, explaining)) {
        unknownKeys.push(fault.path);
        // Kept as written: after a correction the key no longer stands under this name.
        told.set(JSON.stringify(fault.path), { ...fault, path: toWritten(fault.path) });
      }
    }
    isChanged = correctKeys(root, unknownKeys, suggest, corrections);
    if (isChanged) result = ConfigFile.safeParse(root);
  }

  const others = result.success
    ? []
    : result.error.issues.flatMap(unfoldIssue).filter((issue) => issue.code !== "unrecognized_keys");
  const faults = others.slice(0, MAX_ERRORS).flatMap((issue) => explainIssue(issue, keysOf, explaining));
  const kinds = unknownKinds(faults);
  const isUnjudged = (path: Path): boolean => liesInUnknownKind(path, kinds);
  const all = [...told.values(), ...faults];
  return {
    faults: all.filter((fault) => !isUnjudged(fault.path)),
    file: result.success && told.size === 0 ? result.data : null,
    toWritten,
    isUnjudged,
  };
};
