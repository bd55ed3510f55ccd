import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HttpProbeDefinition } from "#lib/core/definitions.ts";
import { defaultPolicy } from "#lib/core/slo/policy.ts";
import { DAY_MS, durationMs, MINUTE_MS } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { exactDecimal } from "./exact-decimal.ts";
import { loadConfig } from "./load-config.ts";

const KEY = `whsec_${Buffer.alloc(24, "k").toString("base64")}`;
const files: Readonly<Record<string, string>> = { "secret.txt": `${KEY}\n` };
const readFile = (path: string): Uint8Array => {
  const text = files[path];
  if (text === undefined) throw new Error("no such file");
  return new TextEncoder().encode(text);
};

const load = (source: string) => {
  const result = loadConfig({
    bytes: new TextEncoder().encode(source),
    env: { ONCALL_SECRET: KEY },
    readFile,
    judgeUrl,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
};

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

type Parts = { probe?: string; slo?: string; interval?: string; more?: string };
const file = ({
  probe = "",
  slo = "objective: 99.9, window: 28d",
  interval = "30s",
  more = "",
}: Parts = {}): string => `
version: 1
locations: [{ id: fra }]
services:
  - id: shop
    name: Shop
    probes: [{ id: home, type: http, url: "https://shop.example.com/", interval: ${interval}, locations: [fra]${probe} }]
    slos: [{ id: up, sli: availability, probes: [home], ${slo} }]
${more}`;

const probeOf = (parts: Parts) => load(file(parts)).config.services[0]?.probes[0] as HttpProbeDefinition | undefined;
const sloOf = (parts: Parts) => load(file(parts)).config.services[0]?.slos[0];
const warningsOf = (parts: Parts): readonly string[] => load(file(parts)).warnings.map((warning) => warning.message);

describe("files that are shown to users are valid", () => {
  test.each(["test/fixtures/config/complete.yaml", "test/fixtures/config/base.yaml", "nines.example.yaml"])(
    "%s",
    (path) => {
      expect(load(read(path)).config.services.length).toBeGreaterThan(0);
    },
  );
});

describe("defaults", () => {
  test("of a file that says only what it must", () => {
    const { config } = load(file());
    expect(config.page).toEqual({ name: "Status", url: null, timeZone: "UTC", languages: ["en"] });
    expect(config.egress).toEqual({ allow: [] });
    expect(config.locations).toEqual([{ id: "fra", name: "fra" }]);
    expect(config.notifications).toEqual([]);
    expect(config.services[0]).toMatchObject({ description: null, group: null });
  });

  test("of a probe: GET, ten redirects, a status of 2xx, ten seconds or the interval", () => {
    expect(probeOf({})).toMatchObject({
      method: "GET",
      headers: {},
      body: null,
      maxRedirects: 10,
      timeoutMs: 10_000,
      assertions: [{ type: "status", op: "eq", value: "2xx" }],
    });
    expect(probeOf({ interval: "2s" })?.timeoutMs).toBe(2_000);
  });

  test("an assertion on status replaces the default one, others stand beside it", () => {
    expect(probeOf({ probe: ", assertions: [{ type: status, op: eq, value: 3xx }]" })?.assertions).toEqual([
      { type: "status", op: "eq", value: "3xx" },
    ]);
    const others = ", assertions: [{ type: certificate, op: ge, value: 2w }, { type: header, name: ETag, op: exists }]";
    expect(probeOf({ probe: others })?.assertions).toEqual([
      { type: "status", op: "eq", value: "2xx" },
      { type: "certificate", op: "ge", value: 14 },
      { type: "header", name: "etag", op: "exists", value: true },
    ]);
  });

  test("a webhook subscribes to everything and may take five seconds", () => {
    const more =
      "notifications: [{ id: ops, type: webhook, url: https://hooks.example.org/, secret: file:secret.txt }]";
    expect(load(file({ more })).config.notifications).toEqual([
      { id: "ops", type: "webhook", url: "https://hooks.example.org/", secret: KEY, events: ["*"], timeoutMs: 5_000 },
    ]);
  });

  test("plain http is for webhooks whose host egress.allow names", () => {
    const more = `egress: { allow: [127.0.0.0/8, wiki] }
notifications:
  - { id: a, type: webhook, url: "http://127.0.0.1:9000/", secret: ${KEY} }
  - { id: b, type: webhook, url: "http://wiki/hook", secret: ${KEY} }`;
    expect(load(file({ more })).config.notifications).toHaveLength(2);
  });
});

describe("objectives and factors", () => {
  test.each([
    ["99.9", 99.9, "99.9"],
    ["99.90", 99.9, "99.90"],
    ["+099.5", 99.5, "99.5"],
    ["9.99e1", 99.9, "99.9"],
    ["0x63", 99, "99"],
    [null, 99.95, "99.95"],
  ])("%s is kept as written, or as the shortest decimal", (source, value, expected) => {
    expect(exactDecimal(source, value)).toBe(expected);
  });

  test("reach the engine digit by digit", () => {
    const slo = sloOf({
      slo: "objective: 99.990, window: 28d, burn_rate_alerts: [{ long: 1h, short: 5m, factor: 14.40 }]",
    });
    expect(slo?.objective).toBe("99.990");
    expect(slo?.burnRateAlerts.map((pair) => [pair.id, pair.factor, pair.notify])).toEqual([
      ["page_1h_5m", "14.40", null],
    ]);
  });
});

describe("burn-rate alerts", () => {
  test("the default policy is used when the file names none", () => {
    const expected = defaultPolicy(durationMs(28 * DAY_MS), { intervalMs: durationMs(30_000) });
    expect(sloOf({})?.burnRateAlerts).toEqual(expected);
  });

  test("severity follows the long window unless it is given", () => {
    const pairs =
      "[{ long: 6h, short: 30m, factor: 6 }, { long: 7h, short: 30m, factor: 5 }, { long: 3d, short: 6h, factor: 1, severity: page }]";
    const slo = sloOf({ slo: `objective: 99, window: 28d, burn_rate_alerts: ${pairs}` });
    expect(slo?.burnRateAlerts.map((pair) => pair.severity)).toEqual(["page", "ticket", "page"]);
  });

  test("a short window holds at least three intervals", () => {
    const slo = sloOf({
      interval: "5m",
      slo: "objective: 99.9, window: 28d, burn_rate_alerts: [{ long: 1h, short: 5m, factor: 14.4 }]",
    });
    expect(slo?.burnRateAlerts.map((pair) => [pair.id, pair.shortMs])).toEqual([["page_1h_15m", 15 * MINUTE_MS]]);
  });
});

describe("warnings", () => {
  test.each([
    ["30s", []],
    ["3m", []],
    ["5m", ["one location at 5m: a page needs 3 failures, at the earliest after 10 minutes"]],
  ])("one location at %s", (interval, expected) => {
    expect(warningsOf({ interval })).toEqual(expected);
  });

  test("a pair that the interval makes impossible is told, from the default policy and from the file", () => {
    expect(warningsOf({ interval: "30m" })[1]).toMatch(/^the alert pair page_1h_5m is left out: its short window/);
    const slo = "objective: 99.9, window: 28d, burn_rate_alerts: [{ long: 1h, short: 5m, factor: 14.4 }]";
    expect(warningsOf({ interval: "30m", slo })).toEqual([
      "no page can come of this SLO: none of its alert pairs has the severity page",
      expect.stringMatching(/^the alert pair page_1h_5m is left out/),
    ]);
  });

  test("failures that a low objective needs are counted exactly", () => {
    // 13.44 x 5 % is 67.2 % of 120 slots in an hour: 80.64, so the 81st failure is the first that is above.
    expect(warningsOf({ slo: "objective: 95, window: 28d" })).toEqual([
      "one location at 30s: a page needs 81 failures, at the earliest after 40 minutes",
    ]);
  });
});
