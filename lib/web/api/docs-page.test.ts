import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { apiDescription } from "#lib/config/api/description.ts";
import { DOCS_CONTENT_POLICY, docsPage } from "./docs-page.ts";

const document = apiDescription({ version: "1.2.3", serverUrl: "https://status.example.com" });
const html = docsPage(document);
const within = (tag: string): string => new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html)?.[1] ?? "";

test("the reference shows every operation, every event and every schema, once", () => {
  const ids = [...html.matchAll(/<details class="op" id="([^"]+)"/g)].map(([, id]) => id);
  const operations = [...Object.values(document.paths), ...Object.values(document.webhooks)]
    .flatMap((item) => Object.values(item))
    .map(({ operationId }) => operationId);
  const schemas = Object.keys(document.components.schemas).map((name) => `schema-${name}`);
  expect([...ids].sort()).toEqual([...operations, ...schemas].sort());
});

test("every link inside the page leads somewhere", () => {
  const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids, target).toContain(target);
});

test("the reference loads nothing from elsewhere and runs only the script that its policy names", () => {
  for (const tag of ["style", "script"]) {
    const hash = createHash("sha256").update(within(tag)).digest("base64");
    expect(DOCS_CONTENT_POLICY).toContain(`${tag}-src 'sha256-${hash}'`);
  }
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toMatch(/ (src|style|on\w+)=/);
  expect([...html.matchAll(/<link [^>]*href="([^"]+)"/g)].map(([, href]) => href)).toEqual(["/favicon.svg"]);
});

test("what a description says is text, never markup", () => {
  const described = { ...document, info: { ...document.info, title: '<img src=x onerror="alert(1)">' } };
  expect(docsPage(described)).not.toContain("<img");
});
