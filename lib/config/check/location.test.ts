import { expect, test } from "vitest";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { loadConfig } from "../load-config.ts";

const load = (checks: string, allow = "") => {
  const file = `version: 1
${allow}
locations:
  - id: fra
    reference_checks: ${checks}
services:
  - id: shop
    name: Shop
    probes:
      - { id: home, type: http, url: "https://shop.example.com/", interval: 30s, locations: [fra] }
`;
  const result = loadConfig({ bytes: Buffer.from(file), env: {}, readFile: () => Buffer.from(""), judgeUrl });
  return result.ok ? result.config.locations : result.errors.map(({ path, kind }) => `${path} ${kind}`);
};
const P = "locations[0].reference_checks[0]";

test("reference checks get their defaults", () => {
  expect(load('[{ id: site, url: "https://example.com/" }]')).toEqual([
    {
      id: "fra",
      name: "fra",
      referenceChecks: [{ id: "site", url: "https://example.com/", intervalMs: 10_000, timeoutMs: 3_000 }],
    },
  ]);
  expect(load('[{ id: site, url: "https://example.com/", interval: 1s }]')).toMatchObject([
    { referenceChecks: [{ intervalMs: 1_000, timeoutMs: 1_000 }] },
  ]);
});

test.each([
  ["[{ id: site }]", `${P}.url missing`],
  ['[{ id: Site, url: "https://example.com/" }]', `${P}.id format`],
  ['[{ id: site, url: "https://example.com/", interval: 0s }]', `${P}.interval range`],
  ['[{ id: site, url: "https://example.com/", interval: 2m }]', `${P}.interval range`],
  ['[{ id: site, url: "https://example.com/", timeout: 11s }]', `${P}.timeout conflict`],
  ['[{ id: site, url: "https://example.com/", interval: 2s, timeout: 3s }]', `${P}.timeout conflict`],
  ['[{ id: site, url: "http://10.0.0.1/" }]', `${P}.url unsafe`],
  ['[{ id: site, url: "file:///etc/passwd" }]', `${P}.url unsafe`],
  ['[{ id: site, url: "https://example.com/", locations: [fra] }]', `${P}.locations unknown_field`],
  [
    '[{ id: site, url: "https://example.com/" }, { id: site, url: "https://example.org/" }]',
    "locations[0].reference_checks[1].id duplicate",
  ],
])("%s is refused", (checks, fault) => expect(load(checks)).toEqual([fault]));

test("a private address is taken where egress.allow opens it", () => {
  expect(load('[{ id: gateway, url: "http://10.0.0.1/" }]', "egress: { allow: [10.0.0.0/8] }")).toHaveLength(1);
});
