import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { loadConfig } from "./load-config.ts";
import { toYaml } from "./to-yaml.ts";

const load = (text: string, env: Readonly<Record<string, string>>) => {
  const loaded = loadConfig({ bytes: Buffer.from(text), env, judgeUrl });
  if (!loaded.ok) throw new Error(`${JSON.stringify(loaded.errors)}\n${text}`);
  return loaded.config;
};

const interval = fc.constantFrom("5s", "30s", "1m", "90s", "10m");
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const locations = fc.constantFrom(["fra"], ["fra", "sel"]);
const latency = fc.constantFrom([], [{ type: "latency", op: "lt", value: "800ms" }]);
const http = fc.record({
  type: fc.constant("http"),
  url: fc.constantFrom("https://shop.example.com/", "https://shop.example.com/a?b=1"),
  interval,
  timeout: maybe(fc.constantFrom("1s", "5s")),
  locations,
  method: maybe(fc.constantFrom("GET", "POST", "HEAD")),
  body: maybe(fc.constantFrom("a: b", "{}")),
  headers: maybe(fc.constantFrom({ Accept: "text/html", "X-Trace": "yes" })),
  auth: maybe(
    fc.constantFrom<object[]>({ bearer: "env:TOKEN" }, { basic: { username: "ada", password: "env:TOKEN" } }),
  ),
  http2: maybe(fc.boolean()),
  max_redirects: maybe(fc.integer({ min: 0, max: 10 })),
  assertions: maybe(
    fc.constantFrom<object[][]>(
      [{ type: "status", op: "in", value: [200, "3xx"] }],
      [{ type: "json_path", path: "$.ok", op: "eq", value: null }],
      [
        { type: "header", name: "X-Up", op: "exists" },
        { type: "certificate", op: "gt", value: "14d" },
      ],
    ),
  ),
});
const others = fc.oneof(
  fc.record({
    type: fc.constant("tcp"),
    host: fc.constant("shop.example.com"),
    port: fc.constant(25),
    interval,
    locations,
    expect: maybe(fc.constant("^220")),
    assertions: latency,
  }),
  fc.record({
    type: fc.constant("tls"),
    host: fc.constant("Shop.example.com"),
    interval,
    locations,
    min_protocol: maybe(fc.constantFrom("TLSv1.2", "TLSv1.3")),
  }),
  fc.record({
    type: fc.constant("dns"),
    name: fc.constantFrom("Example.com", "example.com."),
    resolver: fc.constant("9.9.9.9"),
    record: maybe(fc.constantFrom("A", "MX")),
    interval,
    locations,
    transport: maybe(fc.constantFrom("tcp", "tls")),
  }),
  fc.record({
    type: fc.constant("icmp"),
    host: fc.constant("shop.example.com"),
    count: maybe(fc.integer({ min: 1, max: 10 })),
    interval,
    locations,
  }),
  fc.record({
    type: fc.constant("grpc"),
    host: fc.constant("shop.example.com"),
    tls: maybe(fc.boolean()),
    service: maybe(fc.constant("a.B")),
    interval,
    locations,
  }),
  fc.record({
    type: fc.constant("websocket"),
    url: fc.constant("wss://shop.example.com/"),
    send: maybe(fc.constant("hi")),
    interval,
    locations,
  }),
  fc.record({
    type: fc.constant("heartbeat"),
    cron: fc.constant("*/5 * * * *"),
    grace: maybe(fc.constant("10m")),
    token: fc.constant("env:BEAT"),
    locations: fc.constant(["fra"]),
  }),
  fc.record({
    type: fc.constant("journey"),
    interval: fc.constant("1m"),
    locations,
    steps: fc.constant([
      {
        id: "login",
        url: "https://shop.example.com/login",
        method: "POST",
        extract: [{ name: "t", json_path: "$.t" }],
      },
      { id: "cart", url: "https://shop.example.com/{{t}}", timeout: "2s", always: true, auth: { bearer: "env:TOKEN" } },
    ]),
  }),
);
const window = fc.constantFrom<(string | object)[]>(
  "28d",
  "7d",
  { calendar: "month" },
  { calendar: "week", time_zone: "Asia/Seoul" },
);
const slo = fc.record({
  sli: fc.constantFrom(
    { sli: "availability" },
    { sli: "latency", threshold: "300ms" },
    { sli: "timeslice", slice: "5m", slice_target: 99.25 },
  ),
  objective: fc.constantFrom(99, 99.5, 99.9, 99.95),
  window,
  burn_rate_alerts: maybe(
    fc.constantFrom(
      [
        { long: "1h", short: "5m", factor: 10.5 },
        { long: "6h", short: "30m", factor: 6, severity: "ticket" },
      ],
      [{ long: "5m", short: "1m", factor: 2 }],
    ),
  ),
  count: maybe(fc.constantFrom("slots", "runs")),
  exclusions: maybe(fc.constant({ emergency: "exclude" })),
  document: maybe(fc.constant({ owner: "Ada", review_date: "2030-01-01" })),
  budget_policy: maybe(fc.constant([{ remaining_below: 12.5, action: "freeze", owner: "Ada" }])),
});

test("what is exported as YAML is read back as the same configuration, and exported again it is the same text", () => {
  const env = { TOKEN: "a-token-of-the-probe", BEAT: "0123456789abcdef-beat", HOOK: "https://hooks.example.org/x" };
  fc.assert(
    fc.property(http, others, slo, fc.boolean(), (first, second, { sli, ...promise }, isShown) => {
      const file = {
        version: 1,
        page: { name: "Acme", languages: ["en", "ko"], time_zone: "Europe/Berlin", audience: { sign_in: true } },
        locations: [
          { id: "fra", name: "Frankfurt" },
          { id: "sel", reference_checks: [{ id: "a", url: "https://a.example.com" }] },
        ],
        services: [
          {
            id: "shop",
            name: "Shop",
            publish_slos: isShown,
            probes: [
              { id: "first", ...first },
              { id: "second", ...second },
            ],
            slos: [{ id: "promise", ...sli, probes: ["first"], ...promise }],
            threshold_alerts: [{ id: "slow", metric: "p99", value: "750ms", notify: ["chat"] }],
          },
        ],
        notifications: [{ id: "chat", type: "slack", url: "env:HOOK", severities: ["page"], remind_every: "1h" }],
        incidents: { on_alert: "publish" },
        dead_man: { url: "env:HOOK" },
        identity: { sessions: { idle: "10m" } },
      };
      const written = load(stringify(JSON.parse(JSON.stringify(file))), env);
      const exported = toYaml(written);
      const again = load(exported.text, exported.env);
      expect(again).toEqual(written);
      expect(toYaml(again).text).toBe(exported.text);
      for (const secret of Object.values(env)) expect(exported.text).not.toContain(secret);
    }),
    { numRuns: 40 },
  );
});

test("an objective keeps its decimals, and a header that lets somebody in is left to be written in", () => {
  const text = `version: 1
locations: [{ id: fra }]
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: https://shop.example.com, interval: 1m, locations: [fra], headers: { cookie: C4n4ry } }]
    slos: [{ id: slo, sli: availability, probes: [home], objective: 99.90, window: 28d }]
`;
  const exported = toYaml(load(text, {}));
  expect(exported.text).toContain("objective: 99.90\n");
  expect(exported.text).not.toContain("C4n4ry");
  expect(exported.headers).toEqual(["home: cookie"]);
});
