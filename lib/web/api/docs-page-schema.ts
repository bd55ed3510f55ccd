import { escapeHtml } from "#lib/core/escape-html.ts";

/** Schemas of the description as words and tables. */

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listAt = (schema: Schema, key: string): readonly unknown[] =>
  Array.isArray(schema[key]) ? (schema[key] as unknown[]) : [];
const code = (text: string): string => `<code>${escapeHtml(text)}</code>`;

/** The id of a component on the page. */
export const schemaAnchor = (name: string): string => `schema-${name}`;

const limitsOf = (schema: Schema): string => {
  const said = [
    ["minLength", "at least", "characters"],
    ["maxLength", "at most", "characters"],
    ["minItems", "at least", "items"],
    ["maxItems", "at most", "items"],
    ["minimum", "from", ""],
    ["maximum", "to", ""],
  ].filter(([key]) => typeof schema[key as string] === "number" && Math.abs(schema[key as string] as number) < 1e12);
  return said.map(([key, word, unit]) => `${word} ${String(schema[key as string])} ${unit}`.trim()).join(", ");
};

/** What a value may be, in a few words with links to components; markup, escaped. */
export const typeWords = (schema: unknown): string => {
  if (!isSchema(schema)) return "anything";
  if (typeof schema.$ref === "string") {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `<a href="#${schemaAnchor(name)}">${escapeHtml(name)}</a>`;
  }
  const choices = [...listAt(schema, "oneOf"), ...listAt(schema, "anyOf")];
  if (choices.length > 0) return choices.map(typeWords).join(" or ");
  const parts = listAt(schema, "allOf");
  if (parts.length > 0) return parts.map(typeWords).join(" and ");
  if ("const" in schema) return code(JSON.stringify(schema.const));
  const words = listAt(schema, "enum");
  if (words.length > 0) return words.map((word) => code(String(word))).join(", ");
  if (schema.type === "array") return `list of ${typeWords(schema.items)}`;
  const type = [schema.type].flat().join(" or ");
  const limits = limitsOf(schema);
  const format = typeof schema.format === "string" ? `, ${schema.format}` : "";
  return escapeHtml(`${type || "anything"}${format}${limits === "" ? "" : `, ${limits}`}`);
};

const describe = (schema: unknown): string =>
  isSchema(schema) && typeof schema.description === "string" ? `<br>${escapeHtml(schema.description)}` : "";

/** A table of the fields of an object, or what else the schema is. */
export const schemaTable = (schema: unknown): string => {
  if (!isSchema(schema)) return "";
  const fields = isSchema(schema.properties) ? Object.entries(schema.properties) : [];
  if (fields.length === 0) return `<p>${typeWords(schema)}</p>`;
  const required = new Set(listAt(schema, "required"));
  const rows = fields.map(
    ([name, inner]) =>
      `<tr><td>${code(name)}${required.has(name) ? "" : ' <span class="soft">optional</span>'}</td>` +
      `<td>${typeWords(inner)}${describe(inner)}</td></tr>`,
  );
  return `<table><thead><tr><th scope="col">Field</th><th scope="col">Value</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
};
