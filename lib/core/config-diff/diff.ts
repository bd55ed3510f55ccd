/** One field that differs; undefined on a side where it is not there. */
export type FieldChange = { readonly path: string; readonly from: unknown; readonly to: unknown };

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const pathTo = (path: string, key: string | number): string => {
  if (typeof key === "number") return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
};

const isSame = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, at) => isSame(each, b[at]));
  if (!isMapping(a) || !isMapping(b)) return a === b;
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.every((key) => isSame(a[key], b[key]));
};

/**
 * Every field in which two plain values differ, in the order of the first, then of the second. Lists of one length are
 * compared entry by entry; others are told as a whole. A key whose value is undefined is as good as absent.
 */
export const fieldChanges = (from: unknown, to: unknown, path = ""): readonly FieldChange[] => {
  if (isSame(from, to)) return [];
  if (isMapping(from) && isMapping(to)) {
    const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return keys.flatMap((key) => fieldChanges(from[key], to[key], pathTo(path, key)));
  }
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length)
    return from.flatMap((each, at) => fieldChanges(each, to[at], pathTo(path, at)));
  return [{ path, from, to }];
};
