import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { withoutSecrets } from "#lib/core/without-secrets.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { CANARY } from "#test/fixtures/config/bad-files.ts";
import { BAD_SLOS } from "#test/fixtures/config/bad-slos.ts";
import { loadConfig } from "./load-config.ts";

const base = readFileSync(new URL("../../test/fixtures/config/every-slo.yaml", import.meta.url), "utf8");
const ENV = { TOKEN: `${CANARY}-token`, HOOK: `whsec_${Buffer.alloc(32, "k").toString("base64")}` };

const load = (source: string) => loadConfig({ bytes: new TextEncoder().encode(source), env: ENV, judgeUrl });

const edited = (find: string, replacement: string): string => {
  const at = base.indexOf(find);
  expect(at, `every-slo.yaml holds ${JSON.stringify(find)}`).toBeGreaterThanOrEqual(0);
  return base.slice(0, at) + replacement + base.slice(at + find.length);
};

describe("a promise with one fault gives exactly one error", () => {
  const rows = BAD_SLOS.map(([name, find, replacement, path, kind]) => ({ name, find, replacement, path, kind }));
  test.each(rows)("$name", ({ find, replacement, path, kind }) => {
    const result = load(edited(find, replacement));
    const errors = result.ok ? [] : result.errors;
    expect(errors.map((error) => [error.path, error.kind])).toEqual([[path, kind]]);
    expect(errors[0]?.message).not.toContain(CANARY);
    expect(errors[0]?.line).toBeGreaterThan(4);
  });

  test("there are at least 70 of them, each with a name of its own", () => {
    expect(BAD_SLOS.length).toBeGreaterThanOrEqual(70);
    expect(new Set(BAD_SLOS.map(([name]) => name)).size).toBe(BAD_SLOS.length);
  });

  test.each([
    ["calendar: quarter", "calender: quarter", 'there is no field "calender" here (did you mean "calendar"?)'],
    [
      "window: { calendar: quarter }",
      "window: 28",
      "window must be text or a mapping, got a number; write a number with a unit, such as 30s",
    ],
    ["threshold: 300ms, ", "", "threshold is required for the SLI timeslice, such as 300ms"],
    [
      "core: true",
      "core: true\n        slice: 5m",
      "slice belongs to the SLI timeslice or ratio_timeslices, but sli is availability",
    ],
    [
      "    name: Pay\n",
      "    name: Pay\n    depends_on: [shop]\n",
      "depends_on[0] closes a circle: shop -> pay -> shop",
    ],
  ])("%s -> %s", (find, replacement, message) => {
    const result = load(edited(find, replacement));
    expect(result.ok ? [] : result.errors.map((error) => error.message)).toEqual([message]);
  });
});

const service = () => {
  const result = load(base);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config.services[0];
};
const sloOf = (id: string) => service()?.slos.find((slo) => slo.id === id);

describe("what will probably disappoint is told", () => {
  const warningsOf = (find: string, replacement: string): readonly string[] => {
    const result = load(edited(find, replacement));
    return result.ok
      ? result.warnings.map(({ path, message }) => `${path}: ${message}`)
      : [JSON.stringify(result.errors)];
  };
  const calm = warningsOf("version: 1", "version: 1");

  test("slices come slowly, and so does what counts them", () => {
    expect(calm).toEqual([
      "services[0].slos[1]: 2 locations at 30s: a page needs 3 bad slices, at the earliest after 10 minutes",
      "services[0].slos[4]: one location at 5m: a page needs 6 failures, at the earliest after 25 minutes",
    ]);
  });

  test("pages by chance alone", () => {
    const line = "      - { id: database, sli: component";
    const eager = `      - { id: eager, sli: availability, probes: [cart], objective: 99.99, window: 28d, burn_rate_alerts: [{ long: 1h, short: 5m, factor: 14.4, min_bad: { long: 1, short: 1 } }] }\n${line}`;
    const told = warningsOf(line, eager).filter((warning) => !calm.includes(warning));
    // Each failure of 40,320 runs pages, but for those that follow on another one within five minutes.
    expect(told).toEqual([
      "services[0].slos[5]: one location at 1m: expect 40 pages in 28 days by chance alone, if one run of 1000 fails by itself",
    ]);
  });

  test("a pair whose guard its window never holds", () => {
    expect(warningsOf("min_bad: { long: 5, short: 2 }", "min_bad: { long: 5, short: 99 }")).toContain(
      "services[0].slos[0]: the alert pair page_1h_5m can never fire: it needs 99 failures, and its windows hold 180 and 15 checks",
    );
  });
});

describe("promises reach the engine", () => {
  test("an SLO with all that can be said of it", () => {
    expect(sloOf("up")).toEqual({
      id: "up",
      sli: { kind: "availability" },
      probes: ["home", "cart"],
      locations: ["fra"],
      count: "runs",
      combine: { kind: "weighted", weights: { home: 3 } },
      objective: "99.9",
      window: {
        kind: "calendar",
        period: "month",
        timeZone: "Europe/Berlin",
        anchor: "2025-01-31 00:00:00",
        durationMs: 30 * 86_400_000,
      },
      burnRateAlerts: [
        expect.objectContaining({ id: "page_1h_5m", factor: "14.4", minBadLong: 5, minBadShort: 2 }) as unknown,
      ],
      core: true,
      exclusions: { announced: "exclude", emergency: "good", retroactive: "exclude" },
      document: {
        owner: "Team Shop",
        reviewers: ["Ana", "Bo"],
        approver: "Cy",
        reviewDate: "2026-12-31",
        rationale: "Checkout earns the money.\nIt was agreed in spring.",
        runbook: "https://wiki.example.com/shop",
      },
      budgetPolicy: [
        {
          remainingBelow: "50",
          action: "review",
          owner: "Team Shop",
          escalation: null,
          note: null,
          from: null,
          until: null,
        },
        {
          remainingBelow: "0",
          action: "freeze",
          owner: null,
          escalation: "Di",
          note: "Fixes only.",
          from: "2026-01-01",
          until: "2026-12-31",
        },
      ],
    });
  });

  test("every SLI with what it needs, targets digit by digit", () => {
    expect(["slices", "fast", "shares", "buying", "database"].map((id) => sloOf(id)?.sli)).toEqual([
      { kind: "timeslice", base: { kind: "availability" }, sliceMs: 300_000, target: "99.50", noData: "bad" },
      {
        kind: "timeslice",
        base: { kind: "latency", thresholdMs: 300 },
        sliceMs: 60_000,
        target: "95",
        noData: "ignore",
      },
      { kind: "ratio_timeslices", base: { kind: "availability" }, sliceMs: 600_000, noData: "ignore" },
      { kind: "journey" },
      { kind: "component", part: "db:primary" },
    ]);
  });

  test("events of PromQL have no probes, no guards, and a source whose token is a secret", () => {
    const slo = sloOf("requests");
    expect(slo).toMatchObject({
      probes: [],
      sli: {
        kind: "promql",
        source: { url: "http://prometheus:9090", headers: { "x-scope-orgid": "acme" }, auth: { token: ENV.TOKEN } },
        total: "sum(increase(http_requests_total[1m]))",
      },
    });
    expect(slo?.burnRateAlerts.map((pair) => [pair.id, pair.minBadLong, pair.minBadShort])).toEqual([
      ["page_1h_5m", 0, 0],
      ["page_6h_30m", 0, 0],
      ["ticket_1d_2h", 0, 0],
      ["ticket_3d_6h", 0, 0],
    ]);
    expect(slo === undefined ? "" : JSON.stringify(withoutSecrets(slo))).not.toContain(CANARY);
  });

  test("short windows hold three slices, as they hold three intervals", () => {
    expect(sloOf("slices")?.burnRateAlerts.map((pair) => [pair.id, pair.minBadShort])).toEqual([
      ["page_1h_15m", 2],
      ["page_6h_30m", 3],
      ["ticket_1d_2h", 2],
      ["ticket_3d_6h", 2],
    ]);
  });

  test("a window of the calendar has the zone of the page and the factors of its nominal length", () => {
    const slo = sloOf("buying");
    expect(slo?.window).toEqual({
      kind: "calendar",
      period: "quarter",
      timeZone: "Asia/Seoul",
      durationMs: 90 * 86_400_000,
    });
    expect(slo?.burnRateAlerts[0]?.factor).toBe("43.2");
  });

  test("threshold alerts have what is customary for their metric", () => {
    expect(service()?.dependsOn).toEqual(["pay"]);
    expect(service()?.thresholdAlerts).toEqual([
      expect.objectContaining({
        id: "errors",
        op: "gt",
        value: "1",
        windowMs: 300_000,
        forMs: 0,
        severity: "page",
        probes: ["home", "cart", "parts", "order"],
        source: null,
        notify: null,
      }),
      expect.objectContaining({ value: "1000", windowMs: 600_000, forMs: 300_000, probes: ["home"], notify: ["ops"] }),
      expect.objectContaining({
        value: "50",
        baselineMs: 86_400_000,
        probes: [],
        source: {
          server: { url: "http://prometheus:9090", headers: {}, auth: null },
          query: "sum(rate(http_requests_total[5m]))",
        },
      }),
    ]);
  });

  test("a file that says none of this gives definitions without these fields", () => {
    const plain = readFileSync(new URL("../../test/fixtures/config/complete.yaml", import.meta.url), "utf8");
    const result = loadConfig({ bytes: new TextEncoder().encode(plain), env: { ONCALL_SECRET: ENV.HOOK }, judgeUrl });
    const own = result.ok ? result.config.services[0] : undefined;
    expect(Object.keys(own ?? {})).toEqual(["id", "name", "description", "group", "probes", "slos"]);
    const keys = ["id", "sli", "probes", "objective", "window", "burnRateAlerts"];
    expect(Object.keys(own?.slos[0] ?? {})).toEqual(keys);
  });
});
