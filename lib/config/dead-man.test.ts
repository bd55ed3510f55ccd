import { expect, test } from "vitest";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { loadConfig } from "./load-config.ts";

const FILE = `
version: 1
locations: [{ id: fra }]
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: https://shop.example.com/, interval: 1m, locations: [fra] }]
`;
const load = (section: string, env: Record<string, string> = {}) =>
  loadConfig({ bytes: new TextEncoder().encode(`${FILE}${section}\n`), env, judgeUrl });
const faults = (section: string, env?: Record<string, string>) => {
  const loaded = load(section, env);
  return loaded.ok ? [] : loaded.errors.map(({ path, kind }) => [path, kind]);
};

test("an outside watcher is called with GET once a minute unless the file says otherwise; its address may be a secret", () => {
  const plain = load("dead_man: { url: https://watch.example.com/x }");
  expect(plain).toMatchObject({
    ok: true,
    config: { deadMan: { url: "https://watch.example.com/x", method: "GET", intervalMs: 60_000 } },
  });
  const secret = load("dead_man: { url: env:WATCH, interval: 30s, method: POST }", {
    WATCH: "https://watch.example.com/y",
  });
  expect(secret).toMatchObject({
    ok: true,
    config: { deadMan: { url: "https://watch.example.com/y", method: "POST", intervalMs: 30_000 } },
  });
  const none = load("");
  expect(none.ok && none.config.deadMan).toBeUndefined();
});

test("faults of the outside watcher are named, and no address is repeated", () => {
  expect(faults("dead_man: {}")).toEqual([["dead_man.url", "missing"]]);
  expect(faults("dead_man: { url: https://10.0.0.1/x }")).toEqual([["dead_man.url", "unsafe"]]);
  expect(faults("dead_man: { url: env:WATCH }")).toEqual([["dead_man.url", "reference"]]);
  expect(faults("dead_man: { url: env:WATCH }", { WATCH: "http://watch.example.com/" })).toEqual([
    ["dead_man.url", "unsafe"],
  ]);
  expect(faults("dead_man: { url: https://watch.example.com/, interval: 1s }")).toEqual([
    ["dead_man.interval", "range"],
  ]);
  expect(faults("dead_man: { url: https://watch.example.com/, metod: GET }")).toEqual([
    ["dead_man.metod", "unknown_field"],
  ]);
  expect(
    JSON.stringify(load("dead_man: { url: env:WATCH }", { WATCH: "http://watch.example.com/secret" })),
  ).not.toContain("secret");
});
