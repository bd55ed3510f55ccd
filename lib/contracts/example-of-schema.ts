/**
 * An example of a JSON Schema, for operations that nobody wrote one for. Named components may come with an example of
 * their own, so that the same thing looks the same everywhere; the rest follows from the schema and the field's name.
 */

type Schema = Readonly<Record<string, unknown>>;
export type ExampleMaker = (schema: unknown) => unknown;

const INSTANT = "2026-11-03T14:05:00.000Z";
/** Texts of fields that a schema leaves open; the first match of the name counts. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/(At|time|timestamp|since|until|from|to)$/, INSTANT],
  [/^sequence$/, "00000000000000000007"],
  [/(url|link|href|source)$/i, "https://status.example.com/"],
  [/^language$/, "en"],
  [/timeZone|time_zone/, "Asia/Seoul"],
  [/email$/i, "ada@example.com"],
  [/locationId$/, "fra"],
  [/probeId$/, "shop-home"],
  [/sloId$/, "shop-availability"],
  [/^month$/, "2026-10"],
  [/(Id|Ids|id)$/, "shop"],
  [/^(name|title)$/, "Shop API"],
  [/^(author|actor|owner|createdBy)$/, "Ada"],
  [/^group$/, "Shopping"],
  [/ratio$/i, "0.999888393"],
  [/version$/i, "1"],
];
const FORMATS: Readonly<Record<string, string>> = {
  "date-time": INSTANT,
  date: "2026-11-03",
  uri: "https://status.example.com/",
  url: "https://status.example.com/",
  email: "ada@example.com",
  ipv4: "203.0.113.7",
  uuid: "019a48f0-a1b2-7c3d-8e4f-5a6b7c8d9e0f",
};
/** For fields with a pattern that their name says nothing about. */
const OF_PATTERNS: readonly string[] = [
  INSTANT,
  "2026-11-03",
  "2026-10",
  "99.9",
  "5m",
  "en",
  "kctbh9vrtdwd",
  "0af7651916cd43dd8448eb211c80319c",
  "b7f2a1d09c4e8853b7f2a1d09c4e8853b7f2a1d09c4e8853b7f2a1d09c4e8853",
  "00000000000000000007",
  "203.0.113.7",
  "#23804d",
];
const DEPTH = 16;

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listAt = (schema: Schema, key: string): readonly unknown[] => {
  const value = schema[key];
  return Array.isArray(value) ? (value as unknown[]) : [];
};

const textFor = (schema: Schema, name: string): string => {
  const format = FORMATS[String(schema.format)];
  if (format !== undefined) return format;
  const text = TEXTS.find(([pattern]) => pattern.test(name))?.[1] ?? "text";
  const { pattern } = schema;
  if (typeof pattern === "string" && !new RegExp(pattern, "u").test(text))
    return OF_PATTERNS.find((one) => new RegExp(pattern, "u").test(one)) ?? text;
  const shortest = Number(schema.minLength ?? 0);
  return text.length < shortest ? text.padEnd(shortest, "x") : text.slice(0, Number(schema.maxLength ?? 1_000));
};

const numberFor = (schema: Schema): number => {
  const least = Number(schema.minimum ?? Number(schema.exclusiveMinimum ?? 0) + 1);
  return Math.min(Math.max(1, least), Number(schema.maximum ?? Number.MAX_SAFE_INTEGER));
};

const typeOf = (schema: Schema): string => {
  const types = Array.isArray(schema.type) ? (schema.type as string[]) : [String(schema.type ?? "object")];
  return types.find((type) => type !== "null") ?? "null";
};

const given = (schema: Schema): { readonly value: unknown } | null => {
  if ("example" in schema) return { value: schema.example };
  for (const key of ["examples", "enum"]) {
    const [first] = listAt(schema, key);
    if (first !== undefined) return { value: first };
  }
  if ("const" in schema) return { value: schema.const };
  return "default" in schema ? { value: schema.default } : null;
};

/** `schemas` are the components; `known` examples by the name of a component. Optional fields are left out. */
export const createExampleMaker = (
  schemas: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, unknown>>,
): ExampleMaker => {
  const make = (schema: unknown, name: string, depth: number): unknown => {
    if (!isSchema(schema) || depth > DEPTH) return {};
    if (typeof schema.$ref === "string") {
      const component = schema.$ref.split("/").at(-1) ?? "";
      return Object.hasOwn(known, component) ? known[component] : make(schemas[component], name, depth + 1);
    }
    const written = given(schema);
    if (written !== null) return written.value;
    const [choice] = [...listAt(schema, "oneOf"), ...listAt(schema, "anyOf")].filter(
      (one) => isSchema(one) && one.type !== "null",
    );
    if (choice !== undefined) return make(choice, name, depth + 1);
    const parts = listAt(schema, "allOf");
    if (parts.length > 0) return Object.assign({}, ...parts.map((part) => make(part, name, depth + 1)));
    return ofType(schema, name, depth);
  };
  const ofType = (schema: Schema, name: string, depth: number): unknown => {
    switch (typeOf(schema)) {
      case "string":
        return textFor(schema, name);
      case "integer":
      case "number":
        return numberFor(schema);
      case "boolean":
        return true;
      case "null":
        return null;
      case "array":
        return schema.maxItems === 0 ? [] : [make(schema.items, name, depth + 1)];
      default: {
        const required = new Set(listAt(schema, "required"));
        const fields = Object.entries(isSchema(schema.properties) ? schema.properties : {});
        const kept = fields.filter(([field]) => required.has(field));
        return Object.fromEntries(kept.map(([field, inner]) => [field, make(inner, field, depth + 1)]));
      }
    }
  };
  return (schema) => make(schema, "", 0);
};
