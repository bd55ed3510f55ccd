import { expect, test } from "vitest";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { pagePart } from "#lib/engine/publish/page.ts";
import { loadConfig } from "../load-config.ts";

const load = (page: string, service = "") =>
  loadConfig({
    bytes: new TextEncoder().encode(`
version: 1
page: ${page}
locations: [{ id: fra }]
services:
  - id: shop
    name: Shop
    ${service}
    probes: [{ id: home, type: http, url: "https://shop.example.com/", interval: 30s, locations: [fra] }]
`),
    env: {},
    judgeUrl,
  });
const faultsOf = (page: string) => {
  const result = load(page);
  return result.ok ? [] : result.errors.map(({ path, kind }) => `${path}: ${kind}`);
};

test("what the file says of the page's looks reaches the page, and what it keeps inside does not", () => {
  const result = load(
    `{ name: Acme, description: Ours., accent: { light: "#6d2fb5", dark: "#d2b3ff" }, search_engines: false,
       footer_links: [{ label: Help, url: "https://acme.example/help" }] }`,
    "publish_slos: false",
  );
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  const { page } = result.config;
  expect(page.servicesWithoutSlos).toEqual(["shop"]);
  expect(pagePart(page)).toEqual({
    name: "Acme",
    url: null,
    timeZone: "UTC",
    languages: ["en"],
    description: "Ours.",
    accent: { light: "#6d2fb5", dark: "#d2b3ff" },
    footerLinks: [{ label: "Help", url: "https://acme.example/help" }],
    searchEngines: false,
  });
});

test("a page of which nothing is said is stored as it was before there was anything to say", () => {
  const result = load("{ name: Acme }");
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  expect(result.config.page).toMatchObject({ name: "Acme", url: null, timeZone: "UTC", languages: ["en"] });
  for (const key of ["description", "logo", "accent", "footerLinks", "searchEngines", "servicesWithoutSlos"]) {
    expect(result.config.page).not.toHaveProperty(key);
  }
});

test.each([
  ["{ footer_links: [{ label: Help, url: 'javascript:alert(1)' }] }", "page.footer_links[0].url: unsafe"],
  ["{ accent: { light: '#ffff00', dark: '#d2b3ff' } }", "page.accent.light: range"],
  ["{ accent: { light: '#6d2fb5' } }", "page.accent.dark: missing"],
  ["{ logo: https://acme.example/logo.png }", "page.logo: format"],
  ["{ footer_link: [] }", "page.footer_link: unknown_field"],
])("%s is refused: %s", (page, fault) => {
  expect(faultsOf(page)).toEqual([fault]);
});
