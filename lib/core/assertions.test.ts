import { describe, expect, test } from "vitest";
import type { AnswerFacts, AssertionEngines } from "#lib/core/assertions.ts";
import { DEFAULT_STATUS_ASSERTION, judgeAnswer, withDefaultStatus } from "#lib/core/assertions.ts";
import type { Assertion } from "#lib/core/definitions.ts";
import { excerptOf } from "#lib/core/excerpt.ts";
import { durationMs, durationUs } from "#lib/core/units.ts";

/** Stand-ins for the engines: plain inclusion, and "$.name" only. */
const engines: AssertionEngines = {
  matches: (pattern, text) => (pattern === "(" ? null : text.includes(pattern)),
  query: (path, document) => {
    if (!path.startsWith("$.")) return { kind: "bad-path" };
    if (path === "$.deep") return { kind: "bad-document" };
    const name = path.slice(2);
    const isThere = typeof document === "object" && document !== null && Object.hasOwn(document, name);
    if (!isThere) return { kind: "found", values: [] };
    const value: unknown = (document as Record<string, unknown>)[name];
    return { kind: "found", values: path.endsWith("s") && Array.isArray(value) ? value : [value] };
  },
};

const facts = (over: Partial<AnswerFacts> = {}): AnswerFacts => ({
  status: 200,
  headers: [
    ["content-type", "application/json"],
    ["x-count", "7"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ],
  bodyText: () => '{"status":"ok","count":7,"flag":true,"none":null,"parts":["ok","ok"],"mixes":["ok","no"]}',
  durationUs: durationUs(120_000),
  certificateDaysLeft: 30,
  ...over,
});

const judge = (assertion: Assertion, over: Partial<AnswerFacts> = {}) =>
  judgeAnswer([assertion], facts(over), engines).class;

describe("one assertion holds or gives its class", () => {
  test.each<[Assertion, string]>([
    [{ type: "status", op: "eq", value: 200 }, "ok"],
    [{ type: "status", op: "eq", value: "200" }, "ok"],
    [{ type: "status", op: "eq", value: "2xx" }, "ok"],
    [{ type: "status", op: "eq", value: "5XX" }, "bad_status"],
    [{ type: "status", op: "ne", value: "5xx" }, "ok"],
    [{ type: "status", op: "ne", value: 200 }, "bad_status"],
    [{ type: "status", op: "in", value: [204, "2xx"] }, "ok"],
    [{ type: "status", op: "in", value: [204, "3xx"] }, "bad_status"],
    [{ type: "status", op: "lt", value: 300 }, "ok"],
    [{ type: "status", op: "ge", value: 300 }, "bad_status"],
    [{ type: "header", name: "Content-Type", op: "contains", value: "json" }, "ok"],
    [{ type: "header", name: "x-count", op: "eq", value: 7 }, "ok"],
    [{ type: "header", name: "x-count", op: "gt", value: 6 }, "ok"],
    [{ type: "header", name: "x-count", op: "gt", value: 7 }, "body_mismatch"],
    [{ type: "header", name: "set-cookie", op: "eq", value: "b=2" }, "ok"],
    [{ type: "header", name: "set-cookie", op: "ne", value: "b=2" }, "body_mismatch"],
    [{ type: "header", name: "x-none", op: "eq", value: "a" }, "body_mismatch"],
    [{ type: "header", name: "x-none", op: "exists", value: null }, "body_mismatch"],
    [{ type: "header", name: "x-none", op: "exists", value: false }, "ok"],
    [{ type: "header", name: "x-count", op: "exists", value: true }, "ok"],
    [{ type: "body", op: "contains", value: "status" }, "ok"],
    [{ type: "body", op: "matches", value: '"ok"' }, "ok"],
    [{ type: "body", op: "eq", value: "other" }, "body_mismatch"],
    [{ type: "json_path", path: "$.status", op: "eq", value: "ok" }, "ok"],
    [{ type: "json_path", path: "$.status", op: "ne", value: "ok" }, "body_mismatch"],
    [{ type: "json_path", path: "$.count", op: "eq", value: 7 }, "ok"],
    [{ type: "json_path", path: "$.count", op: "eq", value: "7" }, "body_mismatch"],
    [{ type: "json_path", path: "$.flag", op: "eq", value: true }, "ok"],
    [{ type: "json_path", path: "$.none", op: "eq", value: null }, "ok"],
    [{ type: "json_path", path: "$.none", op: "exists", value: true }, "ok"],
    [{ type: "json_path", path: "$.missing", op: "eq", value: null }, "body_mismatch"],
    [{ type: "json_path", path: "$.missing", op: "ne", value: "ok" }, "ok"],
    [{ type: "json_path", path: "$.missing", op: "exists", value: false }, "ok"],
    [{ type: "json_path", path: "$.parts", op: "eq", value: "ok" }, "ok"],
    [{ type: "json_path", path: "$.mixes", op: "eq", value: "ok" }, "body_mismatch"],
    [{ type: "json_path", path: "$.constructor", op: "exists", value: true }, "body_mismatch"],
    [{ type: "json_path", path: "$.deep", op: "exists", value: true }, "body_mismatch"],
    [{ type: "certificate", op: "ge", value: 14 }, "ok"],
    [{ type: "certificate", op: "ge", value: 31 }, "tls_error"],
    [{ type: "latency", op: "lt", valueMs: durationMs(800) }, "ok"],
    [{ type: "latency", op: "lt", valueMs: durationMs(120) }, "slow"],
    [{ type: "latency", op: "le", valueMs: durationMs(120) }, "ok"],
    [{ type: "body", op: "matches", value: "(" }, "internal_error"],
    [{ type: "json_path", path: "nope", op: "eq", value: 1 }, "internal_error"],
  ])("%j is %s", (assertion, expected) => expect(judge(assertion)).toBe(expected));

  test("without TLS no number of days is enough", () => {
    expect(judge({ type: "certificate", op: "ge", value: 0 }, { certificateDaysLeft: null })).toBe("tls_error");
  });
  test("a body that is not JSON fails every JSON path but the absence of one", () => {
    const over = { bodyText: () => "<html>" };
    expect(judge({ type: "json_path", path: "$.status", op: "eq", value: "ok" }, over)).toBe("body_mismatch");
  });
});

test("the first failure in the order status, header, body, json_path, certificate, latency gives the class, all are kept", () => {
  const failing: Assertion[] = [
    { type: "latency", op: "lt", valueMs: durationMs(1) },
    { type: "certificate", op: "ge", value: 99 },
    { type: "json_path", path: "$.status", op: "eq", value: "bad" },
    { type: "body", op: "contains", value: "absent" },
    { type: "header", name: "x-count", op: "eq", value: 8 },
    { type: "status", op: "eq", value: 204 },
  ];
  const classes = failing.map((_, from) => judgeAnswer(failing.slice(0, from + 1), facts(), engines).class);
  expect(classes).toEqual(["slow", "tls_error", "body_mismatch", "body_mismatch", "body_mismatch", "bad_status"]);
  const judged = judgeAnswer(failing, facts(), engines);
  expect(judged.detail).toBe("status 200");
  expect(judged.failures.map(({ assertion }) => assertion)).toEqual([
    "status eq",
    "header x-count eq",
    "body contains",
    "json_path $.status eq",
    "certificate ge",
    "latency lt",
  ]);
  expect(judged.failures[3]).toEqual({ assertion: "json_path $.status eq", expected: "bad", seen: "ok" });
});

test("a latency that fails beside another assertion does not make the run merely slow", () => {
  const both: Assertion[] = [
    { type: "latency", op: "lt", valueMs: durationMs(1) },
    { type: "body", op: "contains", value: "absent" },
  ];
  expect(judgeAnswer(both, facts(), engines).class).toBe("body_mismatch");
});

test("a 2xx assertion is added only when none on status is given", () => {
  const own: Assertion[] = [{ type: "status", op: "in", value: [404] }];
  expect(withDefaultStatus(own)).toBe(own);
  expect(withDefaultStatus([])).toEqual([DEFAULT_STATUS_ASSERTION]);
});

test("an excerpt has at most 1,024 bytes, no NUL and no half of a character", () => {
  expect(excerptOf("a\0b")).toBe("ab");
  expect(excerptOf("x\ud800y\udc00z")).toBe("x\ufffdy\ufffdz");
  expect(Buffer.byteLength(excerptOf("\u{1f600}".repeat(2_000)))).toBe(1_024);
  expect(Buffer.byteLength(excerptOf(`a${"\u20ac".repeat(2_000)}`))).toBe(1_024);
  const { failures } = judgeAnswer(
    [{ type: "body", op: "eq", value: "x" }],
    facts({ bodyText: () => "\0é".repeat(5_000) }),
    engines,
  );
  expect(Buffer.byteLength(failures[0]?.seen ?? "")).toBeLessThanOrEqual(1_024);
});
