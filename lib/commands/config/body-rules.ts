import { camelOf } from "#lib/config/api/words.ts";
import type { Section } from "#lib/config/export/context.ts";
import type { FieldProblem } from "#lib/contracts/api.ts";
import { AppError } from "#lib/core/errors.ts";
import type { Secretive } from "#lib/core/without-secrets.ts";
import { secretsOf } from "#lib/core/without-secrets.ts";
import { toApiField } from "./file-words.ts";

/** Variables that people who may write probes may use: others would tell them the secrets of the server itself. */
export const SHARED_PREFIX = "NINES_SHARED_";

/** Fields of the file that take `env:NAME` or `file:PATH`. */
const CREDENTIALS: ReadonlySet<string> = new Set(["password", "bearer", "cert", "key", "token"]);

const problem = (path: string, message: string, code: string): FieldProblem => ({
  field: toApiField(path),
  message,
  code,
});

const checkText = (key: string, value: string, path: string): FieldProblem[] => {
  if (/[\0\p{Cs}]/u.test(value))
    return [problem(path, "holds a character that cannot be stored: NUL or half of a surrogate pair", "format")];
  const isReference = /^(?:env|file):/.test(value);
  if (!CREDENTIALS.has(key) || !isReference || value.startsWith(`env:${SHARED_PREFIX}`)) return [];
  return [problem(path, `takes variables of the server whose names start with ${SHARED_PREFIX} only`, "unsafe")];
};

/** What no body may hold, whatever the schema of the file says. `body` is in the words of the file. */
export const checkBody = (body: unknown, path = "", key = ""): FieldProblem[] => {
  if (typeof body === "string") return checkText(key, body, path);
  if (Array.isArray(body)) return body.flatMap((each, index) => checkBody(each, `${path}[${index}]`, key));
  if (typeof body !== "object" || body === null) return [];
  return Object.entries(body).flatMap(([inner, value]) => {
    const at = path === "" ? inner : `${path}.${inner}`;
    return [...checkText("", inner, at), ...checkBody(value, at, inner)];
  });
};

/** Field names as the API writes them: `max_redirects` is none of them. */
export const checkNames = (body: Section): FieldProblem[] =>
  Object.keys(body)
    .filter((key) => key.includes("_"))
    .map((key) => ({ field: key, message: `is written ${camelOf(key)}`, code: "unknown_field" }));

/** Fields that say where a probe sends what it knows. */
const ADDRESSES = ["url", "host", "port", "resolver", "server_name"];

/**
 * Stored credentials never go to a new address by themselves: whoever names one names them again.
 * @param patch in the words of the file
 */
export const checkMove = (patch: Section, definition: Secretive | null): FieldProblem[] => {
  const moved = ADDRESSES.find((key) => Object.hasOwn(patch, key));
  if (definition === null || moved === undefined) return [];
  const places = Object.keys(secretsOf(definition)).map((place) => String((JSON.parse(place) as unknown[])[0]));
  const missing = [...new Set(places)].filter((key) => !Object.keys(patch).some((named) => camelOf(named) === key));
  return missing.map((key) =>
    problem(moved, `is a new address: name ${key} again with it, or null for none`, "unsafe"),
  );
};

/** @throws AppError INVALID_REQUEST with all of them, when there are any. */
export const refuseFields = (fields: readonly FieldProblem[]): void => {
  if (fields.length === 0) return;
  const detail = fields.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; ");
  throw new AppError("INVALID_REQUEST", detail, { cause: { fields } });
};
