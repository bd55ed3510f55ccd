import type { AddressInfo, Server } from "node:net";
import { connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { sendRequest } from "#lib/egress/request.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import { systemClock } from "#lib/runtime/clock.ts";
import { ADDRESSES, ALLOWED, FORBIDDEN } from "#test/fixtures/egress/urls.ts";

const resolver = async (name: string): Promise<readonly string[]> => {
  const found = ADDRESSES[name];
  if (found === undefined) throw Object.assign(new Error("not found"), { code: "ENOTFOUND" });
  return found;
};

let server: Server;
let port = 0;
const connected: string[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

const request = async (url: string, allow: AllowList) => {
  connected.length = 0;
  const exchange = await sendRequest({
    url,
    method: "GET",
    headers: {},
    body: null,
    timeoutMs: 5_000,
    connectTimeoutMs: null,
    maxRedirects: 10,
    caps: DEFAULT_CAPS,
    bodyPolicy: "full",
    allow,
    signal: new AbortController().signal,
    clock: systemClock,
    resolver,
    // All that is let out ends at the test's own server; the address that was meant is written down.
    connectTcp: (target) => {
      connected.push(target.host);
      return connect({ host: "127.0.0.1", port });
    },
  });
  return { exchange, connected: [...connected] };
};

describe("what must not be reached is refused before any connection, always in the same words", () => {
  test(`the table holds at least 150 of them`, () => expect(new Set(FORBIDDEN).size).toBeGreaterThanOrEqual(150));
  test.each(FORBIDDEN)("%j", async (url) => {
    const { exchange, connected } = await request(url, []);
    expect(exchange.result).toEqual({ kind: "failed", class: "blocked", detail: "address not allowed" });
    expect(connected).toEqual([]);
    expect(exchange.address).toBeNull();
  });
  test("a listed name opens private addresses, not the metadata of the cloud", async () => {
    const { exchange, connected } = await request("http://rebind.wiki.example/", ["rebind.wiki.example"]);
    expect([exchange.result.kind === "failed" && exchange.result.class, connected]).toEqual(["blocked", []]);
  });
  test("an address that only an odd reading finds is no address, even in an open range", async () => {
    expect((await request("http://octal.example/", ["0.0.0.0/0"])).connected).toEqual([]);
    expect((await request("http://nonsense.example/", ["0.0.0.0/0", "::/0"])).connected).toEqual([]);
  });
  test("a CIDR opens addresses, not names", async () => {
    expect((await request("http://wiki/", ["10.0.0.0/8"])).connected).toEqual([]);
    expect((await request("http://127.0.0.1/", ["10.0.0.0/8"])).connected).toEqual([]);
  });
});

describe("what may be reached is connected at the checked address", () => {
  test("the table holds at least 40 of them", () => expect(ALLOWED.length).toBeGreaterThanOrEqual(40));
  const rows = ALLOWED.map(([url, address, allow]) => ({ url, address, allow: allow ?? [] }));
  test.each(rows)("$url $allow", async ({ url, address, allow }) => {
    const { exchange, connected } = await request(url, allow);
    expect(exchange.result).toMatchObject({ kind: "answered", status: 200 });
    expect(connected).toEqual([address]);
    expect(judgeUrl(url, allow).verdict).toBe("allow");
  });
});

test("a name is looked up once, and the connection goes where that look-up said, whatever it would say later", async () => {
  let asked = 0;
  const hosts: string[] = [];
  await sendRequest({
    url: "http://flips.example/",
    method: "GET",
    headers: {},
    body: null,
    timeoutMs: 5_000,
    connectTimeoutMs: null,
    maxRedirects: 0,
    caps: DEFAULT_CAPS,
    bodyPolicy: "full",
    allow: [],
    signal: new AbortController().signal,
    clock: systemClock,
    resolver: async () => (++asked === 1 ? ["93.184.216.34"] : ["127.0.0.1"]),
    connectTcp: (target) => {
      hosts.push(target.host);
      return connect({ host: "127.0.0.1", port });
    },
  });
  expect([asked, hosts]).toEqual([1, ["93.184.216.34"]]);
});
