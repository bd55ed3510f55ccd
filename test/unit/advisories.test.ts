import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadConfig } from "#lib/config/load-config.ts";
import { incidentHtml } from "#lib/contracts/markdown.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { matchesPattern } from "#probes/engines/patterns.ts";
import { startStopwatch } from "#test/support/stopwatch.ts";

/** The classes of faults that products like this one were warned of and that no other test is about. */

const ROOT = new URL("../../", import.meta.url);
const base = readFileSync(new URL("test/fixtures/config/base.yaml", ROOT), "utf8");
const env = { ONCALL_SECRET: `whsec_${Buffer.alloc(32, "k").toString("base64")}` };
const errorsOf = (find: string, replacement: string) => {
  expect(base).toContain(find);
  const result = loadConfig({ bytes: Buffer.from(base.replace(find, replacement)), env, judgeUrl });
  return result.ok ? [] : result.errors.map(({ path, kind }) => `${path} ${kind}`);
};

describe("the configuration", () => {
  test.each(["../../etc/passwd", "shop/../..", "shop;id", "$(id)", "shop\\\\..", "SHOP", "shop%2f"])(
    "takes no id that is a path or a command: %s",
    (id) => {
      expect(errorsOf("id: shop\n", `id: "${id}"\n`)).toContain("services[0].id format");
    },
  );

  test.each(["file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "http://169.254.169.254/latest/"])(
    "probes no address of another kind: %s",
    (url) => {
      expect(errorsOf("https://shop.example.com/health", url).join()).toContain("url");
    },
  );

  test("takes no header that ends its line", () => {
    const evil = 'headers: { x-note: "a\\r\\nSet-Cookie: owned=1" }';
    expect(errorsOf("headers: { accept: application/json }", evil).join()).toContain("headers");
  });
});

test("a pattern that takes other engines years is matched in linear time", () => {
  const elapsedMs = startStopwatch();
  expect(matchesPattern("^(a+)+$", `${"a".repeat(50_000)}!`)).toBe(false);
  expect(elapsedMs()).toBeLessThan(2_000);
});

test.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "[a](javascript:alert(1))",
  "[a](data:text/html,<script>alert(1)</script>)",
  '<a href="https://x" onclick="alert(1)">a</a>',
  "<svg/onload=alert(1)>",
  "![a](https://tracker.example/x.png)",
  '<iframe src="https://x"></iframe>',
])("what people write in incidents runs nothing and loads nothing: %s", (markdown) => {
  const html = incidentHtml(markdown);
  expect(html).not.toMatch(/<(script|img|svg|iframe)|<[^>]*\son\w+=|href="(javascript|data):/i);
});

const FOLDERS = ["lib", "probes", "app", "db"];
const sources = FOLDERS.flatMap((folder) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.includes(".test."))
    .map((entry) => `${entry.parentPath}/${entry.name}`),
);

test("nothing runs text as a program: no eval, no vm, no shell", () => {
  expect(sources.length).toBeGreaterThan(300);
  // Benches measure on a developer's machine and need the collector of the engine.
  for (const file of sources.filter((name) => !name.includes("/lib/cli/bench"))) {
    const text = readFileSync(file, "utf8");
    expect(text, file).not.toMatch(/\beval\(|new Function\(|from "node:vm"|shell: true|\bexecSync\(|[^.\w]exec\(/);
  }
});

test("nothing calls a server action, and images are not fetched for others", () => {
  for (const file of sources.filter((name) => name.includes("/app/")))
    expect(readFileSync(file, "utf8"), file).not.toMatch(/["']use server["']|from "next\/image"/);
});
