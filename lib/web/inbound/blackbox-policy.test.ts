import { describe, expect, test } from "vitest";
import type { DnsProbeDefinition, TcpProbeDefinition } from "#lib/core/definitions.ts";
import { durationMs } from "#lib/core/units.ts";
import { sampleProbe } from "#test/support/sample-config.ts";
import type { BlackboxModule } from "./blackbox-facts.ts";
import { hashOfAddress } from "./blackbox-metrics.ts";
import { mayProbe, probeTargetsOf, readTarget } from "./blackbox-policy.ts";

const common = { intervalMs: durationMs(30_000), timeoutMs: durationMs(5_000), locations: ["fra"], assertions: [] };
const database: TcpProbeDefinition = {
  ...common,
  type: "tcp",
  id: "db",
  host: "10.20.0.5",
  port: 5432,
  send: null,
  expect: null,
};
const resolver: DnsProbeDefinition = {
  ...common,
  type: "dns",
  id: "dns",
  host: "192.0.2.53",
  port: 53,
  name: "shop.example",
  record: "A",
  transport: "udp",
  expect: { rcode: "NOERROR", answers: null },
};
const targets = probeTargetsOf(
  [sampleProbe({ url: "https://shop.example/health?deep=1" }), database, resolver],
  ["10.20.0.0/16", "10.30.0.7/32", "10.30.0.8", "wiki"],
);
const may = (
  module: BlackboxModule,
  text: string,
  caller: { peer?: string; isForwarded?: boolean } = {},
): boolean | null => {
  const target = readTarget(module, text, targets);
  return target === null
    ? null
    : mayProbe(target, targets, { peer: caller.peer ?? "198.51.100.0", isForwarded: caller.isForwarded ?? false });
};
const STRANGER = { peer: "8.8.8.8" };
const NEAR = { peer: "::ffff:10.0.0.9" };

describe("a stranger", () => {
  test.each<[BlackboxModule, string, boolean | null]>([
    ["http_2xx", "https://shop.example/health?deep=1", true],
    ["http_2xx", "HTTPS://SHOP.example:443/health?deep=1", true],
    ["http_2xx", "https://shop.example/health", false],
    ["http_2xx", "https://shop.example/admin/delete", false],
    ["http_2xx", "http://shop.example/health?deep=1", false],
    ["http_2xx", "http://169.254.169.254/latest/meta-data", false],
    ["http_2xx", "http://127.0.0.1:5432/", false],
    ["tcp_connect", "shop.example:443", true],
    ["tls_connect", "shop.example:443", true],
    ["tcp_connect", "shop.example:22", false],
    ["tcp_connect", "10.20.0.5:5432", true],
    ["tcp_connect", "10.20.0.5:5433", false],
    ["tcp_connect", "10.30.0.7:80", false],
    ["icmp", "shop.example", false],
    ["dns", "192.0.2.53", true],
    ["dns", "192.0.2.53:5353", false],
    ["grpc", "wiki:443", false],
    ["tcp_connect", "shop.example", null],
    ["tcp_connect", "shop.example:0", null],
    ["tcp_connect", "user@shop.example:443", null],
    ["icmp", "-c 100 shop.example", null],
    ["http_2xx", "http://", null],
  ])("asks %s %s: %s", (module, text, expected) => {
    expect(may(module, text, STRANGER)).toBe(expected);
  });
});

describe("a caller near us", () => {
  test.each<[BlackboxModule, string, boolean]>([
    ["http_2xx", "shop.example/anything", true],
    ["tcp_connect", "10.20.0.5:5433", true],
    ["icmp", "shop.example", true],
    ["tcp_connect", "10.30.0.7:80", true],
    ["tcp_connect", "10.30.0.8:80", true],
    ["http_2xx", "http://wiki/", true],
    // A range says what may be reached, not that everybody may look around in it.
    ["tcp_connect", "10.20.0.6:5432", false],
    ["http_2xx", "http://169.254.169.254/", false],
    ["http_2xx", "https://example.org/", false],
  ])("asks %s %s: %s", (module, text, expected) => {
    expect(may(module, text, NEAR)).toBe(expected);
  });

  test("is no longer near when somebody speaks for another", () => {
    expect(may("http_2xx", "http://wiki/", { ...NEAR, isForwarded: true })).toBe(false);
    expect(may("http_2xx", "http://wiki/", { peer: "" })).toBe(false);
  });
});

test("a resolver is asked for a name that it is probed with", () => {
  expect(readTarget("dns", "192.0.2.53", targets)).toMatchObject({ name: "shop.example", port: 53 });
});

test("addresses hash as 32-bit FNV-1a of their bytes", () => {
  expect(hashOfAddress("127.0.0.1")).toBe(3_668_918_509);
  expect(hashOfAddress("2001:db8::1")).toBe(hashOfAddress("2001:DB8:0:0:0:0:0:1"));
  expect(hashOfAddress("::")).not.toBe(hashOfAddress("::1"));
});
