import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errorCodeOf } from "#lib/core/errors.ts";
import { command } from "./check.ts";

const SECRET = `whsec_${Buffer.alloc(32, "s").toString("base64")}`;
const fixture = (name: string): string => new URL(`../../../test/fixtures/config/${name}`, import.meta.url).pathname;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nines-check-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const check = async (args: readonly string[], options: { env?: Record<string, string>; isTerminal?: boolean } = {}) => {
  const stdout = Object.assign(new PassThrough(), { isTTY: options.isTerminal === true });
  const stderr = new PassThrough();
  const context = {
    args,
    env: { ONCALL_SECRET: SECRET, ...options.env },
    stdin: Readable.from([]),
    stdout,
    stderr,
    signal: new AbortController().signal,
  };
  const code = await command.run(context);
  return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
};

const SPARSE = `version: 1
locations: [{ id: fra }]
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: "https://shop.example.com/", interval: 5m, locations: [fra] }]
    slos: [{ id: up, sli: availability, probes: [home], objective: 99.9, window: 28d }]
`;

describe("check --json", () => {
  test("a good file is one object with ok, errors and warnings, and exit 0", async () => {
    const { code, out } = await check(["--json", fixture("complete.yaml")]);
    expect(out).toBe('{"ok":true,"errors":[],"warnings":[]}\n');
    expect(code).toBe(0);
  });

  test("a file whose alerts come late has a warning of feasibility", async () => {
    const { code, out } = await check(["--json", write("sparse.yaml", SPARSE)]);
    expect(JSON.parse(out)).toEqual({
      ok: true,
      errors: [],
      warnings: [
        {
          path: "services[0].slos[0]",
          kind: "feasibility",
          message: "one location at 5m: a page needs 3 failures, at the earliest after 10 minutes",
        },
      ],
    });
    expect(code).toBe(0);
  });

  test("a bad file is one object with every fault, and exit 1", async () => {
    const file = write("bad.yaml", SPARSE.replace("5m", "0s").replace("[home]", "[hom]"));
    const { code, out } = await check([file, "--json"]);
    expect(JSON.parse(out)).toEqual({
      ok: false,
      errors: [
        {
          path: "services[0].probes[0].interval",
          kind: "range",
          message: "interval must be between 1s and 1d, got 0s",
          line: 6,
        },
        {
          path: "services[0].slos[0].probes[0]",
          kind: "reference",
          message: 'no probe has the id "hom" (did you mean "home"?)',
          line: 7,
        },
      ],
    });
    expect(out.endsWith("\n") && out.trimEnd().split("\n").length === 1).toBe(true);
    expect(code).toBe(1);
  });

  test.each([
    ["that is not there", () => join(folder, "nowhere.yaml")],
    ["that is a folder", () => folder],
  ])("a file %s is told as a fault of the whole file", async (_name, path) => {
    const { code, out, err } = await check(["--json", path()]);
    expect(JSON.parse(out)).toEqual({
      ok: false,
      errors: [{ path: "", kind: "reference", message: expect.stringContaining("CONFIG_UNREADABLE") }],
    });
    expect(`${out}${err}`).not.toContain("    at ");
    expect(code).toBe(1);
  });
});

describe("check", () => {
  test("without a file takes NINES_CONFIG", async () => {
    const { code, out } = await check(["--json"], { env: { NINES_CONFIG: fixture("complete.yaml") } });
    expect([code, JSON.parse(out).ok]).toEqual([0, true]);
  });

  test("tells people what a good file holds", async () => {
    const { out } = await check([fixture("complete.yaml")]);
    expect(out).toMatch(/^OK .*complete\.yaml: 1 service, 1 probe, 1 SLO, 1 location, 1 notification\n$/);
  });

  test("gives people one block a fault, with path, line, message and cure", async () => {
    const { code, out } = await check([write("bad.yaml", SPARSE.replace("5m", "0s"))]);
    expect(out.split("\n").slice(1)).toEqual([
      "",
      "services[0].probes[0].interval, line 6  range",
      "  interval must be between 1s and 1d, got 0s",
      "  Choose a value within the limits.",
      "",
    ]);
    expect(code).toBe(1);
  });

  test("colours the answer on a terminal only, and never when NO_COLOR is set", async () => {
    const file = write("bad.yaml", SPARSE.replace("5m", "0s"));
    const ESCAPE = "\u001b[";
    expect((await check([file])).out).not.toContain(ESCAPE);
    expect((await check([file], { isTerminal: true })).out).toContain(ESCAPE);
    expect((await check([file], { isTerminal: true, env: { NO_COLOR: "1" } })).out).not.toContain(ESCAPE);
  });

  test("prints control characters of a file as question marks, so that it cannot write to the terminal", async () => {
    const { out } = await check([write("bad.yaml", `${SPARSE}"\\e[31mred": 1\n`)]);
    expect(out).toContain("?[31mred");
    expect(out).not.toContain("\u001b");
  });

  test.each([[["--jsn"]], [["a.yaml", "b.yaml"]], [["--json=yes"]]])(
    "refuses the arguments %j as wrong usage",
    async (args) => {
      await expect(check(args)).rejects.toSatisfy((error) => errorCodeOf(error) === "USAGE");
    },
  );
});
