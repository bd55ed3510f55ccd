import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ProbeDefinition } from "#lib/core/definitions.ts";
import { MINUTE_MS } from "#lib/core/units.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { BAD_CHECKS } from "#test/fixtures/config/bad-checks.ts";
import { CANARY } from "#test/fixtures/config/bad-files.ts";
import { pemOf } from "#test/support/raw-server.ts";
import { loadConfig } from "./load-config.ts";

const base = readFileSync(new URL("../../test/fixtures/config/every-check.yaml", import.meta.url), "utf8");
const ENV = {
  PASSWORD: `${CANARY}-password`,
  TOKEN: `${CANARY}-token`,
  TWO_LINES: `${CANARY}\nsecond`,
  WITH_BLANK: `${CANARY} blank`,
  BEAT_TOKEN: `${CANARY}_beat_0001`,
  CRON_TOKEN: `${CANARY}_cron_0001`,
  SHORT: "C4n4ryC4",
  PATH_TOKEN: `${CANARY}/../../etc`,
};
const readFile = (path: string): Uint8Array => new TextEncoder().encode(pemOf(path.replace(/\.pem$/, "")));

const load = (source: string) => loadConfig({ bytes: new TextEncoder().encode(source), env: ENV, readFile, judgeUrl });

const edited = (find: string, replacement: string): string => {
  const at = base.indexOf(find);
  expect(at, `every-check.yaml holds ${JSON.stringify(find)}`).toBeGreaterThanOrEqual(0);
  return base.slice(0, at) + replacement + base.slice(at + find.length);
};

describe("a probe with one fault gives exactly one error", () => {
  const rows = BAD_CHECKS.map(([name, find, replacement, path, kind]) => ({ name, find, replacement, path, kind }));
  test.each(rows)("$name", ({ find, replacement, path, kind }) => {
    const result = load(edited(find, replacement));
    const errors = result.ok ? [] : result.errors;
    expect(errors.map((error) => [error.path, error.kind])).toEqual([[path, kind]]);
    const text = errors[0]?.message ?? "";
    expect(text).not.toBe("");
    expect(text).not.toContain(CANARY);
    expect(errors[0]?.line).toBeGreaterThan(9);
  });

  test("there are at least 60 of them", () => {
    expect(BAD_CHECKS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(BAD_CHECKS.map(([name]) => name)).size).toBe(BAD_CHECKS.length);
  });

  test("plain http can offer neither HTTP/2 nor a certificate", () => {
    const result = load(edited("https://shop.example.com/health", "http://shop.example.com/health"));
    const errors = result.ok ? [] : result.errors.map(({ path, kind }) => `${path} ${kind}`);
    expect(errors).toEqual([
      "services[0].probes[0].client_certificate conflict",
      "services[0].probes[0].http2 conflict",
    ]);
  });
});

describe("every type is read with its defaults", () => {
  const result = load(base);
  const probes = new Map(
    (result.ok ? result.config.services : []).flatMap((service) => service.probes).map((probe) => [probe.id, probe]),
  );
  const probe = (id: string): ProbeDefinition | undefined => probes.get(id);
  const alone = (fields: string): ProbeDefinition | undefined => {
    const source = `version: 1\nlocations: [{ id: fra }]\nservices: [{ id: s, name: S, probes: [{ id: p, locations: [fra], ${fields} }] }]`;
    const loaded = load(source);
    return loaded.ok ? loaded.config.services[0]?.probes[0] : undefined;
  };

  test("http with credentials, a certificate, and HTTP/2", () => {
    expect(probe("by-http")).toMatchObject({
      auth: { kind: "basic", username: "probe", password: ENV.PASSWORD },
      clientCertificate: {
        certPem: expect.stringContaining("BEGIN CERTIFICATE"),
        keyPem: expect.stringContaining("KEY"),
      },
      http2: true,
      connection: "fresh",
    });
  });

  test("hosts and names in their one spelling", () => {
    expect(probe("by-dns")).toMatchObject({
      name: "example.com",
      host: "9.9.9.9",
      port: 853,
      expect: { rcode: "NOERROR", answers: ["10 mx1.example.com"] },
    });
    expect(alone("type: tcp, host: DB.Example.COM., port: 1, interval: 30s")).toMatchObject({ host: "db.example.com" });
    expect(alone('type: tcp, host: "b\u00fccher.example", port: 1, interval: 30s')).toMatchObject({
      host: "xn--bcher-kva.example",
    });
  });

  test("what is left out", () => {
    expect(alone("type: tls, host: example.com, interval: 1h")).toEqual({
      type: "tls",
      id: "p",
      host: "example.com",
      port: 443,
      serverName: "example.com",
      minProtocol: "TLSv1.2",
      intervalMs: 3_600_000,
      timeoutMs: 10_000,
      locations: ["fra"],
      assertions: [],
    });
    expect(alone("type: dns, name: example.com, resolver: 1.1.1.1, interval: 5s")).toMatchObject({
      record: "A",
      port: 53,
      transport: "udp",
      expect: { rcode: "NOERROR", answers: null },
      timeoutMs: 5_000,
    });
    expect(alone("type: icmp, host: example.com, interval: 30s")).toMatchObject({ count: 3 });
    expect(alone("type: grpc, host: example.com, interval: 30s")).toMatchObject({ port: 443, service: "", tls: true });
    expect(alone('type: journey, interval: 5m, steps: [{ id: one, url: "https://example.com/" }]')).toMatchObject({
      timeoutMs: 30_000,
      steps: [
        {
          name: "one",
          method: "GET",
          timeoutMs: 10_000,
          always: false,
          assertions: [{ type: "status", value: "2xx" }],
        },
      ],
    });
  });

  test("heartbeats are looked at every minute at least", () => {
    expect(probe("by-heartbeat")).toMatchObject({
      intervalMs: MINUTE_MS,
      schedule: { kind: "interval", everyMs: 5 * MINUTE_MS },
      graceMs: 90_000,
      token: ENV.BEAT_TOKEN,
    });
    expect(probe("by-cron")).toMatchObject({
      intervalMs: MINUTE_MS,
      schedule: { kind: "cron", expression: "0 3 * * 1-5", timeZone: "Asia/Seoul" },
      graceMs: MINUTE_MS,
    });
    expect(alone("type: heartbeat, interval: 10s, token: env:BEAT_TOKEN")).toMatchObject({ intervalMs: 10_000 });
  });

  test("values of a journey come from a path, a header or a pattern", () => {
    expect(probe("by-journey")).toMatchObject({
      timeoutMs: 20_000,
      steps: [
        {
          id: "sign-in",
          extract: [
            { name: "token", from: "json_path", path: "$.token" },
            { name: "session", from: "header", header: "x-session" },
          ],
        },
        { id: "buy", extract: [{ name: "order", from: "pattern", pattern: "order=(\\d+)" }] },
        { id: "cancel", always: true, auth: { kind: "bearer", token: ENV.TOKEN } },
      ],
    });
  });
});
