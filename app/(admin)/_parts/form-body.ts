/** One field of a form. `name` is the path of its value in the body: `title`, `affected.0.serviceId`. */
export type FieldKind =
  | "text"
  | "textarea"
  | "number"
  | "select"
  | "checkbox"
  | "instant"
  | "list"
  /** Boxes to tick; the body gets the list of their values, which may be empty. */
  | "choices"
  | "hidden"
  | "password";

type Tree = { [key: string]: Tree | unknown };

const put = (tree: Tree, path: readonly string[], value: unknown): void => {
  const [key = "", ...rest] = path;
  if (rest.length === 0) tree[key] = value;
  else put((tree[key] ??= {}) as Tree, rest, value);
};

/** Objects whose keys are 0, 1, 2 … become lists. */
const withLists = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, part]) => [key, withLists(part)] as const);
  return entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))
    ? entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, part]) => part)
    : Object.fromEntries(entries);
};

const valueOf = (kind: FieldKind, text: string): unknown => {
  switch (kind) {
    case "number":
      return Number(text);
    case "checkbox":
      return text === "on";
    case "list":
      return text
        .split(/[\n,]/)
        .map((part) => part.trim())
        .filter((part) => part !== "");
    // The browser's own zone: that is what the person who types it sees on the clock.
    case "instant":
      return new Date(text).toISOString();
    default:
      return text;
  }
};

/**
 * The JSON body of a form's fields. An empty field is left out, so that the API's default applies; a checkbox says
 * true or false.
 */
export const bodyOf = (
  fields: readonly { readonly name: string; readonly kind: FieldKind }[],
  entered: (name: string) => readonly string[],
): unknown => {
  const tree: Tree = {};
  for (const { name, kind } of fields) {
    const [text = ""] = entered(name);
    if (kind === "choices") put(tree, name.split("."), entered(name));
    else if (kind === "checkbox") put(tree, name.split("."), text === "on");
    else if (text.trim() !== "") put(tree, name.split("."), valueOf(kind, text));
  }
  return withLists(tree);
};
