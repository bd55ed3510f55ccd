import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");
const markdownIn = (folder: string): string[] =>
  readdirSync(new URL(folder, ROOT))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}${name}`);
const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...markdownIn("docs/"),
  ...markdownIn("docs/decisions/"),
];

/** The anchor that a heading gets on the pages of code hosts. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");
const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf((heading as string).trim()));

test.each(DOCUMENTS)("every link of %s leads to a file and a heading that exist", (path) => {
  const links = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string);
  for (const link of links.filter((one) => !/^[a-z]+:/.test(one))) {
    const target = new URL(link, new URL(path, ROOT));
    expect(existsSync(target), link).toBe(true);
    const anchor = decodeURIComponent(target.hash.slice(1));
    const file = target.pathname.slice(ROOT.pathname.length);
    if (anchor !== "" && file.endsWith(".md")) expect(anchorsOf(file), link).toContain(anchor);
  }
});

test("every decision is listed once, in the order of its number, and says on which day it was made", () => {
  const records = markdownIn("docs/decisions/").filter((path) => !path.endsWith("README.md"));
  const listed = [...read("docs/decisions/README.md").matchAll(/^\| \[\d{4}\]\(([^)]+)\)/gm)].map(([, name]) => name);
  expect(listed).toEqual(records.map((path) => path.slice("docs/decisions/".length)).sort());
  for (const path of records) {
    const number = path.slice("docs/decisions/".length, "docs/decisions/".length + 4);
    expect(read(path), path).toMatch(new RegExp(`^# ${number}: .+\\n\\n20\\d\\d-\\d\\d-\\d\\d\\n`));
  }
});
