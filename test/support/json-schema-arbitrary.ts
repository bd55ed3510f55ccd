import fc from "fast-check";

/** Values for a JSON Schema of our own description: such as fit it, and such as do not. */

type Schema = Readonly<Record<string, unknown>>;
type Schemas = Readonly<Record<string, unknown>>;

/** What has broken others: injection of every kind, odd text, numbers at the edge. */
export const HOSTILE_TEXTS: readonly string[] = [
  "",
  " ",
  "' or 1=1 --",
  "'; drop table runs; --",
  "../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "a\r\nSet-Cookie: owned=1",
  "a\u0000b",
  "\ud800",
  '=HYPERLINK("http://x")',
  "<script>alert(1)</script>",
  "${7*7}{{7*7}}",
  "__proto__",
  "constructor",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
  "\u202e\u0301é🙂",
  "x".repeat(5_000),
  "-1",
  "1e999",
  "2026-02-30T00:00:00Z",
  "9999-12-31T23:59:59.999Z",
];
const HOSTILE_VALUES: readonly unknown[] = [null, true, -1, 1.5, 1e308, 2 ** 53, [], {}, [[]], { a: { b: [] } }];

const listAt = (schema: Schema, key: string): readonly unknown[] =>
  Array.isArray(schema[key]) ? (schema[key] as unknown[]) : [];
const numberAt = (schema: Schema, key: string, otherwise: number): number =>
  typeof schema[key] === "number" ? schema[key] : otherwise;

const FIRST = Date.UTC(2026, 9, 1);
const LAST = Date.UTC(2027, 0, 31);
const instants = fc.integer({ min: FIRST, max: LAST }).map((at) => new Date(at).toISOString());

const texts = (schema: Schema): fc.Arbitrary<string> => {
  if (schema.format === "date-time") return instants;
  if (typeof schema.pattern === "string") return fc.stringMatching(new RegExp(schema.pattern, "u"));
  const given = typeof schema.example === "string" ? [schema.example] : [];
  const minLength = Math.max(1, numberAt(schema, "minLength", 1));
  const free = fc.string({ unit: "grapheme", minLength, maxLength: Math.min(40, numberAt(schema, "maxLength", 40)) });
  return given.length === 0 ? free : fc.oneof(fc.constantFrom(...given), free);
};

const numbers = (schema: Schema, isWhole: boolean): fc.Arbitrary<number> => {
  const min = numberAt(schema, "minimum", 0);
  const max = Math.min(numberAt(schema, "maximum", 10_000), 1_000_000);
  return isWhole ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true });
};

const objects = (schema: Schema, schemas: Schemas): fc.Arbitrary<unknown> => {
  const fields = Object.entries((schema.properties ?? {}) as Schemas);
  const requiredKeys = listAt(schema, "required").map(String);
  const shape = Object.fromEntries(fields.map(([name, inner]) => [name, fitting(inner, schemas)]));
  return fc.record(shape, { requiredKeys, noNullPrototype: true });
};

/** Values that fit a schema, as far as a schema can say it. */
export const fitting = (schema: unknown, schemas: Schemas): fc.Arbitrary<unknown> => {
  const one = (schema ?? {}) as Schema;
  if (typeof one.$ref === "string") return fitting(schemas[one.$ref.split("/").at(-1) ?? ""], schemas);
  const choices = [...listAt(one, "oneOf"), ...listAt(one, "anyOf")];
  if (choices.length > 0) return fc.oneof(...choices.map((choice) => fitting(choice, schemas)));
  if ("const" in one) return fc.constant(one.const);
  if (listAt(one, "enum").length > 0) return fc.constantFrom(...listAt(one, "enum"));
  const types = [one.type].flat();
  const type = types.find((name) => name !== "null");
  if (type === "string") return texts(one);
  if (type === "integer" || type === "number") return numbers(one, type === "integer");
  if (type === "boolean") return fc.boolean();
  if (type === "array") {
    const [minLength, maxLength] = [numberAt(one, "minItems", 0), Math.min(3, numberAt(one, "maxItems", 3))];
    return fc.array(fitting(one.items, schemas), { minLength, maxLength: Math.max(minLength, maxLength) });
  }
  return type === "object" ? objects(one, schemas) : fc.constant(null);
};

export type Mutated = { readonly kind: "unknown_field" | "no_object" | "odd_value"; readonly value: unknown };

/** A value made wrong in one place: an unknown field, no object at all, or a field that holds something odd. */
export const broken = (value: unknown): fc.Arbitrary<Mutated> => {
  const fields = Object.keys((value ?? {}) as object);
  const odd = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.constantFrom(...HOSTILE_VALUES));
  const withField = fc.constantFrom("nosuchfield", "__proto__x", "constructor").map((name): Mutated => {
    return { kind: "unknown_field", value: { ...(value as object), [name]: 1 } };
  });
  const none = fc
    .constantFrom<unknown>([], "text", 7, null)
    .map((other): Mutated => ({ kind: "no_object", value: other }));
  if (fields.length === 0) return fc.oneof(withField, none);
  const inField = fc.tuple(fc.constantFrom(...fields), odd).map(([name, other]): Mutated => {
    return { kind: "odd_value", value: { ...(value as object), [name]: other } };
  });
  return fc.oneof(withField, none, { arbitrary: inField, weight: 3 });
};
