import parseJsonPath from "jsonpath-rfc9535/parser";
import { RE2JS } from "re2js";
import type { AssertionOp } from "#lib/core/definitions.ts";
import { ASSERTION_OPS } from "#lib/core/definitions.ts";
import { jsonPathObjection, MAX_JSON_PATH_CHARACTERS } from "#lib/core/json-path-cost.ts";
import { DAY_MS } from "#lib/core/units.ts";
import type { Complaint } from "./config-error.ts";
import type { Mapping } from "./read-document.ts";
import { checkHeaderName } from "./rules/header.ts";
import { checkDuration, readDuration } from "./scalars.ts";
import type { AssertionType } from "./schema/assertion.ts";
import { OPS_BY_TYPE } from "./schema/assertion.ts";

const MAX_PATTERN = 1_000;
const MAX_TEXT = 8_192;
const MAX_CHOICES = 1_000;
const MAX_DAYS = 10_000;

type Judge = (value: unknown) => Complaint | null;

const wrongType = (expected: string): Complaint => ({ kind: "type", message: `must be ${expected}` });

const judgeText: Judge = (value) => {
  if (typeof value !== "string") return wrongType("text");
  return value.length > MAX_TEXT ? { kind: "limit", message: `must have at most ${MAX_TEXT} characters` } : null;
};

const judgeNumber: Judge = (value) =>
  typeof value === "number" && Number.isFinite(value) ? null : wrongType("a number");
const judgeFlag: Judge = (value) => (typeof value === "boolean" ? null : wrongType("true or false"));

const judgeScalar: Judge = (value) => {
  if (typeof value === "string") return judgeText(value);
  if (typeof value === "boolean") return null;
  return typeof value === "number" ? judgeNumber(value) : wrongType("text, a number, true or false");
};
const judgeScalarOrNull: Judge = (value) => (value === null ? null : judgeScalar(value));

/** Patterns run on a linear-time engine only, so what it does not know (look-around, back-references) is refused here. */
const judgePattern: Judge = (value) => {
  if (typeof value !== "string") return wrongType("a pattern as text");
  if (value.length > MAX_PATTERN) return { kind: "limit", message: `must have at most ${MAX_PATTERN} characters` };
  try {
    RE2JS.compile(value);
    return null;
  } catch {
    return { kind: "format", message: "must be a pattern of RE2 (no look-around, no back-references)" };
  }
};

/** A pattern that the linear-time engine knows. */
export const checkPattern = (text: string): Complaint | null => judgePattern(text);

const judgeCode: Judge = (value) => {
  if (typeof value !== "number" || !Number.isInteger(value)) return wrongType("a status code as a whole number");
  return value >= 100 && value <= 599 ? null : { kind: "range", message: `must be between 100 and 599, got ${value}` };
};

const judgeCodeOrClass: Judge = (value) => {
  if (typeof value !== "string") return judgeCode(value);
  if (/^[1-5]xx$/.test(value)) return null;
  // A number in quotes is what people write by habit; say so instead of talking of classes.
  if (/^\d+$/.test(value)) return wrongType("a status code without quotes");
  return { kind: "format", message: "must be a status code or a class such as 2xx" };
};

const judgeDays: Judge = (value) => {
  const days = typeof value === "string" ? (readDuration(value) ?? Number.NaN) / DAY_MS : value;
  if (typeof days !== "number") return wrongType("a number of days");
  if (typeof value === "string" && Number.isNaN(days)) {
    return { kind: "format", message: "must be a number of days, or a duration such as 14d" };
  }
  if (!Number.isInteger(days))
    return { kind: typeof value === "string" ? "range" : "type", message: "must be whole days" };
  return days >= 0 && days <= MAX_DAYS ? null : { kind: "range", message: `must be between 0 and ${MAX_DAYS} days` };
};

const judgeLatency: Judge = (value) =>
  typeof value === "string" ? checkDuration({ min: 1, max: DAY_MS })(value) : wrongType("a duration such as 800ms");

/** Whether the answer has to be one of a few values. */
const ONE_OF = { status: judgeCodeOrClass, header: judgeText, json_path: judgeScalar } as const;

const judgeFor = (type: AssertionType, op: AssertionOp): Judge => {
  if (op === "exists") return judgeFlag;
  if (op === "matches") return judgePattern;
  switch (type) {
    case "status":
      return op === "eq" || op === "ne" ? judgeCodeOrClass : judgeCode;
    case "latency":
      return judgeLatency;
    case "certificate":
      return judgeDays;
    case "header":
    case "body":
      return judgeText;
    case "json_path":
      if (op === "eq" || op === "ne") return judgeScalarOrNull;
      return op === "contains" ? judgeScalar : judgeNumber;
  }
};

/** What is wrong inside an assertion: the field below it (with the index of a choice), and why. */
export type AssertionComplaint = Complaint & { readonly at: readonly (string | number)[] };

const checkChoices = (type: AssertionType, value: unknown): readonly AssertionComplaint[] => {
  const refuse = (complaint: Complaint) => [{ ...complaint, at: ["value"] }];
  if (!Array.isArray(value)) return refuse(wrongType("a list"));
  if (value.length === 0) return refuse({ kind: "range", message: "must have at least one entry" });
  if (value.length > MAX_CHOICES) return refuse({ kind: "limit", message: `must have at most ${MAX_CHOICES} entries` });
  const judge: Judge = ONE_OF[type as keyof typeof ONE_OF];
  return value.flatMap((choice, index) => {
    const complaint = judge(choice);
    return complaint === null ? [] : [{ ...complaint, at: ["value", index] }];
  });
};

const checkValue = (type: AssertionType, op: AssertionOp, value: unknown): readonly AssertionComplaint[] => {
  if (value === undefined) {
    return op === "exists" ? [] : [{ kind: "missing", message: "is required", at: ["value"] }];
  }
  if (op === "in") return checkChoices(type, value);
  const complaint = Array.isArray(value)
    ? wrongType("a single value; a list goes with the operator in")
    : judgeFor(type, op)(value);
  return complaint === null ? [] : [{ ...complaint, at: ["value"] }];
};

/** A path of RFC 9535 that is cheap on any answer. */
export const checkJsonPath = (path: string): Complaint | null => {
  if (path.length > MAX_JSON_PATH_CHARACTERS)
    return { kind: "limit", message: `must have at most ${MAX_JSON_PATH_CHARACTERS} characters` };
  try {
    const objection = jsonPathObjection(parseJsonPath(path));
    return objection === null ? null : { kind: "unsafe", message: objection };
  } catch {
    return { kind: "format", message: "must be a path of RFC 9535, such as $.status" };
  }
};

const isType = (value: unknown): value is AssertionType =>
  typeof value === "string" && Object.hasOwn(OPS_BY_TYPE, value);
const isOp = (value: unknown, type: AssertionType): value is AssertionOp =>
  ASSERTION_OPS.some((op) => op === value) && (OPS_BY_TYPE[type] as readonly unknown[]).includes(value);

/** Checks what depends on the type and the operator of an assertion; a wrong type or operator is told elsewhere. */
export const checkAssertion = (assertion: Mapping): readonly AssertionComplaint[] => {
  const { type, op } = assertion;
  if (!isType(type)) return [];
  const complaints: AssertionComplaint[] = [];
  if (type === "header" && typeof assertion.name === "string") {
    const complaint = checkHeaderName(assertion.name);
    if (complaint !== null) complaints.push({ ...complaint, at: ["name"] });
  }
  if (type === "json_path" && typeof assertion.path === "string") {
    const complaint = checkJsonPath(assertion.path);
    if (complaint !== null) complaints.push({ ...complaint, at: ["path"] });
  }
  return isOp(op, type) ? [...complaints, ...checkValue(type, op, assertion.value)] : complaints;
};
