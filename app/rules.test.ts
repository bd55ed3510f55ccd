import { globSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

const components = globSync("app/**/*.tsx").map((path) => ({ path, text: readFileSync(path, "utf8") }));
const clients = components.filter(({ text }) => /^"use client"/m.test(text));

test("at most a quarter of the components run in the browser, and none of them is public", () => {
  expect(components.length).toBeGreaterThan(20);
  expect(clients.length).toBeLessThanOrEqual(components.length / 4);
  expect(
    clients.filter(({ path }) => path.includes("(public)") || (path.includes("_parts/") && !path.includes("(admin)"))),
  ).toEqual([]);
});

test("a component that runs in the browser says so in its name, where the import rule looks", () => {
  const unnamed = clients.filter(({ path }) => !path.endsWith(".client.tsx") && !path.endsWith("/error.tsx"));
  expect(unnamed.map(({ path }) => path)).toEqual([]);
});

test("no component has an inline style or script, and only one puts HTML into a page as it is", () => {
  const offenders = components.filter(({ text }) => /\bstyle=|<script|<style/.test(text));
  expect(offenders.map(({ path }) => path)).toEqual([]);
  const raw = components.filter(({ text }) => text.includes("dangerouslySetInnerHTML"));
  expect(raw.map(({ path }) => path)).toEqual(["app/(public)/_parts/safe-html.tsx"]);
});

test("style sheets place things by logical properties, so that a page may be written from right to left", () => {
  const physical = /^\s*(?:(?:margin|padding|border)-(?:left|right)|left|right|text-align:\s*(?:left|right)|float)\b/m;
  const sheets = globSync("app/**/*.css");
  expect(sheets.length).toBeGreaterThan(3);
  expect(sheets.filter((path) => physical.test(readFileSync(path, "utf8")))).toEqual([]);
});

test("the one script of public pages weighs at most 4 kB on its way, loads nothing from elsewhere and writes no HTML", () => {
  const script = readFileSync("app/(public)/enhance.js", "utf8");
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(4_000);
  expect(script).not.toMatch(/https?:|innerHTML|insertAdjacentHTML|document\.write|eval\(|\.style\b/);
});
