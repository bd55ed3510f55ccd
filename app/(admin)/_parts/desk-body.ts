/** One control of a form as the browser has it. */
export type Entered = {
  readonly name: string;
  /** What its text means; see `valueOf`. */
  readonly kind: string;
  readonly value: string;
  readonly isChecked: boolean;
};

type Tree = { [key: string]: unknown };

const MINUTE_MS = 60_000;

const put = (tree: Tree, [key = "", ...rest]: readonly string[], value: unknown): void => {
  if (rest.length === 0) tree[key] = value;
  else put((tree[key] ??= {}) as Tree, rest, value);
};

/** A text as the API takes it. `instant` is local time of the device, `minutes` a span from now. */
const valueOf = (kind: string, text: string, now: number): unknown => {
  if (kind === "instant") return new Date(text).toISOString();
  return kind === "minutes" ? new Date(now + Number(text) * MINUTE_MS).toISOString() : text;
};

/**
 * Services that are ticked or have an impact of their own. Their controls are called `key:id`; `key` is what the API calls
 * the id there.
 */
const affectedOf = (entered: readonly Entered[]): Tree[] => {
  const found = new Map<string, Tree>();
  for (const { name, kind, value, isChecked } of entered) {
    const isNamed = (kind === "service" && isChecked) || (kind === "impact" && value !== "");
    const cut = name.indexOf(":");
    if (!isNamed || cut < 0) continue;
    const id = name.slice(cut + 1);
    const known = found.get(id) ?? { [name.slice(0, cut)]: id };
    found.set(id, kind === "impact" ? { ...known, impact: value } : known);
  }
  return [...found.values()];
};

/**
 * The JSON body of what was entered: `a.b` is a path, empty texts are left out, a switch is true or false, `list` is one
 * text in a list. Services become `affected`; none of them leaves it out. `now` in milliseconds since the epoch.
 */
export const deskBody = (entered: readonly Entered[], now: number): Tree => {
  const tree: Tree = {};
  for (const { name, kind, value, isChecked } of entered) {
    if (kind === "service" || kind === "impact") continue;
    if (kind === "switch") put(tree, name.split("."), isChecked);
    else if (kind === "list") put(tree, name.split("."), [value]);
    else if (value.trim() !== "") put(tree, name.split("."), valueOf(kind, value, now));
  }
  const affected = affectedOf(entered);
  return affected.length === 0 ? tree : { ...tree, affected };
};

/** Puts the answer's id where the address says `{id}`. */
export const fillId = (address: string, body: unknown): string =>
  address.replace("{id}", encodeURIComponent(String((body as { id?: unknown } | null)?.id ?? "")));
