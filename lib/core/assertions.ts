import type { PatternEngine } from "./assertion-ops.ts";
import { compareValues } from "./assertion-ops.ts";
import type { Assertion, AssertionValue } from "./definitions.ts";
import { excerptOf } from "./excerpt.ts";
import type { AssertionFailure, OutcomeClass } from "./outcome.ts";
import type { DurationUs } from "./units.ts";

/** What a JSON path found in a document (RFC 9535). */
export type PathResult =
  | { readonly kind: "found"; readonly values: readonly unknown[] }
  /** The path is not valid or costs too much on any document: a fault of the configuration. */
  | { readonly kind: "bad-path" }
  /** The document is nested too deep to be searched: a fault of the target. */
  | { readonly kind: "bad-document" };

export type AssertionEngines = {
  readonly matches: PatternEngine;
  readonly query: (path: string, document: unknown) => PathResult;
};

/** What an HTTP answer is judged by. */
export type AnswerFacts = {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The decoded body; asked for only when an assertion needs it. */
  readonly bodyText: () => string;
  readonly durationUs: DurationUs;
  /** Whole days until the leaf certificate expires; null without TLS. */
  readonly certificateDaysLeft: number | null;
};

export type Judgement = {
  readonly class: Extract<
    OutcomeClass,
    "ok" | "slow" | "bad_status" | "body_mismatch" | "tls_error" | "internal_error"
  >;
  readonly detail: string | null;
  readonly failures: readonly AssertionFailure[];
};

type Verdict = { readonly holds: boolean | null; readonly seen: string };

const ORDER: readonly Assertion["type"][] = ["status", "header", "body", "json_path", "certificate", "latency"];

/** The class that a failure gives. A certificate about to expire is a fault of TLS, as it is once it has expired. */
const CLASS_OF = {
  status: "bad_status",
  header: "body_mismatch",
  body: "body_mismatch",
  json_path: "body_mismatch",
  certificate: "tls_error",
  latency: "slow",
} as const satisfies Record<Assertion["type"], Judgement["class"]>;

const STATUS_CLASS = /^[1-9]xx$/i;

/** A class of status codes ("2xx") that the status falls into becomes the status itself, so that it compares equal. */
const resolveStatusClass = (status: number, value: AssertionValue): AssertionValue => {
  const resolve = (each: string | number | boolean): string | number | boolean => {
    if (typeof each !== "string") return each;
    if (!STATUS_CLASS.test(each)) return Number(each);
    return Number(each[0]) === Math.floor(status / 100) ? status : -1;
  };
  if (value === null) return null;
  return typeof value === "object" ? value.map(resolve) : resolve(value);
};

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value) ?? "nothing";
  } catch {
    return "a value nested too deep to show";
  }
};

const judgeJsonPath = (
  assertion: Extract<Assertion, { type: "json_path" }>,
  facts: AnswerFacts,
  engines: AssertionEngines,
  documentOf: () => { readonly document: unknown } | null,
): Verdict => {
  const parsed = documentOf();
  if (parsed === null) return { holds: false, seen: `not JSON: ${facts.bodyText().slice(0, 1_000)}` };
  const result = engines.query(assertion.path, parsed.document);
  if (result.kind === "bad-path") return { holds: null, seen: "the path cannot be judged" };
  if (result.kind === "bad-document") return { holds: false, seen: "a document nested too deep" };
  const { op, value: expected } = assertion;
  const holds = compareValues(result.values, { op, expected, matches: engines.matches }, "all");
  return { holds, seen: result.values.length === 0 ? "nothing" : result.values.slice(0, 20).map(textOf).join(", ") };
};

const judgeOne = (
  assertion: Assertion,
  facts: AnswerFacts,
  engines: AssertionEngines,
  documentOf: () => { readonly document: unknown } | null,
): Verdict => {
  const { matches } = engines;
  switch (assertion.type) {
    case "status": {
      const expected = resolveStatusClass(facts.status, assertion.value);
      const holds = compareValues([facts.status], { op: assertion.op, expected, matches }, "any");
      return { holds, seen: String(facts.status) };
    }
    case "header": {
      const name = assertion.name.toLowerCase();
      const values = facts.headers.filter(([each]) => each === name).map(([, value]) => value);
      const holds = compareValues(values, { op: assertion.op, expected: assertion.value, matches }, "any");
      return { holds, seen: values.length === 0 ? "nothing" : values.join(", ") };
    }
    case "body": {
      const text = facts.bodyText();
      const values = assertion.op === "exists" && text === "" ? [] : [text];
      const holds = compareValues(values, { op: assertion.op, expected: assertion.value, matches }, "any");
      return { holds, seen: text.slice(0, 2_048) };
    }
    case "json_path":
      return judgeJsonPath(assertion, facts, engines, documentOf);
    case "certificate": {
      const days = facts.certificateDaysLeft;
      const values = days === null ? [] : [days];
      const holds = compareValues(values, { op: assertion.op, expected: assertion.value, matches }, "any");
      return { holds, seen: days === null ? "no certificate" : `${days} days left` };
    }
    case "latency": {
      const ms = facts.durationUs / 1_000;
      const holds = compareValues([ms], { op: assertion.op, expected: assertion.valueMs, matches }, "any");
      return { holds, seen: `${ms} ms` };
    }
  }
};

/** What is asserted, without the value: "header content-type contains". */
export const nameOfAssertion = (assertion: Assertion): string => {
  switch (assertion.type) {
    case "header":
      return `header ${assertion.name.toLowerCase()} ${assertion.op}`;
    case "json_path":
      return `json_path ${assertion.path} ${assertion.op}`;
    default:
      return `${assertion.type} ${assertion.op}`;
  }
};

const expectedOf = (assertion: Assertion): string =>
  assertion.type === "latency" ? `${assertion.valueMs} ms` : textOf(assertion.value);

const detailOf = (first: Assertion, seen: string): string => {
  const shown = first.type === "status" || first.type === "latency" || first.type === "certificate";
  return excerptOf(shown ? `${first.type} ${seen}` : nameOfAssertion(first)).slice(0, 200);
};

/**
 * Judges all assertions in the order status, header, body, json_path, certificate, latency. The first one that does not
 * hold gives the class, all are kept. One that cannot be judged at all is a fault of ours, whatever the others say.
 */
export const judgeAnswer = (
  assertions: readonly Assertion[],
  facts: AnswerFacts,
  engines: AssertionEngines,
): Judgement => {
  let parsed: { readonly document: unknown } | null | undefined;
  const documentOf = () => {
    if (parsed === undefined) parsed = parseJson(facts.bodyText());
    return parsed;
  };
  const failures: AssertionFailure[] = [];
  let first: { readonly class: Judgement["class"]; readonly detail: string } | null = null;
  let unjudged: string | null = null;
  for (const type of ORDER) {
    for (const assertion of assertions) {
      if (assertion.type !== type) continue;
      const { holds, seen } = judgeOne(assertion, facts, engines, documentOf);
      if (holds === true) continue;
      if (holds === null) unjudged ??= `cannot judge ${nameOfAssertion(assertion)}`;
      first ??= { class: CLASS_OF[type], detail: detailOf(assertion, seen) };
      failures.push({
        assertion: excerptOf(nameOfAssertion(assertion)),
        expected: excerptOf(expectedOf(assertion)),
        seen: excerptOf(seen),
      });
    }
  }
  if (unjudged !== null) return { class: "internal_error", detail: excerptOf(unjudged), failures };
  return { class: first?.class ?? "ok", detail: first?.detail ?? null, failures };
};

const parseJson = (text: string): { readonly document: unknown } | null => {
  try {
    return { document: JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) };
  } catch {
    return null;
  }
};

/** What holds when nothing is said about the status. */
export const DEFAULT_STATUS_ASSERTION: Assertion = { type: "status", op: "eq", value: "2xx" };

/** Adds the default status assertion when none on status is given. */
export const withDefaultStatus = (assertions: readonly Assertion[]): readonly Assertion[] =>
  assertions.some(({ type }) => type === "status") ? assertions : [DEFAULT_STATUS_ASSERTION, ...assertions];
