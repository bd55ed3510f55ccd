import { describe, expect, test } from "vitest";
import { isUsableJsonPath, queryJsonPath } from "#probes/engines/json-path.ts";
import { matchesPattern } from "#probes/engines/patterns.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

const document: unknown = JSON.parse('{"status":"ok","__proto__":{"a":1},"list":[{"b":1,"c":"x"},{"b":2}]}');

describe("JSON paths follow RFC 9535", () => {
  test.each<[string, unknown[]]>([
    ["$.status", ["ok"]],
    ["$['status']", ["ok"]],
    ["$..b", [1, 2]],
    ["$.list[-1].b", [2]],
    ["$.list[?@.b>1].b", [2]],
    ["$.list[?count(@.*)>1].c", ["x"]],
    ["$.list[*].b", [1, 2]],
    ["$.missing", []],
  ])("%s", (path, values) => expect(queryJsonPath(path, document)).toEqual({ kind: "found", values }));

  test("inherited properties are not there, own ones of the same name are", () => {
    expect(queryJsonPath("$.constructor", document)).toEqual({ kind: "found", values: [] });
    expect(queryJsonPath("$.list.length", document)).toEqual({ kind: "found", values: [] });
    expect(queryJsonPath("$.__proto__.a", document)).toEqual({ kind: "found", values: [1] });
  });

  test.each([
    "",
    "status",
    "$[",
    "$.list[(@.length-1)]",
    "$.list[?(process.exit())]",
    "$..*..*",
    "$..[?@..b]",
    "$.list[?match(@.c, '(a+)+')]",
    "$.list[?search(@.c, 'x')]",
    "$[*][?count($[*])>1]",
    "$[*,*,*,*][*,*,*,*][*,*,*,*]",
    `$.${"a".repeat(2_000)}`,
  ])("%j is refused: not valid, a script, a pattern or too costly", (path) => {
    expect(isUsableJsonPath(path)).toBe(false);
    expect(queryJsonPath(path, document)).toEqual({ kind: "bad-path" });
  });

  test("a document of a megabyte of brackets or of numbers is searched in bounded time", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(500_000)}${"]".repeat(500_000)}`);
    const wide: unknown = JSON.parse(`[${"1,".repeat(500_000)}1]`);
    const elapsedMs = startStopwatch();
    expect(queryJsonPath("$..*", deep).kind).not.toBe("bad-path");
    expect(queryJsonPath("$..none", deep).kind).not.toBe("bad-path");
    expect(queryJsonPath("$[?@>1]", wide)).toEqual({ kind: "found", values: [] });
    expect(elapsedMs()).toBeLessThan(5_000);
  });
});

describe("patterns run in linear time", () => {
  test("they find what they should", () => {
    expect(matchesPattern("^ok$", "ok")).toBe(true);
    expect(matchesPattern("o.", "xxok")).toBe(true);
    expect(matchesPattern("^ok$", "not ok")).toBe(false);
    expect(matchesPattern("(?i)OK", "ok")).toBe(true);
  });
  test("a pattern that is not valid, too long or needs backtracking is no verdict", () => {
    expect(matchesPattern("(", "x")).toBeNull();
    expect(matchesPattern("(a)\\1", "aa")).toBeNull();
    expect(matchesPattern("a".repeat(2_000), "x")).toBeNull();
  });
  test("what makes a backtracking engine hang for ever takes milliseconds", () => {
    const elapsedMs = startStopwatch();
    for (const pattern of ["^(a+)+$", "^(a|aa)+$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"]) {
      expect(matchesPattern(pattern, `${"a".repeat(65_000)}!`)).toBe(false);
    }
    expect(elapsedMs()).toBeLessThan(5_000);
  });
});
