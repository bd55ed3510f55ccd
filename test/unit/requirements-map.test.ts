import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), "utf8");
const map = read("docs/requirements-map.md");
const lines = map.split("\n").filter((line) => /^\| R\d+ \|/.test(line));

test("every requirement stands in the map once", () => {
  const numbers = lines.map((line) => Number(/^\| R(\d+)/.exec(line)?.[1]));
  expect(numbers.sort((one, other) => one - other)).toEqual(Array.from({ length: 130 }, (_, index) => index + 1));
});

test("every line names a test, a document, or says that it is delegated or not done", () => {
  for (const line of lines) expect(line).toMatch(/\.test\.ts`|\]\([\w./#-]+\)|Delegated|not done/);
});

test.each(["docs/requirements-map.md", "docs/security-review.md"])("every file that %s names exists", (name) => {
  const files = [...read(name).matchAll(/`((?:test|lib|app|db|docs)\/[\w./-]+)`/g)].map(([, file]) => file as string);
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) expect(existsSync(new URL(file, ROOT)), file).toBe(true);
  const links = [...read(name).matchAll(/\]\(([\w./-]+\.md)/g)].map(([, file]) => `docs/${file}`);
  for (const link of links) expect(existsSync(new URL(link, ROOT)), link).toBe(true);
});
