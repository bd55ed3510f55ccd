import type { HeaderFields } from "../definitions.ts";
import { fillTemplate, variablesIn } from "../template.ts";

/** The parts of a request that may hold variables. */
export type Fillable = { readonly url: string; readonly headers: HeaderFields; readonly body: string | null };

export type Filled =
  | { readonly kind: "filled"; readonly request: Fillable }
  /** No step has extracted it: the step that should have did not come so far. */
  | { readonly kind: "missing"; readonly variable: string }
  /** Its value cannot stand in this place without changing what the request means. */
  | { readonly kind: "unfit"; readonly variable: string; readonly place: "url" | "header" | "body" };

type Values = ReadonlyMap<string, string>;
/** Null: the value is unfit for the place. */
type Encode = (value: string) => string | null;

/** What the URL asks of whom; variables stand only after it. */
const BEFORE_PATH = /^[^/?#]*\/\/[^/?#]*/;
const DOTS = /^(\.|%2e){1,2}$/i;
/** RFC 9110, 5.5: what a field value may hold, without blanks at its ends. */
const FIELD_VALUE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
const JSON_SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const XML_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

const unfit = (variable: string, place: "url" | "header" | "body"): Filled => ({ kind: "unfit", variable, place });

type Text = { readonly kind: "text"; readonly text: string } | { readonly kind: "unfit"; readonly variable: string };

const fillWith = (template: string, values: Values, encode: Encode): Text => {
  let bad: string | null = null;
  const text = fillTemplate(template, (name) => {
    const encoded = encode(values.get(name) ?? "");
    if (encoded === null) bad ??= name;
    return encoded ?? "";
  });
  return bad === null ? { kind: "text", text } : { kind: "unfit", variable: bad };
};

const inUrl: Encode = (value) => encodeURIComponent(value.toWellFormed());
const inHeader: Encode = (value) => (FIELD_VALUE.test(value) ? value : null);
const inXml: Encode = (value) => value.replace(/[&<>"']/g, (sign) => XML_ESCAPES[sign] ?? sign);
const asIs: Encode = (value) => value;

/** A path whose segment became "." or ".." would lead somewhere else: `/orders/{{id}}` to all orders. */
const fillUrl = (url: string, values: Values): Text => {
  const start = BEFORE_PATH.exec(url)?.[0].length ?? 0;
  const rest = url.slice(start);
  const pathLength = rest.search(/[?#]|$/);
  for (const segment of rest.slice(0, pathLength).split(/[/\\]/)) {
    const filled = fillWith(segment, values, inUrl);
    const [variable] = variablesIn(segment);
    if (variable !== undefined && filled.kind === "text" && DOTS.test(filled.text)) return { kind: "unfit", variable };
  }
  const filled = fillWith(rest, values, inUrl);
  return filled.kind === "text" ? { kind: "text", text: url.slice(0, start) + filled.text } : filled;
};

/** Marks the place of a variable. A text of the configuration holds no NUL. */
const MARK = "\0";

/** Whether a JSON text, given whether it begins inside of a string, ends inside of one. */
const endsInString = (text: string, begins: boolean): boolean => {
  let isInside = begins;
  for (let i = 0; i < text.length; i += 1) {
    if (isInside && text[i] === "\\") i += 1;
    else if (text[i] === '"') isInside = !isInside;
  }
  return isInside;
};

/**
 * Inside of a string a value is escaped; elsewhere it stands for a number, a truth value or null when it is one, and
 * for a string of its own when it is not. Either way it adds nothing to the structure of the document.
 */
const fillJson = (template: string, values: Values): string => {
  const pieces = fillTemplate(template, (name) => MARK + name + MARK).split(MARK);
  let isInside = false;
  return pieces
    .map((piece, index) => {
      if (index % 2 === 0) {
        isInside = endsInString(piece, isInside);
        return piece;
      }
      const value = values.get(piece) ?? "";
      if (isInside) return JSON.stringify(value).slice(1, -1);
      return JSON_SCALAR.test(value) ? value : JSON.stringify(value);
    })
    .join("");
};

const fillBody = (body: string, headers: HeaderFields, values: Values): Text => {
  const type = (headers["content-type"] ?? "").toLowerCase().split(";")[0]?.trim() ?? "";
  if (type === "application/json" || type.endsWith("+json")) return { kind: "text", text: fillJson(body, values) };
  if (type === "application/x-www-form-urlencoded") return fillWith(body, values, inUrl);
  if (type === "text/xml" || type === "application/xml" || type.endsWith("+xml")) return fillWith(body, values, inXml);
  return fillWith(body, values, asIs);
};

/**
 * Puts values into a request, each encoded for its place: percent-encoded in path, query and forms, escaped in JSON and
 * XML as `content-type` says, and in headers only what a header may hold. Scheme, host and port hold no variables.
 */
export const fillStep = ({ url, headers, body }: Fillable, values: Values): Filled => {
  const used = [url, ...Object.values(headers), body ?? ""].flatMap(variablesIn);
  const missing = used.find((name) => !values.has(name));
  if (missing !== undefined) return { kind: "missing", variable: missing };
  const filledUrl = fillUrl(url, values);
  if (filledUrl.kind === "unfit") return unfit(filledUrl.variable, "url");
  const filledHeaders: Record<string, string> = {};
  for (const [name, template] of Object.entries(headers)) {
    const filled = fillWith(template, values, inHeader);
    if (filled.kind === "unfit") return unfit(filled.variable, "header");
    filledHeaders[name] = filled.text;
  }
  const filledBody = body === null ? null : fillBody(body, headers, values);
  if (filledBody?.kind === "unfit") return unfit(filledBody.variable, "body");
  return { kind: "filled", request: { url: filledUrl.text, headers: filledHeaders, body: filledBody?.text ?? null } };
};
