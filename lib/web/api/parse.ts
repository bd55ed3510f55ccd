import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import type { FieldProblem } from "#lib/contracts/api.ts";
import type { SelectableFields } from "#lib/contracts/operations/fields.ts";
import { fieldsOf } from "#lib/contracts/operations/fields.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import { MAX_BODY_BYTES, MAX_BODY_DEPTH } from "#lib/contracts/operations/operation.ts";
import { checkJsonHead, readJsonBody } from "../http/read-json-body.ts";

const LIMITS = { maxBytes: MAX_BODY_BYTES, maxDepth: MAX_BODY_DEPTH };

type Parsed = { readonly data: unknown } | { readonly errors: readonly FieldProblem[] };

const problemsOf = (error: z.ZodError, what: "parameter" | "field"): FieldProblem[] =>
  error.issues.flatMap((issue): FieldProblem[] => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        field: [...path, key].join("."),
        message: `there is no such ${what}`,
        code: "unknown_field",
      }));
    }
    // What is not there at all is said so, in place of the schema's words for a wrong type.
    const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
    const said = isMissing ? { message: "is missing", code: "missing" } : { message: issue.message, code: issue.code };
    return [{ field: path.join("."), ...said }];
  });

/** Reads a query strictly: unknown, repeated and malformed parameters are all told at once. */
export const parseQuery = (schema: z.ZodObject, query: URLSearchParams): Parsed => {
  const repeated = [...new Set(query.keys())].filter((key) => query.getAll(key).length > 1);
  const parsed = schema.safeParse(Object.fromEntries(query));
  const errors = [
    ...repeated.map((field) => ({ field, message: "is given more than once", code: "duplicate" })),
    ...(parsed.success ? [] : problemsOf(parsed.error, "parameter")),
  ];
  return errors.length > 0 || !parsed.success ? { errors } : { data: parsed.data };
};

export type Selection = { readonly selectable: SelectableFields; readonly named: readonly string[] };

/**
 * Takes `fields` out of a query, for operations that can be narrowed and do not have a parameter of this name themselves.
 * `selection` null: the whole resource.
 */
export const takeFields = (
  operation: Operation,
  query: URLSearchParams,
): {
  readonly rest: URLSearchParams;
  readonly selection: Selection | null;
  readonly errors: readonly FieldProblem[];
} => {
  const selectable = fieldsOf(operation);
  const [text, ...more] = query.getAll("fields");
  if (selectable === null || text === undefined || more.length > 0 || "fields" in operation.query.shape)
    return { rest: query, selection: null, errors: [] };
  const rest = new URLSearchParams(query);
  rest.delete("fields");
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.filter((name) => !selectable.names.includes(name));
  const message = `must be among ${selectable.names.join(", ")}`;
  const errors = unknown.length === 0 ? [] : [{ field: "fields", message, code: "unknown_field" }];
  return { rest, selection: { selectable, named }, errors };
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/**
 * Reads the body that an operation declares. An operation whose body has no required field takes none at all as `{}`.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, INVALID_REQUEST
 */
export const parseBody = async (
  operation: Operation,
  req: IncomingMessage,
): Promise<Parsed & { readonly raw: unknown }> => {
  const { body: schema } = operation;
  if (schema === undefined) {
    if (!hasBody(req)) return { data: undefined, raw: null };
    return { errors: [{ field: "", message: "no body is taken", code: "unexpected_body" }], raw: null };
  }
  if (hasBody(req)) checkJsonHead(req, LIMITS);
  const raw = hasBody(req) ? await readJsonBody(req, LIMITS) : {};
  const parsed = schema.safeParse(raw);
  return parsed.success ? { data: parsed.data, raw } : { errors: problemsOf(parsed.error, "field"), raw };
};
