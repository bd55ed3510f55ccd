import { ESLint } from "eslint";
import { expect, test } from "vitest";
import { ROOT } from "../tools/steps.ts";

/** Lints a text as if it stood in the given file, without type information. */
const lint = async (filePath: string, code: string): Promise<string[]> => {
  const eslint = new ESLint({
    cwd: ROOT,
    overrideConfig: [
      {
        files: ["**/*.ts", "**/*.tsx"],
        languageOptions: { parserOptions: { projectService: false } },
        rules: {
          "@typescript-eslint/no-floating-promises": "off",
          "@typescript-eslint/no-misused-promises": "off",
          "@typescript-eslint/switch-exhaustiveness-check": "off",
          "@typescript-eslint/only-throw-error": "off",
        },
      },
    ],
  });
  const [result] = await eslint.lintText(code, { filePath });
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
};

const purity = "no-restricted-syntax";

test.each([
  ["a clock in core", "lib/core/x.ts", "export const now = () => Date.now();", purity],
  ["a new Date in core", "lib/core/x.ts", "export const now = () => new Date();", purity],
  ["chance in core", "lib/core/x.ts", "export const r = () => Math.random();", purity],
  ["an async function in core", "lib/core/x.ts", "export const f = async () => 1;", purity],
  ["the process in core", "lib/core/x.ts", "export const p = process;", "no-restricted-globals"],
  ["a timer in core", "lib/core/x.ts", "setTimeout(() => 1, 1);", "no-restricted-globals"],
  ["fetch in core", "lib/core/x.ts", "export const f = () => fetch('http://a.example');", purity],
  ["fetch in the engine", "lib/engine/x.ts", "export const f = () => fetch('http://a.example');", purity],
  [
    "http.request in the web role",
    "lib/web/x.ts",
    "import http from 'node:http'; export const f = () => http.request('http://a.example');",
    purity,
  ],
  [
    "a named http request in a check",
    "probes/checks/x.ts",
    "import { request } from 'node:http'; export const f = () => request('http://a.example');",
    "no-restricted-imports",
  ],
  [
    "https in the command line",
    "lib/cli/x.ts",
    "import https from 'node:https'; export const f = https;",
    "no-restricted-imports",
  ],
  [
    "a socket in a check",
    "probes/x.ts",
    "import { connect } from 'node:net'; export const f = () => connect(1);",
    "no-restricted-imports",
  ],
  ["tls in the database", "db/x.ts", "import tls from 'node:tls'; export const f = tls;", "no-restricted-imports"],
  ["the environment outside its module", "lib/web/x.ts", "export const e = process.env.HOME;", purity],
  [
    "SQL from text",
    "db/queries/x.ts",
    "export const f = (sql: { unsafe: (t: string) => void }) => sql.unsafe('select 1');",
    purity,
  ],
  ["code from text", "lib/web/x.ts", "export const f = () => eval('1');", purity],
  ["any", "lib/web/x.ts", "export const f = (a: any) => a;", "@typescript-eslint/no-explicit-any"],
  ["an enum", "lib/core/x.ts", "export enum A { B }", purity],
])("the linter refuses %s", async (_name, file, code, rule) => {
  expect(await lint(file, code)).toContain(rule);
});

test("the linter lets the egress module open connections", async () => {
  expect(
    await lint("lib/egress/x.ts", "import { connect } from 'node:net'; export const f = () => connect(1);"),
  ).toEqual([]);
});

test("the linter counts lines: a file of 301 and a function of 61 are refused", async () => {
  const body = Array.from({ length: 61 }, (_, i) => `  void ${i};`).join("\n");
  expect(await lint("lib/web/x.ts", `export const f = () => {\n${body}\n};\n`)).toContain("max-lines-per-function");
  expect(await lint("lib/web/x.ts", `${"export {};\n".repeat(301)}`)).toContain("max-lines");
});
