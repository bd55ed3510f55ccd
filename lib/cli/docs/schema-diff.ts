/** Compares two JSON Schemas of descriptions: what of the change breaks clients. Pure; `$ref` are looked up by name. */

type Json = Readonly<Record<string, unknown>>;
export type Schemas = Readonly<Record<string, unknown>>;
/** Who writes the value: a client (request) or we (response). The same change breaks one and not the other. */
export type Direction = "request" | "response";
type Context = {
  readonly before: Schemas;
  readonly after: Schemas;
  readonly direction: Direction;
  readonly seen: Set<string>;
};

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listAt = (schema: Json, key: string): readonly unknown[] =>
  Array.isArray(schema[key]) ? (schema[key] as unknown[]) : [];
const nameOf = (schema: unknown): string | null =>
  isObject(schema) && typeof schema.$ref === "string" ? (schema.$ref.split("/").at(-1) ?? null) : null;
const resolve = (schema: unknown, schemas: Schemas): Json => {
  const name = nameOf(schema);
  const found = name === null ? schema : schemas[name];
  return isObject(found) ? found : {};
};
const typesOf = (schema: Json): readonly string[] => [schema.type ?? []].flat() as string[];
const branchesOf = (schema: Json): readonly unknown[] => [...listAt(schema, "oneOf"), ...listAt(schema, "anyOf")];

const fieldsDiff = (before: Json, after: Json, path: string, context: Context): string[] => {
  const { direction } = context;
  const old = isObject(before.properties) ? before.properties : {};
  const now = isObject(after.properties) ? after.properties : {};
  const wasRequired = new Set(listAt(before, "required"));
  const isRequired = new Set(listAt(after, "required"));
  const gone = Object.keys(old)
    .filter((field) => !Object.hasOwn(now, field))
    .map((field) => `${path}.${field}: the field is gone`);
  const strict = [...isRequired]
    .filter((field) => direction === "request" && !wasRequired.has(field))
    .map((field) => `${path}.${String(field)}: the field is required now`);
  const loose = [...wasRequired]
    .filter((field) => direction === "response" && Object.hasOwn(now, String(field)) && !isRequired.has(field))
    .map((field) => `${path}.${String(field)}: the field may be left out now`);
  const inner = Object.keys(old)
    .filter((field) => Object.hasOwn(now, field))
    .flatMap((field) => schemaDiff(old[field], now[field], `${path}.${field}`, context));
  return [...gone, ...strict, ...loose, ...inner];
};

const wordsDiff = (before: Json, after: Json, path: string, { direction }: Context): string[] => {
  const old = listAt(before, "enum");
  const now = listAt(after, "enum");
  if (now.length === 0) return [];
  // New words in answers are announced as harmless in docs/api-changes.md; a word that is refused now is not.
  if (direction === "response") return [];
  if (old.length === 0 && typesOf(before).length > 0) return [`${path}: only some words are taken now`];
  return old.filter((word) => !now.includes(word)).map((word) => `${path}: "${String(word)}" is not taken any more`);
};

const LIMITS = [
  { key: "maximum", isTighter: (old: number, now: number) => now < old, open: Infinity },
  { key: "maxLength", isTighter: (old: number, now: number) => now < old, open: Infinity },
  { key: "maxItems", isTighter: (old: number, now: number) => now < old, open: Infinity },
  { key: "minimum", isTighter: (old: number, now: number) => now > old, open: -Infinity },
  { key: "minLength", isTighter: (old: number, now: number) => now > old, open: 0 },
  { key: "minItems", isTighter: (old: number, now: number) => now > old, open: 0 },
] as const;

const limitsDiff = (before: Json, after: Json, path: string, { direction }: Context): string[] =>
  direction === "response"
    ? []
    : LIMITS.filter(({ key, isTighter, open }) => {
        const now = after[key];
        return typeof now === "number" && isTighter(typeof before[key] === "number" ? before[key] : open, now);
      }).map(({ key }) => `${path}: ${key} is narrower`);

const typesDiff = (before: Json, after: Json, path: string, { direction }: Context): string[] => {
  const old = typesOf(before);
  const now = typesOf(after);
  if (old.length === 0 || now.length === 0) return [];
  const [from, to] = direction === "request" ? [old, now] : [now, old];
  const strange = from.filter((type) => !to.includes(type) && !(type === "integer" && to.includes("number")));
  return strange.length === 0 ? [] : [`${path}: was ${old.join(" or ")}, is ${now.join(" or ")}`];
};

/** A form of a value has to be among those of the newer schema. */
const formDiff = (form: unknown, forms: readonly unknown[], path: string, context: Context): string[] => {
  const tries = forms.map((other) => schemaDiff(form, other, path, { ...context, seen: new Set(context.seen) }));
  const best = [...tries].sort((one, other) => one.length - other.length)[0];
  return best ?? [`${path}: a form of it is gone`];
};

/** What breaks clients between two schemas, one sentence each. `path` says where the schemas are. */
export const schemaDiff = (before: unknown, after: unknown, path: string, context: Context): string[] => {
  const pair = `${nameOf(before) ?? ""}>${nameOf(after) ?? ""}`;
  if (pair.length > 1) {
    if (context.seen.has(pair)) return [];
    context.seen.add(pair);
  }
  const old = resolve(before, context.before);
  const now = resolve(after, context.after);
  const forms = branchesOf(now);
  if (branchesOf(old).length === 0 && forms.length > 0) return formDiff(before, forms, path, context);
  const branches = branchesOf(old).flatMap((branch) => formDiff(branch, forms, path, context));
  const items =
    isObject(old.items) && isObject(now.items) ? schemaDiff(old.items, now.items, `${path}[]`, context) : [];
  return [
    ...typesDiff(old, now, path, context),
    ...fieldsDiff(old, now, path, context),
    ...wordsDiff(old, now, path, context),
    ...limitsDiff(old, now, path, context),
    ...branches,
    ...items,
  ];
};
