import type { IncomingMessage } from "node:http";
import { LANGUAGES } from "#lib/core/definitions.ts";
import { AppError } from "#lib/core/errors.ts";
import { readBytes } from "../http/read-bytes.ts";
import { readJsonBody } from "../http/read-json-body.ts";

const MOST_BYTES = 16_384;
const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** The fields of a form, or of the object in a JSON body: one shape for both. Names as `subscriber[email]` are kept. */
export type Fields = {
  readonly one: (name: string) => string | null;
  readonly all: (name: string) => readonly string[];
};

const fieldsOf = (entries: readonly (readonly [string, string])[]): Fields => ({
  one: (name) => entries.find(([key]) => key === name)?.[1] ?? null,
  all: (name) => entries.flatMap(([key, value]) => (key === name || key === `${name}[]` ? [value] : [])),
});

const flatten = (value: unknown, name: string): (readonly [string, string])[] => {
  if (Array.isArray(value)) return value.flatMap((each) => flatten(each, name));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, each]) => flatten(each, name === "" ? key : `${name}[${key}]`));
  }
  return value === null || value === undefined ? [] : [[name, String(value)]];
};

const readForm = async (req: IncomingMessage): Promise<Fields> => {
  const bytes = await readBytes(req, MOST_BYTES);
  if (bytes === null) throw new AppError("PAYLOAD_TOO_LARGE", `the body may have ${MOST_BYTES} bytes`);
  return fieldsOf([...new URLSearchParams(bytes.toString("utf8"))]);
};

/**
 * Reads a form or a JSON object; no body at all is an empty form.
 * @throws AppError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST
 */
export const readFields = async (req: IncomingMessage): Promise<Fields> => {
  const type = req.headers["content-type"];
  if (type === undefined || FORM.test(type)) return readForm(req);
  return fieldsOf(flatten(await readJsonBody(req, { maxBytes: MOST_BYTES, maxDepth: 5 }), ""));
};

/** The fields of a query. */
export const fieldsOfQuery = (query: URLSearchParams): Fields => fieldsOf([...query]);

/** The language that a form names; null when it is none of ours. */
export const languageIn = (fields: Fields) => LANGUAGES.find((language) => language === fields.one("language")) ?? null;
