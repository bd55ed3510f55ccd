import { z } from "zod";
import { ASSERTION_OPS } from "#lib/core/definitions.ts";
import { text } from "../scalars.ts";

/** Which comparisons make sense for which part of an answer. */
export const OPS_BY_TYPE = {
  status: ["eq", "ne", "lt", "le", "gt", "ge", "in"],
  latency: ["lt", "le", "gt", "ge"],
  header: ["eq", "ne", "in", "contains", "matches", "exists"],
  body: ["eq", "ne", "contains", "matches"],
  json_path: ASSERTION_OPS,
  certificate: ["eq", "ne", "lt", "le", "gt", "ge"],
} as const;

export type AssertionType = keyof typeof OPS_BY_TYPE;

/** The value is judged together with the operator, in assertion-values.ts: here it only has its documentation. */
const value = (schema: Record<string, unknown>, description: string) => z.unknown().meta({ ...schema, description });
const optionalValue = (schema: Record<string, unknown>, description: string) =>
  z
    .unknown()
    .optional()
    .meta({ ...schema, description, "x-default": "**required**, but for `exists`" });

const op = <const Ops extends readonly [string, ...string[]]>(ops: Ops) =>
  z.enum(ops).meta({ description: "How what came is compared with `value`" });

const SCALARS = [{ type: "string" }, { type: "number" }, { type: "boolean" }];
const pathOrName = (description: string) => text(() => null, { description });

const STATUS = {
  oneOf: [
    { type: "integer", minimum: 100, maximum: 599 },
    { type: "string", pattern: "^[1-5]xx$" },
  ],
};

const Status = z.strictObject({
  type: z.literal("status").meta({ description: "The status code of the answer" }),
  op: op(OPS_BY_TYPE.status),
  value: value(
    {
      oneOf: [...STATUS.oneOf, { type: "array", minItems: 1, items: STATUS }],
      "x-type": "code, class or list of them",
    },
    "A code from 100 to 599 or a class such as `2xx`; a list of them for `in`; a code for `lt`, `le`, `gt`, `ge`",
  ),
});

const Latency = z.strictObject({
  type: z.literal("latency").meta({ description: "The time from start to the last byte" }),
  op: op(OPS_BY_TYPE.latency),
  value: value({ type: "string", "x-type": "duration" }, "1ms to 1d"),
});

const Header = z.strictObject({
  type: z.literal("header").meta({ description: "A header of the answer" }),
  name: pathOrName("Name of the header, in any case"),
  op: op(OPS_BY_TYPE.header),
  value: optionalValue(
    {
      oneOf: [{ type: "string" }, { type: "boolean" }, { type: "array", minItems: 1, items: { type: "string" } }],
      "x-type": "text",
    },
    "Text; a list of texts for `in`; an RE2 pattern for `matches`; true (also when left out) or false for `exists`",
  ),
});

const Body = z.strictObject({
  type: z.literal("body").meta({ description: "The body of the answer as text" }),
  op: op(OPS_BY_TYPE.body),
  value: value({ type: "string", "x-type": "text" }, "Text; an RE2 pattern for `matches`"),
});

const JsonPath = z.strictObject({
  type: z.literal("json_path").meta({ description: "A value inside a JSON body" }),
  path: pathOrName("RFC 9535 path, such as `$.status`"),
  op: op(OPS_BY_TYPE.json_path),
  value: optionalValue(
    {
      oneOf: [...SCALARS, { type: "null" }, { type: "array", minItems: 1, items: { oneOf: SCALARS } }],
      "x-type": "any scalar",
    },
    "Text, number, true, false or null; a number for `lt`, `le`, `gt`, `ge`; a list for `in`; an RE2 pattern for `matches`; " +
      "true (also when left out) or false for `exists`",
  ),
});

const Certificate = z.strictObject({
  type: z.literal("certificate").meta({ description: "How long the certificate is still valid" }),
  op: op(OPS_BY_TYPE.certificate),
  value: value(
    { oneOf: [{ type: "integer", minimum: 0, maximum: 10_000 }, { type: "string" }], "x-type": "days" },
    "Whole days, as a number or a duration such as `14d`",
  ),
});

export const AssertionFile = z.discriminatedUnion("type", [Status, Latency, Header, Body, JsonPath, Certificate]);
export type AssertionFile = z.infer<typeof AssertionFile>;

const MAX_ASSERTIONS = 100;
const listed = { "x-type": "list of assertions" } as const;

/** What an answer over HTTP can be asserted of. */
export const httpAssertions = z
  .array(AssertionFile)
  .max(MAX_ASSERTIONS)
  .meta({
    ...listed,
    description: "What must hold; judged in the order status, headers, body, json_path, certificate, latency",
    "x-default": "the status is 2xx; this one is added whenever none on status is given",
  })
  .optional();

/** The same where the status is judged by the check itself. */
export const documentAssertions = z
  .array(z.discriminatedUnion("type", [Latency, Header, Body, JsonPath, Certificate]))
  .max(MAX_ASSERTIONS)
  .meta({ ...listed, description: "What must hold beside the document's own verdict", default: [] })
  .optional();

/** For checks of a connection that may be protected. */
export const secureAssertions = z
  .array(z.discriminatedUnion("type", [Latency, Certificate]))
  .max(MAX_ASSERTIONS)
  .meta({ ...listed, description: "What must hold; the days that the certificate is valid, the time", default: [] })
  .optional();

/** For checks of which only the time can be asserted. */
export const latencyAssertions = z
  .array(z.discriminatedUnion("type", [Latency]))
  .max(MAX_ASSERTIONS)
  .meta({ ...listed, description: "What must hold: the time that a run takes", default: [] })
  .optional();
