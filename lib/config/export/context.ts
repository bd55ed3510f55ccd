import type { Assertion, HeaderFields, HttpAuth, PromqlSource } from "#lib/core/definitions.ts";
import { formatDuration } from "#lib/core/duration.ts";

/** A section of a configuration file as plain values, in the file's own words. */
export type Section = { readonly [key: string]: unknown };

/** A number whose decimals count: "99.90" is written so. */
export class Decimal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What to write where a secret stands. `place` names it in words, from the thing that it belongs to down. */
export type ExportContext = {
  /** The reference that is written in its place. */
  readonly secret: (value: string, place: readonly string[]) => string;
  /** The value of a header of a probe or a source, where the file takes no reference. */
  readonly header: (name: string, value: string, place: readonly string[]) => string;
};

/** Without the fields that have nothing to say. */
export const said = (fields: Section): Section =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Rows of the database come back with their keys in another order. */
const inOrder = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** A field that is left out while it is what it would be anyway. */
export const unless = <Value>(value: Value, standard: Value): Value | undefined =>
  JSON.stringify(value, inOrder) === JSON.stringify(standard, inOrder) ? undefined : value;

/** A field whose null means that it was left out. */
export const known = <Value>(value: Value | null): Value | undefined => value ?? undefined;

/** Header fields as the file has them; what is secret becomes a reference to the vault. */
export const exportHeaders = (
  headers: HeaderFields,
  place: readonly string[],
  context: ExportContext,
): Section | undefined => {
  const entries = Object.entries(headers).map(([name, value]) => [name, context.header(name, value, place)]);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Section);
};

/** Credentials as the file has them, each a reference to the vault. */
export const exportAuth = (
  auth: HttpAuth | null,
  place: readonly string[],
  context: ExportContext,
): Section | undefined => {
  if (auth === null) return undefined;
  return auth.kind === "basic"
    ? { basic: { username: auth.username, password: context.secret(auth.password, [...place, "password"]) } }
    : { bearer: context.secret(auth.token, [...place, "token"]) };
};

/** An assertion as the file has it. */
export const exportAssertion = (assertion: Assertion): Section => {
  const { type, op } = assertion;
  switch (assertion.type) {
    case "latency":
      return { type, op, value: formatDuration(assertion.valueMs) };
    case "header":
      return { type, name: assertion.name, op, value: assertion.value };
    case "json_path":
      return { type, path: assertion.path, op, value: assertion.value };
    default:
      return { type, op, value: assertion.value };
  }
};

/** The server that PromQL queries are sent to. */
export const exportSource = (
  { url, headers, auth }: PromqlSource,
  place: readonly string[],
  context: ExportContext,
): Section => said({ url, headers: exportHeaders(headers, place, context), auth: exportAuth(auth, place, context) });
