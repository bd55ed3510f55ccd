import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { BAD_FILES, CANARY } from "#test/fixtures/config/bad-files.ts";
import type { ConfigResult } from "./load-config.ts";
import { loadConfig } from "./load-config.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../../test/fixtures/config/${name}`, import.meta.url), "utf8");
const base = fixture("base.yaml");
const KEY = `whsec_${Buffer.alloc(32, "k").toString("base64")}`;
const ENV = { ONCALL_SECRET: KEY, NOT_A_KEY: CANARY, EMPTY: "" };

const load = (source: string | Uint8Array): ConfigResult =>
  loadConfig({ bytes: typeof source === "string" ? new TextEncoder().encode(source) : source, env: ENV, judgeUrl });

const errorsOf = (source: string | Uint8Array) => {
  const result = load(source);
  return result.ok ? [] : result.errors;
};

const edited = (find: string, replacement: string): string => {
  const at = base.indexOf(find);
  expect(at, `base.yaml holds ${JSON.stringify(find)}`).toBeGreaterThanOrEqual(0);
  return base.slice(0, at) + replacement + base.slice(at + find.length);
};

describe("a file with one fault gives exactly one error", () => {
  const rows = BAD_FILES.map(([name, find, replacement, path, kind, line]) => ({
    name,
    find,
    replacement,
    path,
    kind,
    line,
  }));
  test.each(rows)("$name", ({ find, replacement, path, kind, line }) => {
    const errors = errorsOf(edited(find, replacement));
    expect(errors.map((error) => [error.path, error.kind])).toEqual([[path, kind]]);
    if (line !== undefined) expect(errors[0]?.line).toBe(line);
    const text = errors[0]?.message ?? "";
    expect(text).not.toBe("");
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain(KEY);
  });

  test("the table holds at least 75 files, of every kind but those of bytes", () => {
    expect(BAD_FILES.length).toBeGreaterThanOrEqual(75);
    expect(new Set(BAD_FILES.map(([, , , , kind]) => kind)).size).toBe(14);
  });

  test.each([
    [
      "bytes that are not UTF-8",
      Buffer.concat([Buffer.from("version: 1\nname: "), Buffer.from([0xff, 0xfe, 0x0a])]),
      "encoding",
      2,
    ],
    ["Latin-1", Buffer.from(base.replace("Acme", "Caf\u00e9"), "latin1"), "encoding", 3],
    ["nothing", Buffer.from(""), "missing", undefined],
    ["comments only", Buffer.from("# nothing\n\n---\n"), "missing", undefined],
    ["a list", Buffer.from("- 1\n"), "type", 1],
    ["a word", Buffer.from("hello\n"), "type", 1],
  ])("a whole file of %s", (_name, bytes, kind, line) => {
    const errors = errorsOf(bytes);
    expect(errors.map((error) => [error.path, error.kind, error.line])).toEqual([["", kind, line]]);
  });

  test("more than 10,000 probes are told at the list that passes the limit", () => {
    const probes = Array.from(
      { length: 5_001 },
      (_, i) => `{id: a${i}, type: http, url: "https://h.example.org/", interval: 30s, locations: [fra]}`,
    );
    const list = (letter: string) =>
      probes.map((probe) => `      - ${probe.replace("id: a", `id: ${letter}`)}`).join("\n");
    const file = `version: 1\nlocations: [{id: fra}]\nservices:\n  - id: one\n    name: One\n    probes:\n${list("a")}\n  - id: two\n    name: Two\n    probes:\n${list("b")}\n`;
    expect(errorsOf(file)).toEqual([
      expect.objectContaining({ path: "services[1].probes", kind: "limit", line: 5_010 }),
    ]);
  });
});

describe("messages help", () => {
  test.each([
    ["interval: 30s", "interval: 0s", "interval must be between 1s and 1d, got 0s"],
    ["notify: [oncall]", "notify: [oncal]", 'no notification has the id "oncal" (did you mean "oncall"?)'],
    [
      "method: GET",
      "method: get",
      'method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS (did you mean "GET"?)',
    ],
    [
      "burn_rate_alerts:",
      "burnRateAlerts:",
      'there is no field "burnRateAlerts" here (did you mean "burn_rate_alerts"?)',
    ],
    [
      "type: webhook",
      "type: webhok",
      'type must be one of webhook, slack, pagerduty, alertmanager, discord, teams, ntfy, email (did you mean "webhook"?)',
    ],
    ["env:ONCALL_SECRET", "whsec_short", "secret must hold 24 to 64 bytes in base64"],
    ["env:ONCALL_SECRET", "env:NOT_A_KEY", "the environment variable that it names must be whsec_ and base64"],
  ])("%s -> %s", (find, replacement, message) => {
    expect(errorsOf(edited(find, replacement))[0]?.message).toBe(message);
  });

  test("all faults of a file are told at once, in the order of the file", () => {
    const file = base
      .replace("interval: 30s", "interval: 0s")
      .replace("name: Shop API", "nam: Shop API")
      .replace("notify: [oncall]", "notify: [oncal]")
      .replace("objective: 95", "objective: 101")
      .replace("http://wiki/", "http://10.0.0.1/");
    expect(errorsOf(file).map((error) => `${error.line} ${error.kind}`)).toEqual([
      "16 unknown_field",
      "23 range",
      "41 reference",
      "46 range",
      "53 unsafe",
    ]);
  });

  test("a fault behind an anchor is told once, however often it is used", () => {
    const file = edited("interval: 30s", "interval: &i 30").replace("interval: 1m", "interval: *i");
    expect(errorsOf(file)).toEqual([
      expect.objectContaining({ path: "services[0].probes[0].interval", kind: "type", line: 23 }),
    ]);
  });
});

test("10,000 probes are each looked at once, and all of 64 faults among them are told", () => {
  const probe = (i: number): string => {
    const interval = i % 157 === 0 ? "0s" : "30s";
    return `      - { id: p${i}, type: http, url: "https://h${i}.example.org/", interval: ${interval}, locations: [fra] }`;
  };
  const file = `version: 1\nlocations: [{ id: fra }]\nservices:\n  - id: one\n    name: One\n    probes:\n${Array.from({ length: 10_000 }, (_, i) => probe(i)).join("\n")}\n`;
  let judged = 0;
  const result = loadConfig({
    bytes: new TextEncoder().encode(file),
    env: {},
    judgeUrl: (url, allow) => {
      judged += 1;
      return judgeUrl(url, allow);
    },
  });
  expect(result.ok ? 0 : result.errors.length).toBe(64);
  expect(judged).toBe(10_000);
});

describe("whatever is written, the answer is a result", () => {
  const word = fc.oneof(
    fc.constantFrom(
      "version",
      "services",
      "probes",
      "id",
      "type",
      "http",
      "slos",
      "locations",
      "headers",
      "secret",
      "sli",
      "url",
      "__proto__",
    ),
    fc.string({ maxLength: 12 }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue({ maxDepth: 1 }),
      word,
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(word, tie("tree"), { maxKeys: 5 }),
    ),
  }));
  const settled = (result: ConfigResult): boolean =>
    result.ok ||
    (result.errors.length > 0 && result.errors.every((error) => error.message !== "" && (error.line ?? 1) >= 1));

  test("for any value written as YAML", () => {
    fc.assert(
      fc.property(tree, (value) => settled(load(stringify(value)))),
      { numRuns: 300 },
    );
  });

  test("for any value in place of any part of a good file", () => {
    const sections = base.split(/^(?=[a-z])/m);
    const property = fc.property(fc.nat(sections.length - 1), tree, (index, value) => {
      const key = sections[index]?.split(":")[0];
      return settled(load(sections.with(index, `${key}: ${JSON.stringify(value)}\n`).join("")));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => settled(load(bytes))),
      { numRuns: 300 },
    );
  });

  test("for any slice of a good file, and paths have the form a[0].b", () => {
    const property = fc.property(fc.nat(base.length), fc.nat(40), (start, length) => {
      const result = load(base.slice(0, start) + base.slice(start + length));
      expect(settled(result)).toBe(true);
      if (result.ok) return;
      // The path of an unknown key ends with that key, whatever it is.
      for (const error of result.errors.filter(({ kind }) => kind !== "unknown_field"))
        expect(error.path).toMatch(/^(?:[^.[\]]+(?:\[\d+\])*(?:\.[^.[\]]+(?:\[\d+\])*)*)?$/);
    });
    fc.assert(property, { numRuns: 300 });
  });
});
