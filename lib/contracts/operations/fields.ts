import { z } from "zod";
import type { Operation } from "./operation.ts";

/*
 * `fields=id,status`: every read with a JSON object takes it. What may be named follows from the response: the fields of
 * the resource, or for a list those of its items. `id` is always there.
 */

const shapeOf = (schema: unknown): readonly string[] | null => {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (schema instanceof z.ZodUnion) {
    const shapes = schema.options.map(shapeOf);
    return shapes.includes(null) ? null : [...new Set(shapes.flatMap((shape) => shape ?? []))];
  }
  return null;
};

export type SelectableFields = { readonly isList: boolean; readonly names: readonly string[] };

/** The fields that a read can be narrowed to; null when it cannot. */
export const fieldsOf = (operation: Pick<Operation, "method" | "response">): SelectableFields | null => {
  const { method, response } = operation;
  if (method !== "GET" || response === null) return null;
  const data: unknown = response instanceof z.ZodObject ? response.shape.data : undefined;
  const isList =
    response instanceof z.ZodObject && data instanceof z.ZodArray && response.shape.pagination !== undefined;
  const names = shapeOf(isList ? (data as z.ZodArray).element : response);
  return names === null ? null : { isList, names };
};

/** What the description of the API says of the parameter. */
export const FIELDS_PARAMETER = z
  .string()
  .max(1_000)
  .optional()
  .meta({ description: "Only these fields of the resource, with commas between them", example: "id" });

const pick = (value: unknown, names: ReadonlySet<string>): unknown =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).filter(([name]) => names.has(name)))
    : value;

/** The body with the named fields only. */
export const selectFields = (body: unknown, { isList }: SelectableFields, named: readonly string[]): unknown => {
  const names = new Set(["id", ...named]);
  if (!isList) return pick(body, names);
  const { data, ...rest } = body as { readonly data: readonly unknown[] };
  return { data: data.map((item) => pick(item, names)), ...rest };
};
