import { z } from "zod";
import type { Path } from "../config-error.ts";
import { ConfigFile } from "../schema.ts";

/** The part of JSON Schema that our schema produces. */
export type JsonSchema = {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly [extension: `x-${string}`]: unknown;
};

/** The JSON Schema of the file as users write it. */
export const configJsonSchema = (): JsonSchema => z.toJSONSchema(ConfigFile, { io: "input" }) as JsonSchema;

let cached: JsonSchema | undefined;
const rootSchema = (): JsonSchema => {
  cached ??= configJsonSchema();
  return cached;
};

/** The shapes that a list of alternatives such as assertions offers; else the schema itself. */
export const shapesOf = (schema: JsonSchema): readonly JsonSchema[] => {
  const options = schema.oneOf ?? schema.anyOf;
  return options?.some((option) => option.properties !== undefined) ? options : [schema];
};

const schemasAt = (path: Path): readonly JsonSchema[] =>
  path.reduce<readonly JsonSchema[]>(
    (schemas, segment) =>
      schemas.flatMap((schema) => {
        const next = typeof segment === "number" ? schema.items : schema.properties?.[segment];
        return next === undefined ? [] : shapesOf(next);
      }),
    [rootSchema()],
  );

/** The fields that a mapping at a path may have; for alternatives, those of the one whose `type` is given. */
export const keysAt = (path: Path, type: unknown): readonly string[] => {
  const schemas = schemasAt(path);
  const chosen = schemas.filter(({ properties }) => (properties?.type?.const ?? type) === type);
  return [...new Set(chosen.flatMap((schema) => Object.keys(schema.properties ?? {})))];
};
