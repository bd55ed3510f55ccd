import type { AddressInfo, Server } from "node:net";
import { connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import { sendRequest } from "#lib/egress/request.ts";
import { DEFAULT_CAPS } from "#lib/egress/types.ts";
import { systemClock } from "#lib/runtime/clock.ts";

/** Names of the tables below and what the injected resolver says of them. All others do not exist. */
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  "ok.example": ["93.184.216.34"],
  "both.example": ["93.184.216.34", "2606:4700::1111"],
  "six.example": ["2a00:1450:4001::200e"],
  "xn--bcher-kva.example": ["93.184.216.34"],
  "private.example": ["10.0.0.5"],
  "mixed.example": ["93.184.216.34", "192.168.1.1"],
  "mixed-six.example": ["93.184.216.34", "fd00::1"],
  "loopback.example": ["127.0.0.1"],
  "loopback-six.example": ["::1"],
  "any.example": ["0.0.0.0"],
  "metadata.example": ["169.254.169.254"],
  "azure.example": ["168.63.129.16"],
  "alibaba.example": ["100.100.100.200"],
  "mapped.example": ["::ffff:10.0.0.1"],
  "nat64.example": ["64:ff9b::a00:1"],
  "6to4.example": ["2002:a00:1::1"],
  "teredo.example": ["2001:0:53aa:64c:0:fbff:f5ff:fffe"],
  "zone.example": ["fe80::1%eth0"],
  "nonsense.example": ["not an address"],
  "octal.example": ["0300.0250.1.1"],
  wiki: ["10.1.2.3"],
  "intranet.corp": ["10.9.9.9"],
  "rebind.wiki.example": ["169.254.169.254"],
};
const resolver = async (name: string): Promise<readonly string[]> => {
  const found = ADDRESSES[name];
  if (found === undefined) throw Object.assign(new Error("not found"), { code: "ENOTFOUND" });
  return found;
};

const FORBIDDEN_LITERALS = [
  "10.0.0.1",
  "10.255.255.255",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.255.255",
  "127.0.0.1",
  "127.0.0.2",
  "127.255.255.254",
  "127.1",
  "127.0.1",
  "0x7f.0.0.1",
  "0x7f.1",
  "0x7f000001",
  "0177.0.0.1",
  "017700000001",
  "2130706433",
  "127.0.0.1.",
  "0x7F.0x0.0x0.0x1",
  "0177.0x0.0.1",
  "127.0x0.1",
  "0.0.0.0",
  "0",
  "0x0",
  "00",
  "0.1.2.3",
  "0.0.0.0.",
  "169.254.0.1",
  "169.254.169.254",
  "0xa9fea9fe",
  "2852039166",
  "0251.0376.0251.0376",
  "169.254.43518",
  "100.64.0.1",
  "100.127.255.255",
  "100.100.100.200",
  "168.63.129.16",
  "0xa83f8110",
  "192.0.0.1",
  "192.0.0.170",
  "192.0.2.1",
  "198.51.100.7",
  "203.0.113.9",
  "192.88.99.1",
  "198.18.0.1",
  "198.19.255.255",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.254",
  "255.255.255.255",
  "0xffffffff",
  "4294967295",
  "012.0.0.1",
  "10.1",
  "10.0.1",
  "167772161",
  "0xa.0.0.1",
  "192.168.257",
  "192.11010305",
  "0300.0250.0.1",
  "172.1048577",
  "１２７.０.０.１",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "127.0.0.%31",
  "%31%32%37.0.0.1",
  "１０.0.0.1",
  "[::]",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[0::1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::ffff:10.0.0.1]",
  "[::ffff:169.254.169.254]",
  "[::ffff:8.8.8.8]",
  "[::127.0.0.1]",
  "[::10.0.0.1]",
  "[::8.8.8.8]",
  "[::2]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b::8.8.8.8]",
  "[64:ff9b:1::1]",
  "[2002:7f00:1::1]",
  "[2002:a00:1::]",
  "[2001::1]",
  "[2001:0:53aa:64c::1]",
  "[2001:db8::1]",
  "[2001:2::1]",
  "[2001:10::1]",
  "[2001:20::1]",
  "[3fff::1]",
  "[3ffe::1]",
  "[fe80::1]",
  "[febf::1]",
  "[fec0::1]",
  "[fc00::1]",
  "[fd00::1]",
  "[fd00:ec2::254]",
  "[fdff::1]",
  "[ff02::1]",
  "[ff0e::1]",
  "[100::1]",
  "[4000::1]",
  "[5f00::1]",
  "[8000::1]",
  "[c000::1]",
  "[1::1]",
  "[2a00::5efe:a00:1]",
  "[2a00::200:5efe:7f00:1]",
] as const;

const FORBIDDEN_NAMES = [
  "http://localhost/",
  "http://LOCALHOST/",
  "http://localhost./",
  "http://a.localhost/",
  "http://printer.local/",
  "http://local/",
  "http://db.internal/",
  "http://metadata.google.internal/",
  "http://metadata.google.internal./",
  "http://nas.home.arpa/",
  "http://abc.onion/",
  "http://intranet/",
  "http://wiki/",
  "http://com/",
  "http://router./",
  "http://ｌｏｃａｌｈｏｓｔ/",
  "http://x.INTERNAL/",
] as const;

const FORBIDDEN_SHAPES = [
  "ftp://ok.example/",
  "file:///etc/passwd",
  "gopher://ok.example/",
  "ws://ok.example/",
  "javascript:alert(1)",
  "data:text/plain,x",
  "about:blank",
  "blob:http://ok.example/1",
  "unix:/var/run/docker.sock",
  "",
  "/relative",
  "//ok.example/",
  "http://",
  "http:///",
  "http://?x",
  "not a url",
  "http://user@ok.example/",
  "http://user:secret@ok.example/",
  "http://:secret@ok.example/",
  "http://@ok.example/",
  "http://ok.example@10.0.0.1/",
  "http://10.0.0.1%2f@ok.example/",
  "http://ok.example:pw@127.0.0.1/",
  "http://ok.example:0/",
  "http://ok.example:22/",
  "http://ok.example:25/",
  "http://ok.example:6379@x/",
  "http://ok.example:6667/",
  "http://ok.example:587/",
  "http://ok.example:10080/",
  "http://ok.example:99999/",
  "http://ok.example:-1/",
  "http://ok.example:8a/",
  "http://ok\u200b.example/",
  "http://ok.example\u202e/",
  "http://\u2066ok.example/",
  "http://ok.example/\u0000",
  "http://ok.exa\tmple/",
  "http://ok.example/\r\nHost: x",
  "http://ok\u00ad.example/",
  "http://ok.example/\ufeff",
  "http://ok%E2%80%8B.example/",
  "http://ok.%00example/",
  "http://[fe80::1%25eth0]/",
  "http://[::1",
  "http://[::1]x/",
  "http://256.0.0.1/",
  "http://1.2.3.4.5/",
  "http://0x100000000/",
  "http://08.0.0.1/",
  "http://exa mple.example/",
  "http://a<b.example/",
] as const;

const FORBIDDEN_RESOLVED = [
  "private",
  "mixed",
  "mixed-six",
  "loopback",
  "loopback-six",
  "any",
  "metadata",
  "azure",
  "alibaba",
  "mapped",
  "nat64",
  "6to4",
  "teredo",
  "zone",
  "nonsense",
  "octal",
].map((name) => `http://${name}.example/`);

const FORBIDDEN = [
  ...FORBIDDEN_LITERALS.map((host) => `http://${host}/`),
  ...FORBIDDEN_NAMES,
  ...FORBIDDEN_SHAPES,
  ...FORBIDDEN_RESOLVED,
];

/** [URL, the address that must be connected to, what is allowed beside the global ones] */
const ALLOWED: readonly (readonly [url: string, address: string, allow?: AllowList])[] = [
  ["http://ok.example/", "93.184.216.34"],
  ["http://OK.Example/", "93.184.216.34"],
  ["http://ok.example./", "93.184.216.34"],
  ["HTTP://ok.example", "93.184.216.34"],
  ["http:ok.example/", "93.184.216.34"],
  ["http:\\\\ok.example\\x", "93.184.216.34"],
  ["  http://ok.example/  ", "93.184.216.34"],
  ["http://ok.example\\@10.0.0.1/x@", "93.184.216.34"],
  ["http://ok.example:8080/", "93.184.216.34"],
  ["http://ok.example:80/", "93.184.216.34"],
  ["http://ok.example/@10.0.0.1", "93.184.216.34"],
  ["http://ok.example/?u=http://user@10.0.0.1/", "93.184.216.34"],
  ["http://ok.example/#@127.0.0.1/", "93.184.216.34"],
  ["http://ok.example/http://127.0.0.1/", "93.184.216.34"],
  ["http://ok.example/%00%0d%0a", "93.184.216.34"],
  ["http://ok.example/a%2f..%2f", "93.184.216.34"],
  ["http://ok.example/café?q=日本", "93.184.216.34"],
  ["http://b\u00fccher.example/", "93.184.216.34"],
  ["http://xn--bcher-kva.example/", "93.184.216.34"],
  ["http://both.example/", "93.184.216.34"],
  ["http://six.example/", "2a00:1450:4001::200e"],
  ["http://8.8.8.8/", "8.8.8.8"],
  ["http://134744072/", "8.8.8.8"],
  ["http://0x08080808/", "8.8.8.8"],
  ["http://010.010.010.010/", "8.8.8.8"],
  ["http://9.255.255.255/", "9.255.255.255"],
  ["http://11.0.0.1/", "11.0.0.1"],
  ["http://172.15.255.255/", "172.15.255.255"],
  ["http://172.32.0.1/", "172.32.0.1"],
  ["http://100.63.255.255/", "100.63.255.255"],
  ["http://100.128.0.1/", "100.128.0.1"],
  ["http://192.167.1.1/", "192.167.1.1"],
  ["http://192.169.1.1/", "192.169.1.1"],
  ["http://169.253.1.1/", "169.253.1.1"],
  ["http://168.63.129.17/", "168.63.129.17"],
  ["http://198.17.1.1/", "198.17.1.1"],
  ["http://198.20.0.1/", "198.20.0.1"],
  ["http://223.255.255.254/", "223.255.255.254"],
  ["http://1.1.1.1./", "1.1.1.1"],
  ["http://[2606:4700:4700::1111]/", "2606:4700:4700::1111"],
  ["http://[2001:4860:4860:0:0:0:0:8888]:8080/", "2001:4860:4860::8888"],
  ["http://[2A00:1450::1]/", "2a00:1450::1"],
  ["http://10.20.1.1/", "10.20.1.1", ["10.20.0.0/16"]],
  ["http://private.example/", "10.0.0.5", ["10.0.0.0/8"]],
  ["http://wiki/", "10.1.2.3", ["wiki"]],
  ["http://WIKI./", "10.1.2.3", ["Wiki"]],
  ["http://intranet.corp/", "10.9.9.9", ["intranet.corp"]],
  ["http://127.0.0.1:9/", "127.0.0.1", ["127.0.0.1/32"]],
  ["http://2130706433/", "127.0.0.1", ["127.0.0.1"]],
  ["http://[::1]:8080/", "::1", ["::1/128"]],
  ["http://localhost:8080/", "127.0.0.1", ["127.0.0.0/8"]],
  ["http://[fd00::5]/", "fd00::5", ["fd00::/64"]],
  ["http://mixed.example/", "93.184.216.34", ["192.168.0.0/16"]],
];

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
